"""A view: a float matrix with named columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class View:
    """A view of the recordings.

    Parameters
    ----------
    name : e.g. ``values``.
    matrix : (n, p) float64, NaN for missing, rows in canonical order.
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
        f"{position}:{name}": pa.array(view.matrix[:, position], pa.float64())
        for position, name in enumerate(view.columns)
    }
    write_table(pa.table(arrays), folder / "view.parquet")


def load(folder: Path, name: str) -> View:
    """Read ``view.parquet``."""
    from audit_pipeline.parquet import read_table

    table = read_table(folder / "view.parquet")
    matrix = np.empty((table.num_rows, table.num_columns))
    for position in range(table.num_columns):
        matrix[:, position] = table.column(position).to_numpy()
    return View(name, matrix, tuple(column.split(":", 1)[1] for column in table.column_names))
