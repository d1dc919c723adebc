"""Several tables with the same columns as one, also where they disagree about what a column is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def one_type(tables: Sequence[pa.Table]) -> tuple[pa.Table, set[str]]:
    """Put tables below each other; columns that a table lacks are missing there.

    Returns
    -------
    The table, and the names of columns that became text because the tables give them types that do not go together.
    """
    import pyarrow as pa

    by_name = [dict(zip(table.column_names, table.columns, strict=True)) for table in tables]
    columns: dict[str, pa.ChunkedArray] = {}
    texts: set[str] = set()
    for name in dict.fromkeys(name for its in by_name for name in its):
        parts = [
            decoded(its[name]) if name in its else pa.chunked_array([pa.nulls(table.num_rows)])
            for its, table in zip(by_name, tables, strict=True)
        ]
        kinds = {part.type for part in parts if not pa.types.is_null(part.type)}
        target = _common(kinds)
        if target is None:
            target = pa.large_string()
            texts.add(name)
        columns[name] = pa.chunked_array(
            [chunk for part in parts for chunk in as_type(part, target).chunks], type=target
        )
    return pa.table(columns), texts


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without dictionaries, long strings and decimals: one type for each meaning."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        return decoded(column.cast(kind.value_type))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return as_type(column, pa.large_string())
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return pc.cast(column, pa.float64(), safe=False)
    return column


def _common(kinds: set[pa.DataType]) -> pa.DataType | None:
    """Return the type that holds all of these without loss of meaning; None if only text does."""
    import pyarrow as pa

    if len(kinds) <= 1:
        return next(iter(kinds), pa.null())
    if all(pa.types.is_integer(kind) for kind in kinds) and pa.uint64() not in kinds:
        return pa.int64()
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
        return pa.float64()
    if all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in kinds):
        return pa.large_string()
    if all(pa.types.is_date(kind) or pa.types.is_timestamp(kind) for kind in kinds):
        zones = {getattr(kind, "tz", None) is not None for kind in kinds}
        return None if len(zones) > 1 else pa.timestamp("us", "UTC" if zones.pop() else None)
    return None


def as_type(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    """Cast a column; what cannot be cast (a list to text) becomes the text that Arrow prints."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type == target:
        return column
    try:
        return pc.cast(column, target, safe=False)
    except pa.ArrowNotImplementedError:
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in column.to_pylist()], target)])
