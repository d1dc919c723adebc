"""A view: a float matrix with named columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 16_384
"""Records that are held at a time where a few of very many are read."""


@dataclass(frozen=True)
class View:
    """A view of the recordings.

    Parameters
    ----------
    name : e.g. ``values``.
    matrix : (n, p) float64 (float32 until it is stored, for recordings), NaN for missing, rows in canonical order.
    columns : p names.
    """

    name: str
    matrix: np.ndarray
    columns: tuple[str, ...]


def save(folder: Path, view: View) -> None:
    """Write ``view.parquet``; columns are stored by position, names in the schema's metadata."""
    import pyarrow as pa

    from audit_pipeline.parquet import write_table

    arrays = {
        f"{position}:{name}": pa.array(view.matrix[:, position], _kind(view))
        for position, name in enumerate(view.columns)
    }
    write_table(pa.table(arrays), folder / "view.parquet")


def load(folder: Path, name: str) -> View:
    """Read ``view.parquet``."""
    from audit_pipeline.parquet import read_table

    return _view(name, read_table(folder / "view.parquet"))


def load_rows(folder: Path, rows: np.ndarray) -> np.ndarray:
    """Return some records (m, p) of ``view.parquet``, in ascending positions ``rows``, without holding all of them."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(folder / "view.parquet")
    out = np.empty((len(rows), len(file.schema_arrow.names)))
    start = done = 0
    for batch in file.iter_batches(batch_size=_BATCH):
        inside = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
        for position, column in enumerate(batch.columns if len(inside) else ()):
            out[done : done + len(inside), position] = column.to_numpy(zero_copy_only=False)[inside]
        done, start = done + len(inside), start + batch.num_rows
    return out


def save_part(path: Path, view: View, kept: np.ndarray) -> None:
    """Write a view of some of the records; ``kept`` are their positions in canonical order, ascending."""
    import pyarrow as pa

    from audit_pipeline.parquet import write_table

    arrays = {"kept": pa.array(kept, pa.int64())}
    arrays |= {
        f"{position}:{name}": pa.array(view.matrix[:, position], _kind(view))
        for position, name in enumerate(view.columns)
    }
    write_table(pa.table(arrays), path)


def load_part(path: Path) -> tuple[View, np.ndarray]:
    """Read what :func:`save_part` wrote: the view, and the positions of its records."""
    from audit_pipeline.parquet import read_table

    table = read_table(path)
    return _view(path.stem, table.drop_columns(["kept"])), table.column("kept").to_numpy()


def _kind(view: View) -> pa.DataType:
    """Return the type of a view's numbers: what is seen of a recording takes half the room."""
    import pyarrow as pa

    return pa.float32() if view.matrix.dtype == np.float32 else pa.float64()


def _view(name: str, table: pa.Table) -> View:
    matrix = np.empty((table.num_rows, table.num_columns))
    for position in range(table.num_columns):
        matrix[:, position] = table.column(position).to_numpy()
    return View(name, matrix, tuple(column.split(":", 1)[1] for column in table.column_names))
