"""What a column is: numeric, boolean, categorical or a date, and how its levels are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["numeric", "boolean", "categorical", "date", "unusable"]

MISSING = "(missing)"
"""Name of the level that stands for a missing value."""

FEW_NUMBERS = 12
"""A metadata column of numbers with at most this many distinct values is read as categorical (year, scanner number)."""


def few(n: int) -> int:
    """Return up to how many distinct numbers among ``n`` records are levels; in a small table every number is one of a few."""
    return min(FEW_NUMBERS, max(3, n // 5))


@dataclass(frozen=True)
class Factor:
    """A column as levels. ``codes`` (n,) index ``levels``; the level :data:`MISSING` stands for missing values."""

    codes: np.ndarray
    levels: tuple[str, ...]


def kind_of(column: pa.ChunkedArray) -> Kind:
    """Return the kind that Arrow's type stands for. Times of day and durations are numbers: seconds."""
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numeric"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "categorical"
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return "numeric"
    if pa.types.is_temporal(kind):
        return "date"
    # A column of nothing but missing values has Arrow's type null: as text it is one level, "(missing)".
    return "categorical" if pa.types.is_null(kind) else "unusable"


def numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """Return a numeric, boolean or date column as float64 with NaN for missing, and how many infinities became missing.

    Dates become seconds since 1970, times of day seconds since midnight.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_temporal(column.type):
        if pa.types.is_time(column.type):
            column = pc.cast(pc.cast(column, pa.time64("us"), safe=False), pa.int64())
        elif pa.types.is_duration(column.type):
            column = pc.cast(pc.cast(column, pa.duration("us"), safe=False), pa.int64())
        else:
            column = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64())
        values = pc.cast(column, pa.float64(), safe=False).to_numpy() / 1e6
    else:
        values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    values = np.array(values, dtype=np.float64)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    values += 0.0  # turns -0.0 into 0.0, which else would hash and print apart
    return values, int(infinite.sum())


def factor(column: pa.ChunkedArray, kind: Kind) -> Factor:
    """Return a column as levels, numbered by first appearance.

    Numbering by appearance, not by name, keeps every later computation the same when levels are renamed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type):
        # As they are: numbers of patients may have more digits than a float64 holds.
        encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
        names = [MISSING if name is None else str(name) for name in encoded.dictionary.to_pylist()]
        return Factor(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), tuple(names))
    if kind in ("numeric", "date"):
        values, _ = numbers(column)
        found, first, inverse = np.unique(values, return_index=True, return_inverse=True, equal_nan=True)
        name_of = date_name if kind == "date" else number_name
        names = [MISSING if np.isnan(value) else name_of(value) for value in found]
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return Factor(rank[inverse].astype(np.int32), tuple(names[position] for position in order))
    text = column.cast(pa.large_string()) if kind != "boolean" else pc.if_else(column, "true", "false")
    if pa.types.is_null(column.type):
        return Factor(np.zeros(len(column), dtype=np.int32), (MISSING,))
    encoded = pc.dictionary_encode(text.combine_chunks(), null_encoding="encode")
    names = [MISSING if name is None else name for name in encoded.dictionary.to_pylist()]
    return Factor(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), tuple(names))


def number_name(value: float) -> str:
    """Return a number as a level's name: 2007, not 2007.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def date_name(seconds: float) -> str:
    """Return seconds since 1970 as a date, with the time of day if it is not midnight."""
    moment = np.datetime64(round(seconds * 1e6), "us")
    day = moment.astype("datetime64[D]")
    return str(day) if day == moment else str(moment).removesuffix(".000000").replace("T", " ")
