"""Reading csv, tsv and Parquet through Arrow, with errors that name the row and the column."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from audit_pipeline.errors import DataError, shorten

if TYPE_CHECKING:
    import pyarrow as pa

NULL_WORDS = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "#NA", "<NA>")
"""Words that mean a missing value in text files."""

MAX_COLUMNS = 100_000


def read_files(paths: list[Path]) -> tuple[pa.Table, list[int]]:
    """Read files with the same columns into one table.

    Returns
    -------
    The table, and the number of rows of each file, in order.

    Raises
    ------
    DataError : unreadable or empty file, ragged rows, repeated or differing columns.
    """
    import pyarrow as pa

    tables = [_read_file(path) for path in paths]
    for path, table in zip(paths[1:], tables[1:], strict=True):
        if set(table.column_names) != set(tables[0].column_names):
            odd = sorted(set(table.column_names) ^ set(tables[0].column_names))
            raise DataError(
                f"its columns differ from those of {paths[0].name}: {', '.join(map(shorten, odd[:5]))}",
                file=path,
                remedy="give all files the same columns, or audit them apart",
            )
    try:
        whole = pa.concat_tables(
            [table.select(tables[0].column_names) for table in tables], promote_options="permissive"
        )
    except pa.ArrowInvalid as error:
        raise DataError(
            f"the files disagree about a column's type: {error}", remedy="make the column one type in all files"
        ) from error
    return whole, [table.num_rows for table in tables]


def _read_file(path: Path) -> pa.Table:
    import pyarrow as pa

    try:
        if path.stat().st_size == 0:
            raise DataError("the file is empty", file=path, remedy="export the data again")
        table = _read_parquet(path) if path.suffix.casefold() == ".parquet" else _read_text(path)
    except OSError as error:  # permission, or Arrow's own word for a damaged file
        raise DataError(f"cannot be read: {error}", file=path, remedy="check the file and its permissions") from error
    except pa.ArrowException as error:
        raise DataError(
            f"cannot be read: {error}", file=path, remedy="check that the file is what its name says"
        ) from error
    _check_names(table.column_names, path)
    if table.num_rows == 0:
        raise DataError("there is a header but no record", file=path, remedy="export the data again")
    return table


def _check_names(names: list[str], path: Path) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"the column name {shorten(repeated[0])} stands {names.count(repeated[0])} times in the header",
            file=path,
            row=1,
            column=repeated[0],
            remedy="give each column its own name",
        )


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(path, partitioning=None)


def _read_text(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as csv

    delimiter = "\t" if path.suffix.casefold() == ".tsv" else ","
    names = _header(path, delimiter)
    as_text: dict[str, pa.DataType] = {}
    broken: list[pa.csv.InvalidRow] = []

    def refuse(row: csv.InvalidRow) -> str:
        broken.append(row)
        return "error"

    for _ in range(len(names) + 1):
        try:
            table = csv.read_csv(
                path,
                # One thread: with several, Arrow does not know the number of a broken row.
                read_options=csv.ReadOptions(use_threads=not broken),
                parse_options=csv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
                ),
                convert_options=csv.ConvertOptions(
                    null_values=list(NULL_WORDS), strings_can_be_null=True, column_types=as_text
                ),
            )
        except pa.ArrowInvalid as error:
            message = str(error)
            if broken and broken[-1].number is None:
                continue  # again in one thread, to learn the row's number
            if broken:
                row = broken[-1]
                raise DataError(
                    f"the row has {row.actual_columns} values, the header has {row.expected_columns}: {shorten(row.text)}",
                    file=path,
                    row=row.number,
                    expected=f"{row.expected_columns} values separated by {'tabs' if delimiter == chr(9) else 'commas'}",
                    remedy='put values that hold the separator into double quotes ("...")',
                ) from error
            # The type was guessed from the first block and a later one broke it: such a column is text.
            column = re.search(r"In CSV column #(\d+)", message)
            if column and names[int(column[1])] not in as_text:
                as_text[names[int(column[1])]] = pa.string()
                continue
            raise
        else:
            _check_text(table, path)
            return table
    raise DataError("no reading of the columns' types fits", file=path, remedy="export the data again as Parquet")


def _check_text(table: pa.Table, path: Path) -> None:
    """Refuse columns that Arrow could only read as bytes, since they are not UTF-8."""
    import pyarrow as pa

    for name in table.column_names:
        if pa.types.is_binary(table.column(name).type):
            row, bad = _first_undecodable(path)
            raise DataError(
                f"the text is not UTF-8: {shorten(bad)}",
                file=path,
                row=row,
                column=name,
                remedy="save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')",
            )


def _header(path: Path, delimiter: str) -> list[str]:
    """Read the header alone, so that errors can name columns, and look at it before trusting the rest."""
    import csv

    with open(path, "rb") as stream:
        start = stream.read(65_536)
    if b"\x00" in start:
        raise DataError(
            "the file is binary, not text",
            file=path,
            remedy="is it a spreadsheet or an archive? Export it as CSV or Parquet",
        )
    first = start.decode("utf-8-sig", errors="replace").splitlines()[0]
    names = next(csv.reader([first], delimiter=delimiter), [])
    if len(names) > MAX_COLUMNS:
        raise DataError(f"the header has {len(names):,} columns", file=path, row=1, remedy=f"keep to {MAX_COLUMNS:,}")
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise DataError(
                f"the header names no column at position {position}",
                file=path,
                row=1,
                expected="a name for every column",
                remedy="name the column (a spreadsheet's row numbers often have none: call them `row`)",
            )
    _check_names(names, path)
    if len(names) == 1 and any(mark in first for mark in ";\t|"):
        raise DataError(
            "the header holds a single column; the separator seems to be another one",
            file=path,
            row=1,
            expected="commas in .csv, tabs in .tsv",
            remedy="export with commas, or rename a tab-separated file to .tsv",
        )
    return names


def _first_undecodable(path: Path) -> tuple[int | None, bytes]:
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return number, line[max(0, error.start - 10) : error.end + 10]
    return None, b""
