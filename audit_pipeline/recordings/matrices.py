"""What was seen of many recordings as a file: a matrix in Parquet whose rows are bytes, which no other type comes near in speed.

Lists of numbers take ten times as long to write and to read, and bytes in lists are held as integers of 32 bits meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

ROW_GROUP = 8_192
"""Rows that are held at a time while a file is read: whoever reads some of the records needs not hold all of them."""

_KIND = b"audit_pipeline.kind"


def write_look(path: Path, matrix: np.ndarray) -> None:
    """Write a matrix (n, p): a column ``values`` of little-endian rows, and in the schema's metadata numpy's name for their numbers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    n, p = matrix.shape
    kind = matrix.dtype.newbyteorder("<")
    rows = np.ascontiguousarray(matrix, dtype=kind)
    # A row of no bytes is no type that Parquet has.
    width = max(1, p * kind.itemsize)
    buffer = pa.py_buffer(rows.data.cast("B")) if rows.size else pa.py_buffer(bytes(n))
    column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), n, [None, buffer])
    schema = pa.schema([("values", column.type)], metadata={_KIND: f"{kind.str} {p}"})
    table = pa.Table.from_arrays([column], schema=schema)
    # No two rows are equal, so that neither a dictionary nor the smallest and the largest tell anything.
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=ROW_GROUP,
        version="2.6",
        use_dictionary=False,
        write_statistics=False,
    )


def read_look(path: Path, positions: np.ndarray | None = None) -> np.ndarray:
    """Read what :func:`write_look` wrote: (n, p), of all records or those at ascending positions."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    name, width = file.schema_arrow.metadata[_KIND].decode().split()
    kind, p = np.dtype(name), int(width)
    wanted = np.arange(file.metadata.num_rows) if positions is None else positions
    out = np.empty((len(wanted), p), dtype=kind)
    start = done = 0
    for group in range(file.metadata.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        inside = wanted[(wanted >= start) & (wanted < stop)] - start
        if len(inside) and p:
            column = file.read_row_group(group).column(0).combine_chunks()
            rows = np.frombuffer(column.buffers()[1], dtype=kind, count=len(column) * p, offset=column.offset * p)
            out[done : done + len(inside)] = rows.reshape(len(column), p)[inside]
        done += len(inside)
        start = stop
    return out
