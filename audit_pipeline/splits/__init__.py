"""Splits that keep subjects whole: one file a kind of split, and what they share."""

from audit_pipeline.splits.assign import FoldAssignment, assign_folds
from audit_pipeline.splits.strata import ALL_RECORDS

__all__ = ["ALL_RECORDS", "FoldAssignment", "assign_folds"]
