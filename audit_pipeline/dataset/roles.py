"""Giving every column of the table the role that the spec declares, or a clear refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset import kinds, ordered
from audit_pipeline.dataset.look import Look
from audit_pipeline.dataset.read import Loaded
from audit_pipeline.dataset.records import MetadataColumn, Role
from audit_pipeline.dataset.settled import Trouble
from audit_pipeline.errors import DataError, did_you_mean
from audit_pipeline.spec import AuditSpec

if TYPE_CHECKING:
    import pyarrow as pa

MAX_CLASSES = 50
"""More distinct labels than this are no classes."""

MANY_LEFT_OUT = 6
"""From more features left out on, notes name the reasons instead of every column."""

_ANY_NUMBER = re.compile(r"\d[\d,]*")

MIN_CLASS = 2
"""Classes need at least this many subjects to be seen both in training and in test."""


def check_columns(spec: AuditSpec, names: list[str], file: str) -> None:
    """Raise a DataError that names the nearest columns if the spec names one that the table lacks."""
    known = set(names)
    for role, wanted in spec.roles().items():
        for column in wanted:
            if column not in known:
                raise DataError(
                    f"there is no column {column!r} (named as {role}){did_you_mean(column, names)}",
                    file=file,
                    expected=f"one of {', '.join(names[:30])}{' …' if len(names) > 30 else ''}",
                    remedy=f"mend `{role}:` in the spec, or the header of the table",
                )


def label_factor(column: pa.ChunkedArray, spec: AuditSpec, file: str) -> kinds.Factor:
    """Return the label as classes, the level ``(missing)`` included if there is one."""
    kind = kinds.kind_of(column)
    if kind == "unusable":
        raise DataError(
            f"a label of type {column.type} cannot be audited",
            file=file,
            column=spec.label,
            remedy="give the label as text, numbers or booleans",
        )
    numeric = spec.label not in spec.order and ordered.is_number(column)
    factor = ordered.cut(column, spec.label) if numeric else kinds.factor(column, kind)
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
            expected=f"at most {MAX_CLASSES} classes, or numbers",
            remedy="an identifier or free text is no label; numbers must not be written as text",
        )
    return factor


def label_values(column: pa.ChunkedArray, spec: AuditSpec, loaded: Loaded, kept: np.ndarray) -> np.ndarray | None:
    """Return the label (n,) as numbers where it is one, or where the spec puts its levels in order; else None."""
    if spec.label in spec.order:
        return ordered.ranks(column, spec.order[spec.label], name=spec.label, loaded=loaded, kept=kept)
    return kinds.numbers(column)[0] if ordered.is_number(column) else None


def subject_codes(spec: AuditSpec, loaded: Loaded, kept: np.ndarray) -> np.ndarray:
    """Return subjects as codes; a missing subject is refused, since a record without one may belong to any.

    Parameters
    ----------
    kept : positions of the records that have a label.
    """
    assert spec.subject is not None
    column = loaded.table.column(spec.subject)
    kind = kinds.kind_of(column)
    if kind == "unusable":
        raise DataError(
            f"a subject of type {column.type} cannot be read",
            file=loaded.shown,
            column=spec.subject,
            remedy="give it as text",
        )
    factor = kinds.factor(column.take(kept) if len(kept) < len(column) else column, kind)
    if kinds.MISSING in factor.levels:
        first = int(np.flatnonzero(factor.codes == factor.levels.index(kinds.MISSING))[0])
        raise loaded.error(
            int(kept[first]),
            spec.subject,
            "the subject is missing",
            expected="an identifier in every record, so that nobody is both trained on and tested on",
            remedy="fill it in, or leave `subject:` out if every record is a subject of its own",
        )
    return factor.codes.astype(np.int64)


def metadata_column(name: str, role: Role, column: pa.ChunkedArray, loaded: Loaded, look: Look) -> MetadataColumn:
    """Return a metadata column as levels or, if it holds many distinct numbers or dates, as numbers."""
    if look.kind == "unusable":
        raise DataError(
            f"a metadata column of type {column.type} cannot be audited",
            file=loaded.shown,
            column=name,
            remedy="give it as text, numbers, booleans or dates",
        )
    refuse_if_many(name, loaded, limit=kinds.few(look.n))
    if look.kind in ("numeric", "date") and look.distinct > kinds.few(look.n):
        values, _ = kinds.numbers(column)
        return MetadataColumn(name=name, role=role, kind="continuous", values=values, dates=look.kind == "date")
    factor = kinds.factor(column, look.kind)
    return MetadataColumn(name=name, role=role, kind="categorical", levels=factor.levels, codes=factor.codes)


def refuse_if_many(name: str, loaded: Loaded, *, limit: int) -> None:
    """Raise what keeps a column from being numbers or dates, unless it holds so few of them that they are levels anyway."""
    trouble = loaded.troubles.get(name)
    if trouble is not None and trouble.distinct > limit:
        loaded.raise_trouble(name)


def feature_columns(
    spec: AuditSpec, table: pa.Table, loaded: Loaded, looks: Mapping[str, Look]
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]], list[str]]:
    """Return what the model sees: arrays by column, a description of each, and notes on what was left out and why.

    Numbers, booleans and dates are float64 with NaN; text is int32 codes.
    """
    taken = {name for role, names in spec.roles().items() if role != "features" for name in names}
    names = list(spec.features) if spec.features else [name for name in table.column_names if name not in taken]
    arrays: dict[str, np.ndarray] = {}
    info: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    notes: list[str] = []
    for name in names:
        column, look = table.column(name), looks[name]
        why = why_no_feature(column, look, loaded.troubles.get(name))
        if why:
            left_out[name] = why
            continue
        if look.kind == "categorical":
            if name in loaded.troubles and loaded.troubles[name].kind in ("words", "separators"):
                refuse_if_many(name, loaded, limit=kinds.few(look.n))
            factor = kinds.factor(column, look.kind)
            arrays[name] = factor.codes
            info.append({"name": name, "kind": look.kind, "levels": list(factor.levels)})
        else:
            values, infinite = kinds.numbers(column)
            if infinite:
                notes.append(f"feature {name!r}: {infinite_values(infinite)}")
            arrays[name] = values
            info.append({"name": name, "kind": look.kind, "levels": []})
    notes += _told(left_out)
    if not arrays:
        raise DataError(
            "no feature column is left for the model to see" + (f" ({'; '.join(notes[:3])})" if notes else ""),
            file=loaded.shown,
            remedy="name what the model sees under `features:`, or add the recorded columns to the table",
        )
    return arrays, info, notes


def infinite_values(count: int) -> str:
    """Return what happened to them, in words."""
    return f"{count:,} infinite {'value was' if count == 1 else 'values were'} read as missing"


def why_no_feature(column: pa.ChunkedArray, look: Look, trouble: Trouble | None) -> str | None:
    """Return why a model can learn nothing honest from a column, or None."""
    if look.kind == "unusable":
        return f"values of type {column.type} are not understood"
    if look.constant:
        return "it is constant"
    if look.kind == "categorical" and look.distinct > max(20, look.n / 5):
        if trouble is not None and trouble.kind in ("dates", "units"):
            return trouble.message
        if trouble is None:
            return f"{look.distinct:,} distinct texts in {look.n:,} records look like an identifier or free text"
    return "it is a running number, an identifier of the record" if look.running else None


def _told(left_out: Mapping[str, str]) -> list[str]:
    """Return a sentence for each column left out, or for each reason where there are many columns."""
    if len(left_out) <= MANY_LEFT_OUT:
        return [f"feature {name!r} was left out: {why}" for name, why in left_out.items()]
    by_reason: dict[str, list[str]] = {}
    for name, why in left_out.items():
        by_reason.setdefault(_ANY_NUMBER.sub("…", why), []).append(name)
    return [
        f"{len(names):,} features were left out ({', '.join(map(repr, names[:5]))}{' …' if len(names) > 5 else ''}): {why}"
        for why, names in by_reason.items()
    ]
