"""Tables in memory as Arrow tables, with messages that speak of columns and records, not of files."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from audit_pipeline.errors import AuditError, DataError, shorten

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class ArrowStream(Protocol):
    """Anything with the Arrow PyCapsule interface: tables of Arrow, pandas and polars, relations of DuckDB, and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the table as a capsule."""


def to_arrow(data: Any, *, named: Iterable[str] = ()) -> pa.Table:
    """Return a table as Arrow table. The original is neither changed nor kept.

    Parameters
    ----------
    named : columns that the audit asks for by name, for better advice if the index of a pandas frame has them.

    Raises
    ------
    DataError : it is no table, or a column cannot be read.
    """

    table = _from_pandas(data, named) if _is_pandas(data) else _from_stream(data)
    _check_names(table.column_names)
    if table.num_rows == 0:
        raise DataError("the table has no records", remedy="check what came before: a filter may have dropped them all")
    return table


def plain(table: pa.Table) -> pa.Table:
    """Return the table with categories and views as plain values: how a table stores them is no content."""
    import pyarrow as pa

    return pa.table(
        {name: _plain(name, column) for name, column in zip(table.column_names, table.columns, strict=True)}
    )


def absolute(table: pa.Table, recording: str | None) -> pa.Table:
    """Return the table with paths of recordings that do not depend on where it is written: they start at the current folder."""
    import pyarrow as pa

    if recording is None or recording not in table.column_names:
        return table
    column = table.column(recording)
    paths = [None if value is None else str(value).strip() for value in column.to_pylist()]
    found = [path if not path or "://" in path else os.path.abspath(os.path.expanduser(path)) for path in paths]
    return table.set_column(table.column_names.index(recording), recording, pa.array(found, pa.string()))


def orders(table: pa.Table) -> dict[str, list[str]]:
    """Return the levels from low to high of every column of ordered categories with three levels or more."""
    import pyarrow as pa

    found: dict[str, list[str]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not pa.types.is_dictionary(column.type) or not column.type.ordered or not column.num_chunks:
            continue
        levels = column.chunk(0).dictionary
        same = all(chunk.dictionary.equals(levels) for chunk in column.chunks)
        if same and len(levels) > 2 and (levels.type == pa.string_view() or _is_text_or_whole(levels.type)):
            found[name] = [str(level) for level in levels.to_pylist()]
    return found


def _is_text_or_whole(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)


def write(table: pa.Table, path: Path) -> None:
    """Write the table for the first stage to read; the same content gives the same bytes, so a cache knows it again."""
    from audit_pipeline.parquet import write_table

    write_table(table.replace_schema_metadata(None), path)


def in_python(error: AuditError, *, frame: str | None) -> AuditError:
    """Return the error in the words of a Python call: arguments in place of YAML keys and options.

    Parameters
    ----------
    frame : file name of a table in memory, or None. That file is ours and gone by now: what the user knows is the table, so
        records go by their position, and the file is not named.
    """
    message, row = error.message, error.row
    file = None if frame is not None and error.file is not None and Path(error.file).name == frame else error.file
    if frame is not None and row is not None:
        # Row 1 is the header, and positions count from 0 as in ``frame.iloc``.
        message, row = f"{message} (at position {row - 2})", None
    return type(error)(
        _as_call(message),
        file=file,
        row=row,
        column=error.column,
        expected=None if error.expected is None else _as_call(error.expected),
        remedy=_as_call(error.remedy),
    )


_WORDS = (
    (" in the spec", " in the call"),
    ("the header of the table", "the column of the table"),
    ("after `data=`", "of the data"),
    ("relative to the spec", "relative to the current folder"),
    (" with --out", ""),
    (
        "change that key; docs/spec.md says what each one takes",
        "change that argument; help(audit) says what each one takes",
    ),
    ("unknown key", "unknown name"),
    ("rename or remove the key", "rename or remove it"),
)


def _as_call(text: str) -> str:
    text = re.sub(r"`(\w+): ?\[([\w, ]*)\]`", lambda m: f"`{m[1]}={m[2].split(', ')}`", text)
    text = re.sub(r"`(\w+): ?([^`]*)`", r"`\1=\2`", text)
    for yaml, python in _WORDS:
        text = text.replace(yaml, python)
    return text


def _is_pandas(data: object) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _from_pandas(frame: pd.DataFrame, named: Iterable[str]) -> pa.Table:
    import pyarrow as pa

    if frame.columns.nlevels > 1:
        raise DataError(
            f"the columns have {frame.columns.nlevels} levels",
            remedy="join them to one name each: frame.columns = ['_'.join(map(str, c)) for c in frame.columns]",
        )
    names = [str(name) for name in frame.columns]
    _check_names(names)
    levels = {str(level) for level in frame.index.names if level is not None}
    for name in named:
        if name in levels and name not in names:
            raise DataError(f"{shorten(name)} is the frame's index, not a column", remedy="call reset_index() first")
    columns: dict[str, Any] = {}
    for position, name in enumerate(names):
        series = frame.iloc[:, position]
        try:
            columns[name] = pa.Array.from_pandas(_known_to_arrow(series))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise _unreadable(name, series, error) from None
    return pa.table(columns)


def _known_to_arrow(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return intervals, as ``pandas.cut`` makes them, as text and periods as dates, also where they are categories."""
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        if isinstance(series.dtype.categories.dtype, pd.IntervalDtype | pd.PeriodDtype):
            return series.cat.rename_categories([str(level) for level in series.dtype.categories])
        return series
    if isinstance(series.dtype, pd.IntervalDtype):
        return series.astype("string")
    return series.dt.to_timestamp() if isinstance(series.dtype, pd.PeriodDtype) else series


