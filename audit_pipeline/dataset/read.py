"""From files to one table: each file read by what it is, columns named, marks of missing values taken out, types found."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from audit_pipeline.dataset import cells, dates, marks, names
from audit_pipeline.dataset.files import LINES, DataFile
from audit_pipeline.dataset.piece import MAX_CELLS, Piece
from audit_pipeline.dataset.settled import Trouble
from audit_pipeline.dataset.unify import decoded, one_type
from audit_pipeline.errors import DataError, shorten

if TYPE_CHECKING:
    import pyarrow as pa

_SNIFF = 10_000
"""Records looked at to see whether a table has decimal commas."""


@dataclass(frozen=True)
class Loaded:
    """The table of all files.

    Parameters
    ----------
    rows : number of records of each file.
    notes : what was done on the way, for people.
    troubles : columns that look like numbers or dates and could not be read as such.
    """

    table: pa.Table
    files: tuple[DataFile, ...]
    rows: tuple[int, ...]
    notes: tuple[str, ...] = ()
    troubles: Mapping[str, Trouble] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """How to name the table as a whole: its first file."""
        return self.files[0].shown

    def place(self, record: int) -> tuple[str, int]:
        """Return file and row of a record as a person finds them."""
        ends = list(accumulate(self.rows))
        position = bisect_right(ends, record)
        file = self.files[position]
        return file.shown, record - (ends[position] - self.rows[position]) + file.first_row

    def error(self, record: int, column: str, message: str, *, expected: str | None = None, remedy: str) -> DataError:
        """Return a DataError that points at a value."""
        file, row = self.place(record)
        return DataError(message, file=file, row=row, column=column, expected=expected, remedy=remedy)

    def raise_trouble(self, column: str) -> None:
        """Raise what stands in the way of reading a column as numbers or dates, if anything does."""
        trouble = self.troubles.get(column)
        if trouble is not None:
            raise self.error(trouble.row, column, trouble.message, expected=trouble.expected, remedy=trouble.remedy)


def load_table(
    files: Sequence[DataFile],
    *,
    wanted: Sequence[str] = (),
    exact: Sequence[str] = (),
    missing: Mapping[str, tuple[str, ...]] | None = None,
) -> Loaded:
    """Read files with the same columns into one table.

    Parameters
    ----------
    wanted : names that the spec uses; see :func:`audit_pipeline.dataset.names.tidy`.
    exact : those of them whose values name things; see :func:`audit_pipeline.dataset.cells.settle`.
    missing : marks of missing values by column.

    Raises
    ------
    DataError : unreadable or empty file, ragged rows, repeated or differing columns.
    """
    missing = missing or {}
    pieces = [_read(file) for file in files]
    notes = [note for piece in pieces for note in piece.notes]
    pieces = [_named(piece, wanted, notes) for piece in pieces]
    rows = tuple(piece.table.num_rows for piece in pieces)
    _check_same_columns(pieces)
    table, differing = one_type([piece.table for piece in pieces])
    raw = differing.union(*(piece.raw for piece in pieces))
    del pieces
    if table.num_rows * table.num_columns > MAX_CELLS:
        raise DataError(
            f"the table holds {table.num_rows:,} rows of {table.num_columns:,} columns",
            file=files[0].shown,
            expected=f"at most {MAX_CELLS:,} values",
            remedy="audit a sample of subjects, or fewer columns",
        )
    marks.check(missing, table.column_names, files[0].shown)
    table, found, troubles = _typed(table, raw, exact, missing, notes)
    notes += marks.notes(found, missing)
    return Loaded(table, tuple(files), rows, tuple(dict.fromkeys(notes)), troubles)


def _read(file: DataFile) -> Piece:
    import pyarrow as pa

    from audit_pipeline.dataset.json_lines import read_lines
    from audit_pipeline.dataset.parquet_files import read_parquet
    from audit_pipeline.dataset.text_files import read_text

    reader = read_parquet if file.ending == ".parquet" else read_lines if file.ending in LINES else read_text
    try:
        if file.local.stat().st_size == 0:
            raise DataError("the file is empty", file=file.shown, remedy="export the data again")
        piece = reader(file)
    except (OSError, UnicodeDecodeError) as error:  # permission, or Arrow's own word for a damaged file
        raise DataError(
            f"cannot be read: {error}", file=file.shown, remedy="check the file and its permissions"
        ) from error
    except pa.ArrowException as error:
        raise DataError(
            f"cannot be read: {error}", file=file.shown, remedy="check that the file is what its name says"
        ) from error
    names.check(piece.table.column_names, file)
    if piece.table.num_columns == 0:
        raise DataError("no record has a field", file=file.shown, remedy="export the data again")
    if piece.table.num_rows == 0:
        raise DataError("there is a header but no record", file=file.shown, remedy="export the data again")
    return piece


def _named(piece: Piece, wanted: Sequence[str], notes: list[str]) -> Piece:
    called, told = names.tidy(piece.table.column_names, wanted)
    notes += told
    by_name = dict(zip(piece.table.column_names, called, strict=True))
    return Piece(
        piece.file, piece.table.rename_columns(called), frozenset(by_name[name] for name in piece.raw), piece.notes
    )


def _check_same_columns(pieces: Sequence[Piece]) -> None:
    if all(piece.file.ending in LINES for piece in pieces):
        return  # a field that a line does not have is missing there
    first = pieces[0]
    for piece in pieces[1:]:
        odd = sorted(set(piece.table.column_names) ^ set(first.table.column_names))
        if odd:
            raise DataError(
                f"its columns differ from those of {first.file.name}: {', '.join(map(shorten, odd[:5]))}",
                file=piece.file.shown,
                remedy="give all files the same columns, or audit them apart",
            )


def _typed(
    table: pa.Table, raw: set[str], exact: Sequence[str], missing: Mapping[str, tuple[str, ...]], notes: list[str]
) -> tuple[pa.Table, dict[str, Mapping[str, int]], dict[str, Trouble]]:
    """Return the table with every column's type found, the marks found, and the troubles; adds to ``notes``."""
    import pyarrow as pa

    columns = dict(zip(table.column_names, table.columns, strict=True))
    commas = any(cells.has_decimal_commas(columns[name].slice(0, _SNIFF)) for name in raw)
    del table
    found: dict[str, Mapping[str, int]] = {}
    words: dict[str, Mapping[str, int]] = {}
    troubles: dict[str, Trouble] = {}
    for name in list(columns):
        column, wanted = decoded(columns[name]), marks.marks_of(name, missing)
        seen: dict[str, int] = {}
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            settled = cells.settle(
                name,
                column,
                raw=name in raw,
                exact=name in exact,
                decimal_comma=commas,
                words=marks.words_of(name, missing),
                marks=wanted,
            )
            column = settled.column
            notes += settled.notes
            seen |= settled.marked
            words[name] = settled.words
            if settled.trouble is not None:
                troubles[name] = settled.trouble
        elif pa.types.is_temporal(column.type):
            column = pa.chunked_array([dates.tidy(column.combine_chunks())])
        column = _without_nan(column)
        if wanted:
            column, more = marks.blank(column, wanted)
            seen = {mark: seen.get(mark, 0) + more.get(mark, 0) for mark in {**seen, **more}}
        found[name] = seen
        columns[name] = column
    notes += marks.words_notes(words)
    return pa.table(columns), found, troubles


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return floats with NaN as missing; some writers say it one way and some the other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    nan = pc.is_nan(column)
    return pc.if_else(nan, pa.scalar(None, column.type), column) if pc.any(nan).as_py() else column
