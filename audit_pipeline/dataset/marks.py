"""Values that mean "missing" because the spec says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.dataset import dates
from audit_pipeline.dataset.cells import NULL_WORDS
from audit_pipeline.errors import DataError, did_you_mean, shorten
from audit_pipeline.spec import EVERY_COLUMN
from audit_pipeline.yamltext import scalar

if TYPE_CHECKING:
    import pyarrow as pa

MANY = 8
"""From more columns on they are told together."""


def marks_of(name: str, missing: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the marks that count in a column."""
    return (*missing.get(EVERY_COLUMN, ()), *missing.get(name, ()))


def words_of(name: str, missing: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the words that mean a missing value in text without being declared: none if the spec lists none for a column."""
    return ("",) if missing.get(name) == () else NULL_WORDS


def check(missing: Mapping[str, tuple[str, ...]], names: list[str], file: str) -> None:
    """Raise a DataError if ``missing:`` names a column that the table lacks."""
    for column in missing:
        if column != EVERY_COLUMN and column not in names:
            raise DataError(
                f"there is no column {column!r} (named under missing){did_you_mean(column, names)}",
                file=file,
                expected=f"one of {', '.join(names[:30])}{' …' if len(names) > 30 else ''}",
                remedy="mend `missing:` in the spec; marks for all columns are a list, as in `missing: ['?', -9]`",
            )


def blank(column: pa.ChunkedArray, marks: Iterable[str]) -> tuple[pa.ChunkedArray, dict[str, int]]:
    """Return a column of numbers, dates or truth values without its marks, and how often each was found."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, int] = {}
    for mark in marks:
        value = _as(mark, column.type)
        if value is None:
            continue
        here = pc.fill_null(pc.equal(column, value), False)
        count = int(pc.sum(here).as_py() or 0)
        if count:
            found[mark] = count
            column = pc.if_else(here, pa.scalar(None, column.type), column)
    return column, found


def _as(mark: str, kind: pa.DataType) -> pa.Scalar | None:
    """Return a mark as a value of a column's type; None if it can be none."""
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return {"true": pa.scalar(True), "false": pa.scalar(False)}.get(mark.casefold())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        try:
            number = float(mark)
        except ValueError:
            return None
        if pa.types.is_floating(kind):
            # A narrow float holds the nearest it can of -99.9, so that is what to look for.
            return pa.scalar(float(np.float32(number)) if kind == pa.float32() else number, pa.float64())
        return pa.scalar(int(number), pa.int64()) if number.is_integer() and abs(number) < 2**63 else None
    if pa.types.is_temporal(kind) and not pa.types.is_time(kind):
        parsed = dates.parse(pa.array([mark], pa.large_string()))
        if not isinstance(parsed, dates.Parsed) or pa.types.is_time(parsed.values.type):
            return None
        try:
            return parsed.values.cast(kind)[0]
        except pa.ArrowInvalid:
            return None
    return None


def words_notes(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return which words were taken for missing values in columns of text: one of them may be Namibia."""
    told = {
        column: ", ".join(f"{shorten(word)} ({count:,})" for word, count in counts.items())
        for column, counts in words.items()
        if counts
    }
    if len(told) > MANY:
        return [f"{', '.join(sorted({word for counts in words.values() for word in counts}))} count as missing in text"]
    return [
        f"column {column!r}: {which} read as missing; if it means something here, add `missing: {{{scalar(column)}: []}}`"
        for column, which in told.items()
    ]


def notes(found: Mapping[str, Mapping[str, int]], missing: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return what was found of each mark, column by column, and which marks were found nowhere."""
    told = []
    for column, counts in found.items():
        if counts:
            total = sum(counts.values())
            which = ", ".join(f"{shorten(mark, 30)} ({count:,})" for mark, count in counts.items())
            told.append(
                f"column {column!r}: {total:,} {'value was' if total == 1 else 'values were'} read as missing, as the "
                f"spec says: {which}"
            )
    if len(told) > MANY:
        values = sum(sum(counts.values()) for counts in found.values())
        told = [f"{values:,} values in {len(told):,} columns were read as missing, as the spec says"]
    for column, marks in missing.items():
        seen = {mark for name, counts in found.items() if column in (EVERY_COLUMN, name) for mark in counts}
        idle = [mark for mark in marks if mark not in seen]
        if idle:
            where = "anywhere" if column == EVERY_COLUMN else f"in column {column!r}"
            told.append(f"the spec takes {', '.join(map(shorten, idle))} for missing, but it was not found {where}")
    return told
