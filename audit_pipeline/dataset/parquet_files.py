"""Reading Parquet, whose columns say what they are."""

from __future__ import annotations

import re

from audit_pipeline.dataset.files import DataFile
from audit_pipeline.dataset.json_lines import flattened
from audit_pipeline.dataset.piece import MAX_CELLS, MAX_COLUMNS, Piece
from audit_pipeline.errors import DataError

_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(file: DataFile) -> Piece:
    """Read one file.

    Raises
    ------
    DataError : its footer announces more than a machine holds.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(file.local) as parquet:
        # A few bytes can announce billions of equal values; the footer says so before they are unpacked.
        rows, columns = parquet.metadata.num_rows, parquet.metadata.num_columns
        if rows * columns > MAX_CELLS or columns > MAX_COLUMNS:
            raise DataError(
                f"the file holds {rows:,} rows of {columns:,} columns",
                file=file.shown,
                expected=f"at most {MAX_CELLS:,} values and {MAX_COLUMNS:,} columns",
                remedy="audit a sample of subjects, or fewer columns",
            )
        table = parquet.read()
    table.validate(full=True)  # nothing else looks at whether texts are UTF-8
    index = [name for name in table.column_names if _INDEX.fullmatch(name)]
    notes = (f"{file.name}: the index that pandas stored as {index[0]} was left out",) if index else ()
    return Piece(file, flattened(table.drop_columns(index)), notes=notes)
