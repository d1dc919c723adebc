"""Proposing a spec for a table that nobody has described yet: guesses, each with its reason."""
