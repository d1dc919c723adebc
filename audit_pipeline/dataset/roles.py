"""Giving every column of the table the role that the spec declares, or a clear refusal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset import kinds
from audit_pipeline.dataset.records import MetadataColumn, Role
from audit_pipeline.errors import DataError, did_you_mean
from audit_pipeline.spec import AuditSpec

if TYPE_CHECKING:
    import pyarrow as pa

MAX_CLASSES = 50
"""More distinct labels than this are no classes."""

MIN_CLASS = 2
"""Classes need at least this many subjects to be seen both in training and in test."""


def check_columns(spec: AuditSpec, names: list[str], file: Path) -> None:
    """Raise a DataError that names the nearest columns if the spec names one that the table lacks."""
    for role, wanted in spec.roles().items():
        for column in wanted:
            if column not in names:
                raise DataError(
                    f"there is no column {column!r} (named as {role}){did_you_mean(column, names)}",
                    file=file,
                    expected=f"one of {', '.join(names[:30])}{' …' if len(names) > 30 else ''}",
                    remedy=f"mend `{role}:` in the spec, or the header of the table",
                )


def label_factor(column: pa.ChunkedArray, spec: AuditSpec, file: Path) -> kinds.Factor:
    """Return the label as classes, the level ``(missing)`` included if there is one."""
    kind = kinds.kind_of(column)
    if kind == "unusable":
        raise DataError(
            f"a label of type {column.type} cannot be audited",
            file=file,
            column=spec.label,
            remedy="give the label as text, numbers or booleans",
        )
    factor = kinds.factor(column, kind)
    classes = [name for name in factor.levels if name != kinds.MISSING]
    if len(classes) < 2:
        only = f"every record has {classes[0]!r}" if classes else "every value is missing"
        raise DataError(
            f"the label has a single class: {only}",
            file=file,
            column=spec.label,
            expected="two or more classes",
            remedy="add records of another class, or name the right label column",
        )
    if len(classes) > MAX_CLASSES:
        raise DataError(
            f"the label has {len(classes):,} distinct values in {len(column):,} records",
            file=file,
            column=spec.label,
            expected=f"at most {MAX_CLASSES} classes",
            remedy="a continuous label has to be cut into classes first; an identifier is no label",
        )
    return factor


def subject_codes(column: pa.ChunkedArray, spec: AuditSpec, file: Path) -> np.ndarray:
    """Return subjects as codes; a missing subject is refused, since a record without one may belong to any."""
    kind = kinds.kind_of(column)
    assert spec.subject is not None
    if kind == "unusable":
        raise DataError(
            f"a subject of type {column.type} cannot be read", file=file, column=spec.subject, remedy="give it as text"
        )
    factor = kinds.factor(column, kind)
    if kinds.MISSING in factor.levels:
        first = int(np.flatnonzero(factor.codes == factor.levels.index(kinds.MISSING))[0])
        raise DataError(
            "the subject is missing",
            file=file,
            row=first + 2,
            column=spec.subject,
            expected="an identifier in every record, so that nobody is both trained on and tested on",
            remedy="fill it in, or leave `subject:` out if every record is a subject of its own",
        )
    return factor.codes.astype(np.int64)


def metadata_column(name: str, role: Role, column: pa.ChunkedArray, file: Path) -> MetadataColumn:
    """Return a metadata column as levels or, if it holds many distinct numbers or dates, as numbers."""
    kind = kinds.kind_of(column)
    if kind == "unusable":
        raise DataError(
            f"a metadata column of type {column.type} cannot be audited",
            file=file,
            column=name,
            remedy="give it as text, numbers, booleans or dates",
        )
    if kind in ("numeric", "date"):
        values, _ = kinds.numbers(column)
        # In a small table every number is one of a few: there, only a handful of values counts as levels.
        few = min(kinds.FEW_NUMBERS, max(3, len(values) // 5))
        if len(np.unique(values[~np.isnan(values)])) > few:
            return MetadataColumn(name=name, role=role, kind="continuous", values=values)
    factor = kinds.factor(column, kind)
    return MetadataColumn(name=name, role=role, kind="categorical", levels=factor.levels, codes=factor.codes)


def feature_columns(
    spec: AuditSpec, table: pa.Table, file: Path
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]], list[str]]:
    """Return what the model sees: arrays by column, a description of each, and notes on what was left out and why.

    Numbers, booleans and dates are float64 with NaN; text is int32 codes.
    """
    taken = {name for role, names in spec.roles().items() if role != "features" for name in names}
    names = list(spec.features) if spec.features else [name for name in table.column_names if name not in taken]
    arrays: dict[str, np.ndarray] = {}
    info: list[dict[str, Any]] = []
    notes: list[str] = []
    for name in names:
        column, kind = table.column(name), kinds.kind_of(table.column(name))
        why = _why_no_feature(column, kind)
        if why:
            notes.append(f"feature {name!r} was left out: {why}")
            continue
        if kind == "categorical":
            factor = kinds.factor(column, kind)
            arrays[name] = factor.codes
            info.append({"name": name, "kind": kind, "levels": list(factor.levels)})
        else:
            values, infinite = kinds.numbers(column)
            if infinite:
                notes.append(f"feature {name!r}: {infinite} infinite values were read as missing")
            arrays[name] = values
            info.append({"name": name, "kind": kind, "levels": []})
    if not arrays:
        raise DataError(
            "no feature column is left for the model to see" + (f" ({'; '.join(notes[:3])})" if notes else ""),
            file=file,
            remedy="name what the model sees under `features:`, or add the recorded columns to the table",
        )
    return arrays, info, notes


def _why_no_feature(column: pa.ChunkedArray, kind: kinds.Kind) -> str | None:
    if kind == "unusable":
        return f"values of type {column.type} are not understood"
    n = len(column)
    if kind == "categorical":
        factor = kinds.factor(column, kind)
        if len(factor.levels) < 2:
            return "it is constant"
        if len(factor.levels) > max(20, n / 5):
            return f"{len(factor.levels):,} distinct texts in {n:,} records look like an identifier or free text"
        return None
    values, _ = kinds.numbers(column)
    good = values[~np.isnan(values)]
    distinct = len(np.unique(good))
    if distinct == 0 or (distinct == 1 and len(good) == n):
        return "it is constant"
    running = distinct == n >= 20 and float(good.max() - good.min()) == n - 1 and bool((good == np.round(good)).all())
    return "it is a running number, an identifier of the record" if running else None
