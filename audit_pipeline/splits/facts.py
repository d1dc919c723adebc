"""The splits in plain data and plain words: what goes into ``splits.json`` and the page, with names instead of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit_pipeline.splits.assign import FoldAssignment
from audit_pipeline.splits.counterbalanced import CounterbalancedTest
from audit_pipeline.splits.given import GivenSplit
from audit_pipeline.splits.leave_one_level_out import LevelOut

MOST_LEVELS = 200
"""Levels of a column that are listed, the largest first; a count says how many more there are."""
MOST_CELLS = 20

COLUMNS = {
    "row": "number of the record in the files as read, from 0",
    "subject": "subject of the record; no part below has a subject in common with another",
    "fold": "fold for cross-validation, from 0; to leave a level out, use its column and drop the tested subjects",
    "counterbalanced_test": "whether the record is in the test part in which label and nuisance columns are independent; "
    "all other records are for training",
    "proposed_split": "part of the record in a split with the parts and sizes of the given one, whole subjects, and "
    "labels and levels shared out; null where the given split has no part",
}
"""What each column of ``splits.parquet`` holds; stored with the columns as well."""


def fold_facts(found: FoldAssignment) -> dict[str, Any]:
    """Return how good the folds are."""
    return {
        "n_folds": found.n_folds,
        "n_subjects": found.n_subjects,
        "objective": found.objective,
        "lower_bound": found.lower_bound,
        "optimal": found.optimal,
        "seed": found.seed,
        "deviation": dict(found.deviation),
    }


def level_facts(name: str, parts: Sequence[LevelOut], labels: Sequence[str], *, cut: bool) -> dict[str, Any]:
    """Return the parts of one column, the largest first; a number that was cut into levels keeps its order."""
    ordered = list(parts) if cut else sorted(parts, key=lambda part: (-part.records, part.code))
    return {
        "column": name,
        "cut": cut,
        "more_levels": max(0, len(ordered) - MOST_LEVELS),
        "levels": [
            {
                "level": part.level,
                "records": part.records,
                "subjects": part.subjects,
                "train_records": part.train_records,
                "train_subjects": part.train_subjects,
                "dropped_records": part.dropped_records,
                "dropped_subjects": part.dropped_subjects,
                "labels": {name: count for name, count in zip(labels, part.labels, strict=False) if count},
                "problems": list(part.problems),
            }
            for part in ordered[:MOST_LEVELS]
        ],
    }


def counterbalanced_facts(
    found: CounterbalancedTest, labels: Sequence[str], levels: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return what the test part balances, how large it is and could be, and which cells are missing."""
    return {
        "columns": list(found.columns),
        "left_out": dict(found.left_out),
        "reason": found.reason,
        "records": found.records,
        "subjects": found.subjects,
        "wanted": found.wanted,
        "at_most": found.at_most,
        "optimal": found.optimal,
        "label_shares": dict(zip(labels, found.shares, strict=True)),
        "label_ratio": None if found.ratio is None else dict(zip(labels, found.ratio, strict=True)),
        "by_column": {
            name: {
                "at_most_alone": most,
                "v_before": found.association_before[name],
                "v": found.association.get(name),
                "deviation": found.deviation.get(name),
                "missing_cells": len(found.missing.get(name, ())),
                "cells": [
                    [labels[label], levels[name][level]] for label, level in found.missing.get(name, ())[:MOST_CELLS]
                ],
            }
            for name, most in found.alone.items()
        },
    }


def given_facts(
    column: str,
    found: GivenSplit,
    *,
    parts: Sequence[str],
    levels: Mapping[str, Sequence[str]],
    unassigned: int = 0,
) -> dict[str, Any]:
    """Return what is to be said about a given split; ``unassigned`` records are in no part."""
    return {
        "column": column,
        "headline": headline(column, found),
        "unassigned": unassigned,
        "parts": [
            {"part": name, "records": records, "subjects": subjects}
            for name, records, subjects in zip(parts, found.records, found.subjects, strict=True)
        ],
        "subjects": found.n_subjects,
        "subjects_across": found.subjects_across,
        "records_across": found.records_across,
        "objective": found.objective,
        "attainable": found.attainable,
        "lower_bound": found.lower_bound,
        "at_random": found.at_random,
        "deviation": dict(found.deviation),
        "attainable_deviation": None if found.attainable_deviation is None else dict(found.attainable_deviation),
        "absences": len(found.absent),
        "absent": [
            {
                "part": parts[absence.part],
                "column": absence.name,
                "level": levels[absence.name][absence.code],
                "expected": absence.expected,
            }
            for absence in found.absent[:MOST_CELLS]
        ],
    }


def headline(column: str, found: GivenSplit) -> str:
    """Return the comparison in one or two sentences."""
    across = ""
    if found.subjects_across:
        stand = "subject stands" if found.subjects_across == 1 else "subjects stand"
        across = f" {found.subjects_across:,} {stand} in more than one part, with {found.records_across:,} records."
    says = f"The given split {column!r}"
    if len(found.records) == 1:
        return f"{says} puts all records into one part.{across}"
    says += f" deviates by {_records(found.objective)} from parts alike in labels and metadata"
    chance = f"parts filled by chance miss by about {_figure(found.at_random)}"
    if found.attainable is None or found.lower_bound is None:
        return f"{says}; {chance}.{across}"
    bound = f"no split of whole subjects can be below {_figure(found.lower_bound)}"
    if found.objective < found.attainable:
        return f"{says}, less than the {_figure(found.attainable)} found for whole subjects; {chance}.{across}"
    if found.objective == found.attainable:
        return f"{says}, and no better one of whole subjects was found; {bound}, and {chance}.{across}"
    return f"{says}; {_figure(found.attainable)} were attainable with parts of the same sizes ({bound}), and {chance}.{across}"


def _records(value: float) -> str:
    return f"{_figure(value)} {'record' if value == 1 else 'records'}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
