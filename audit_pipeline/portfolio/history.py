"""What verdicts were before: one row each time that an audit came to another one, in a Parquet file that only grows.

Output folders hold the current verdict, and the store a few former ones until others push them out. This file keeps what
was seen there. It is replaced as a whole in one step, so a reader sees the old rows or the new ones; when two processes
add to it at once, the rows of the slower one are found again in the store the next time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from audit_pipeline.errors import DataError
from audit_pipeline.leftovers import remove_abandoned, unfinished
from audit_pipeline.parquet import read_table, write_table
from audit_pipeline.portfolio.entries import Entry, Standing, former

if TYPE_CHECKING:
    import pyarrow as pa

HISTORY = "history.parquet"
"""The file, beside the output folders."""


def update_history(found: Iterable[Standing], root: Path) -> list[Entry]:
    """Add what is new below ``root`` to the history, and return all of it, each audit's rows in the order of its verdicts.

    New is a verdict that the history has not, and a current one that differs from the last: an audit that goes from fail to
    pass and back to the same fail has three rows, while running it again without a change adds none.

    Raises
    ------
    DataError : the file is there and no history.
    """
    path = root / HISTORY
    rows = read_history(path)
    added = [entry for standing in found for entry in _new(standing, rows, root)]
    if added:
        rows = [*rows, *added]
        _write(rows, path)
    return rows


def read_history(path: Path) -> list[Entry]:
    """Return the rows, oldest first; none if there is no file.

    Raises
    ------
    DataError : the file cannot be read, or lacks a column.
    """
    import pyarrow as pa

    if not path.exists():
        return []
    names = [field.name for field in fields(Entry)]
    try:
        stored = read_table(path, names).to_pylist()
        return [Entry(**row) for row in stored]
    except (OSError, pa.ArrowException, TypeError) as error:
        raise DataError(
            f"is no history of verdicts ({type(error).__name__})",
            file=path,
            remedy="restore it from a backup, or move it away: a new one begins with the verdicts that the store still has",
        ) from error


def _new(standing: Standing, rows: Sequence[Entry], root: Path) -> list[Entry]:
    own = [row for row in rows if row.slug == standing.member.slug]
    known = {row.version for row in own}
    current = standing.entry
    added: list[Entry] = []
    for entry in former(standing.member, root):
        if entry.version not in known and (current is None or entry.version != current.version):
            known.add(entry.version)
            added.append(entry)
    # Last, whatever its date: a verdict that came back from the store bears the date of its first time.
    last = (added or own)[-1].version if added or own else None
    if current is not None and current.version != last:
        added.append(current)
    return added


def _write(rows: Sequence[Entry], path: Path) -> None:
    import pyarrow as pa

    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=_schema())
    with unfinished(path.parent, f".{path.name}") as fresh:
        write_table(table, fresh)
        os.replace(fresh, path)
    remove_abandoned(path.parent.glob(f".{path.name}-*"))


def _schema() -> pa.Schema:
    import pyarrow as pa

    kinds = {"association_v": pa.float64(), "inflation": pa.float64(), "n": pa.int64()}
    return pa.schema([(field.name, kinds.get(field.name, pa.string())) for field in fields(Entry)])
