"""Reading csv and tsv, every cell as text; what the cells mean is found out over all files (see ``cells``)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from audit_pipeline.dataset.files import DataFile
from audit_pipeline.dataset.piece import BLOCK, MAX_CELL, MAX_COLUMNS, Piece
from audit_pipeline.dataset.streams import head, open_arrow, open_bytes
from audit_pipeline.errors import DataError, shorten

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 1_000
"""Values of several lines in which records are looked for."""

_OTHER_FORMATS = {
    b"\x1f\x8b": ("compressed with gzip", "call it .csv.gz or .tsv.gz"),
    b"\xff\xfe": ("UTF-16 text", "save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    b"\xfe\xff": ("UTF-16 text", "save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    b"PK\x03\x04": ("binary: a spreadsheet or a zip archive", "export it as CSV or Parquet"),
    b"PAR1": ("binary: a Parquet file", "call it .parquet"),
}


def read_text(file: DataFile) -> Piece:
    """Read one file.

    Raises
    ------
    DataError : binary or not UTF-8, ragged rows, unnamed or repeated columns, a quotation mark that is never closed.
    """
    separator, names = _header(file)
    table = _parse(file, separator, names)
    table, notes = _drop_unnamed(table, file)
    if table.num_rows:
        _check_cells(table, file, separator)
    if separator != _usual(file):
        notes.append(f"{file.name} was read with {SEPARATORS[separator]} between its values")
    return Piece(file, table, frozenset(table.column_names), tuple(notes))


def _usual(file: DataFile) -> str:
    return "\t" if file.ending == ".tsv" else ","


def _header(file: DataFile) -> tuple[str, list[str]]:
    """Return the separator and the names of the columns, looked at before the rest is trusted."""
    start = head(file, BLOCK)
    for magic, (what, remedy) in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise DataError(f"the file is {what}", file=file.shown, remedy=remedy)
    if b"\x00" in start[:65_536]:
        raise DataError(
            "the file is binary, not text",
            file=file.shown,
            remedy="is it a spreadsheet or an archive? Export it as CSV or Parquet",
        )
    text = start.decode("utf-8-sig", errors="replace")
    separator = _separator(text, _usual(file))
    names = _records(text, separator, 1)
    if not names:
        raise DataError("the file holds nothing but empty lines", file=file.shown, remedy="export the data again")
    if len(names[0]) > MAX_COLUMNS:
        raise DataError(
            f"the header has {len(names[0]):,} columns", file=file.shown, row=1, remedy=f"keep to {MAX_COLUMNS:,}"
        )
    repeated = [name for name, count in Counter(names[0]).items() if count > 1 and name.strip()]
    if repeated:
        raise DataError(
            f"the column name {shorten(repeated[0])} stands {names[0].count(repeated[0])} times in the header",
            file=file.shown,
            row=1,
            column=repeated[0],
            remedy="give each column its own name",
        )
    return separator, names[0]


def _separator(text: str, usual: str) -> str:
    """Return what separates the values: the usual one, unless the header holds none and another fits the first rows."""
    if len(_first(text, usual)) > 1:
        return usual
    for separator in SEPARATORS:
        rows = _records(text, separator, 5)
        if len(rows) > 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            return separator
    return usual


def _first(text: str, separator: str) -> list[str]:
    rows = _records(text, separator, 1)
    return rows[0] if rows else []


def _records(text: str, separator: str, count: int) -> list[list[str]]:
    """Return the first records that are not empty. ``newline=""`` leaves line ends inside quotes alone."""
    found: list[list[str]] = []
    csv.field_size_limit(max(csv.field_size_limit(), BLOCK))
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if row:
                found.append(row)
            if len(found) == count:
                break
    except csv.Error:  # a stray carriage return, or the block ends inside a field: Arrow will have its say
        pass
    return found


def _parse(file: DataFile, separator: str, names: list[str]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow

    def parse(**handler: Callable[[arrow.InvalidRow], str]) -> pa.Table:
        with open_arrow(file) as source:
            return arrow.read_csv(
                source,
                # With several threads Arrow does not know the number of a broken row.
                read_options=arrow.ReadOptions(use_threads=not handler, block_size=BLOCK),
                parse_options=arrow.ParseOptions(delimiter=separator, newlines_in_values=True, **handler),
                # All as text: a type guessed from the first block would have to be taken back when a later one breaks it.
                convert_options=arrow.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
                ),
            )

    try:
        return parse()
    except pa.ArrowInvalid as error:
        # First, since Arrow cannot hand over a broken row that is no text.
        _check_utf8(file)
        if "straddl" in str(error):
            raise _endless_row(file) from error
        broken: list[arrow.InvalidRow] = []

        def refuse(row: arrow.InvalidRow) -> str:
            broken.append(row)
            return "error"

        with suppress(pa.ArrowInvalid):
            return parse(invalid_row_handler=refuse)
        if broken:
            raise _ragged(file, separator, broken[-1]) from error
        raise


def _ragged(file: DataFile, separator: str, row: object) -> DataError:
    wide, narrow = row.actual_columns, row.expected_columns  # type: ignore[attr-defined]
    if row.number == 2 and wide > narrow:  # type: ignore[attr-defined]
        remedy = "delete lines above the header, or name the missing columns (R leaves out the name of the row names)"
    elif wide > narrow:
        remedy = 'put values that hold the separator into double quotes ("...")'
    else:
        remedy = "complete the row, or delete it if it is no record (a line of totals, a remark)"
    return DataError(
        f"the row has {wide} values, the header has {narrow}: {shorten(row.text)}",  # type: ignore[attr-defined]
        file=file.shown,
        row=row.number,  # type: ignore[attr-defined]
        expected=f"{narrow} {'value' if narrow == 1 else 'values'} separated by {SEPARATORS[separator]}",
        remedy=remedy,
    )


def _check_utf8(file: DataFile) -> None:
    with open_bytes(file) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"the text is not UTF-8: {shorten(line[max(0, error.start - 10) : error.end + 10])}",
                    file=file.shown,
                    row=number,
                    remedy="save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')",
                ) from error


def _endless_row(file: DataFile) -> DataError:
    row = _open_quote(file, BLOCK)
    return DataError(
        f"a row is longer than {BLOCK:,} bytes" + ("; a quotation mark opened there is never closed" if row else ""),
        file=file.shown,
        row=row,
        expected="one record a row",
        remedy='close the quotation mark, or double it ("") if it is part of the text',
    )


def _open_quote(file: DataFile, limit: int | None = None) -> int | None:
    """Return the line on which a quoted value begins that does not end within ``limit`` bytes, or at all."""
    begin, size, inside = 0, 0, False
    with open_bytes(file) as stream:
        for number, line in enumerate(stream, start=1):
            if not inside:
                begin, size = number, 0
            size += len(line)
            inside ^= bool(line.count(b'"') % 2)
            if inside and limit is not None and size > limit:
                return begin
    return begin if inside else None


def _drop_unnamed(table: pa.Table, file: DataFile) -> tuple[pa.Table, list[str]]:
    """Drop columns without a name that hold nothing, or a first one that numbers the rows; refuse others."""
    import pyarrow.compute as pc

    notes: list[str] = []
    drop: list[int] = []
    for position, name in enumerate(table.column_names):
        if name.strip():
            continue
        column = table.column(position)
        if column.null_count == len(column):
            drop.append(position)
        elif position == 0 and pc.all(pc.match_substring_regex(column, r"^\d+$")).as_py() and _distinct(column):
            drop.append(position)
            notes.append(f"{file.name}: the first column has no name; it was taken for row numbers and left out")
        else:
            raise DataError(
                f"the header names no column at position {position + 1}",
                file=file.shown,
                row=1,
                expected="a name for every column",
                remedy="name the column (a spreadsheet's row numbers often have none: call them `row`)",
            )
    return table.select([position for position in range(table.num_columns) if position not in drop]), notes


def _distinct(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return int(pc.count_distinct(column).as_py()) == len(column)


def _check_cells(table: pa.Table, file: DataFile, separator: str) -> None:
    """Refuse a cell that is too long, and text after a quotation mark that is never closed: Arrow swallows the rest."""
    import pyarrow.compute as pc

    last = table.slice(table.num_rows - 1).to_pylist()[0]
    if any("\n" in value for value in last.values() if value is not None):
        row = _open_quote(file)
        if row is not None:
            raise DataError(
                "a quotation mark is opened here and never closed, so the rest of the file is one value",
                file=file.shown,
                row=row,
                remedy='close it, or double it ("") if it is part of the text',
            )
    for name in table.column_names:
        column = table.column(name)
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > MAX_CELL:
            raise DataError(
                f"the value is {longest:,} bytes long",
                file=file.shown,
                row=pc.index(pc.binary_length(column), longest).as_py() + 2,
                column=name,
                expected=f"at most {MAX_CELL:,} bytes in a cell",
                remedy="leave that column out of the file: a text of this length is neither metadata nor a feature",
            )
        if longest > 2 * table.num_columns:
            _check_swallowed(column, name, file, separator, table.num_columns)


def _check_swallowed(column: pa.ChunkedArray, name: str, file: DataFile, separator: str, width: int) -> None:
    """Refuse values that hold whole records: two stray quotation marks make one value of all that lies between."""
    import numpy as np
    import pyarrow.compute as pc

    several = np.asarray(pc.fill_null(pc.match_substring_regex(column, r"\n[^\n]*\n"), False))
    for row in np.flatnonzero(several)[:_LOOKED_AT]:
        inner = column[int(row)].as_py().splitlines()[1:-1]
        if width >= 3 and len(inner) >= 2 and all(line.count(separator) == width - 1 for line in inner):
            raise DataError(
                f"the value holds {len(inner):,} lines that look like records of their own",
                file=file.shown,
                row=int(row) + 2,
                column=name,
                expected="quotation marks in pairs",
                remedy='close the quotation mark that opens the value, or double it ("") if it is part of the text',
            )
