"""Audit Pipeline tells the truth about a labelled dataset before anyone trusts a model trained on it."""

__version__ = "0.1.0"
