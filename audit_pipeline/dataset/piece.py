"""What a reader of one kind of file returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit_pipeline.dataset.files import DataFile

if TYPE_CHECKING:
    import pyarrow as pa

MAX_COLUMNS = 100_000
MAX_CELLS = 2_000_000_000
"""Rows times columns; as numbers these are 16 gigabytes."""

MAX_CELL = 1 << 20
"""Bytes of text in one cell."""

BLOCK = 1 << 23
"""Bytes that Arrow parses at a time, and therefore the longest row."""


@dataclass(frozen=True)
class Piece:
    """One file as a table.

    Parameters
    ----------
    raw : columns that are text only because the file holds nothing else; what they mean has yet to be found out.
    notes : what was done with the file as a whole.
    """

    file: DataFile
    table: pa.Table
    raw: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