def _unreadable(name: str, series: pd.Series[Any], error: Exception) -> DataError:
    kinds = list(dict.fromkeys(type(value).__name__ for value in series.head(10_000).dropna()))
    if series.dtype == object and len(kinds) > 1:
        return DataError(
            f"the values are of several types: {', '.join(kinds[:5])}",
            column=name,
            expected="one type in a column",
            remedy=f"make them one, e.g. frame[{shorten(name)}].astype('string'), or leave the column out",
        )
    return DataError(
        f"values of type {series.dtype} cannot be read: {shorten(str(error), 200)}",
        column=name,
        remedy="give it as text, numbers, booleans or dates, or leave the column out",
    )


def _from_stream(data: Any) -> pa.Table:
    import pyarrow as pa

    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        try:
            return pa.table(data)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise DataError(
                f"this {type(data).__name__} is no table: {shorten(str(error), 200)}",
                remedy="give a table with named columns, e.g. a pandas or polars DataFrame",
            ) from error
    for method in ("to_arrow", "arrow"):
        if callable(getattr(data, method, None)):
            return pa.table(getattr(data, method)())
    lazy = "call collect() first" if callable(getattr(data, "collect", None)) else None
    raise DataError(
        f"a {type(data).__name__} is no table",
        expected="a pandas, polars or Arrow table, anything with the Arrow PyCapsule interface, or a path",
        remedy=lazy or "make it a table, e.g. pandas.DataFrame(...)",
    )


def _check_names(names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"{names.count(repeated[0])} columns are called {shorten(repeated[0])}",
            remedy="give each column its own name",
        )


def _plain(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of categories or of views as one of plain values: how a table stores them is no content."""
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(column.type):
            column = pa.chunked_array([_decoded(chunk) for chunk in column.chunks], _plain_type(column.type.value_type))
        if pa.types.is_run_end_encoded(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
            column = column.cast(pa.large_string())
    except pa.ArrowException as error:
        raise DataError(
            f"values of type {column.type} cannot be read: {shorten(str(error), 200)}",
            column=name,
            remedy="give it as text, numbers, booleans or dates, or leave the column out",
        ) from error
    return column


def _decoded(chunk: pa.DictionaryArray) -> pa.Array:
    # Not by a cast of the whole, which Arrow refuses for the string views of polars.
    return chunk.dictionary.cast(_plain_type(chunk.type.value_type)).take(chunk.indices)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.large_string() if pa.types.is_string(kind) or pa.types.is_string_view(kind) else kind
