"""Generators with known truth, one file a group; found by scanning."""
