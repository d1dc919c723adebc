"""Parquet in and out, the same bytes for the same content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def write_table(table: pa.Table, path: Path) -> None:
    """Write an Arrow table so that equal content gives equal bytes.

    Chunks are combined first: chunk borders come from how the table was built and would move Parquet's page borders.
    """
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table.combine_chunks(),
        path,
        compression="zstd",
        version="2.6",
        data_page_version="1.0",
        row_group_size=262_144,
        store_schema=True,
    )


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file that this package wrote."""
    import pyarrow.parquet as pq

    # A file, not a dataset: without this, folder names such as `a=1` in the path would turn into columns.
    return pq.read_table(path, columns=columns, partitioning=None)
