"""Splits: the folds that the audit proposes, other parts for testing, and the split that the user already has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.sections import Section
from audit_pipeline.report.split_tables import counterbalanced, given_split, left_out_levels, stratum
from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import lookup, visible

MOST_FOLDS = 40
MOST_COLUMNS = 60


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return tables and sentences on the folds, on leaving levels out, on the test part and on the given split."""
    splits = folder.splits
    if splits is None or not splits.folds:
        return {"table": None}
    # The lineage holds a copy, by value, for folders whose file lost its metadata on the way.
    stored = lookup(folder.verdict.lineage, "splits")
    facts = {**(stored if isinstance(stored, Mapping) else {}), **splits.facts}
    return {
        "table": _folds(folder),
        "objective": _figure(facts.get("objective")),
        "lower_bound": _figure(facts.get("lower_bound")),
        "optimal": facts.get("optimal") is True,
        "deviation": _deviation(facts.get("deviation")),
        "levels": dict(zip(("tables", "notes"), left_out_levels(facts), strict=True)),
        "test": dict(zip(("sentence", "table", "notes"), counterbalanced(facts), strict=True)),
        "given": dict(zip(("sentence", "tables", "notes", "better"), given_split(facts), strict=True)),
    }


def _folds(folder: AuditFolder) -> Table:
    assert folder.splits is not None
    folds = folder.splits.folds
    total = sum(fold.records for fold in folds)
    with_subjects = any(fold.subjects is not None for fold in folds)
    rows = [
        (
            visible(fold.name, limit=60),
            f"{fold.records:,}",
            f"{100 * fold.records / total:.1f}%",
            *([f"{fold.subjects:,}"] if fold.subjects is not None else []),
        )
        for fold in folds
    ]
    shown, note = capped(rows, most=MOST_FOLDS, where="splits.parquet")
    columns = ("fold", "#records", "#share", *(["#subjects"] if with_subjects else []))
    return Table(caption="Folds; no subject is in two of them", heads=heads(*columns), rows=shown, note=note)


def _deviation(stored: object) -> Table | None:
    if not isinstance(stored, Mapping) or not stored:
        return None
    figures = [(stratum(str(key)), _figure(value)) for key, value in stored.items()]
    rows = [(key, f"{value:.1f}") for key, value in figures if value is not None]
    shown, note = capped(rows, most=MOST_COLUMNS, where="verdict.json")
    return Table(
        caption="Records by which the folds miss even shares, over all levels of a column",
        heads=heads("column", "#records"),
        rows=shown,
        note=note,
    )


def _figure(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


SECTION = Section(name="splits", title="Splits", order=50, template="splits.html.j2", context=context)
