"""Splits that keep subjects whole: one file a kind of split, and what they share."""

from audit_pipeline.splits.assign import FoldAssignment, assign_folds
from audit_pipeline.splits.counterbalanced import CounterbalancedTest, counterbalanced_test
from audit_pipeline.splits.given import GivenSplit, audit_split
from audit_pipeline.splits.leave_one_level_out import LevelOut, leave_one_level_out, level_parts
from audit_pipeline.splits.strata import ALL_RECORDS

__all__ = [
    "ALL_RECORDS",
    "CounterbalancedTest",
    "FoldAssignment",
    "GivenSplit",
    "LevelOut",
    "assign_folds",
    "audit_split",
    "counterbalanced_test",
    "leave_one_level_out",
    "level_parts",
]
