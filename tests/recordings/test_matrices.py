"""Matrices come back from their files as they were, whole or in part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from audit_pipeline.recordings.matrices import ROW_GROUP, read_look, write_look


@pytest.mark.parametrize("kind", ["<f4", ">f4", "u1", "i1", "<f8"])
@pytest.mark.parametrize("shape", [(0, 3), (0, 0), (5, 0), (1, 1), (7, 3)])
def test_what_was_written_is_read(tmp_path: Path, kind: str, shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(0).normal(0, 50, shape).astype(kind)
    write_look(tmp_path / "look.parquet", matrix)
    found = read_look(tmp_path / "look.parquet")
    assert found.dtype == np.dtype(kind).newbyteorder("<")
    assert found.shape == shape
    assert np.array_equal(found, matrix)


def test_row_groups_are_bounded(tmp_path: Path) -> None:
    matrix = np.arange(3 * (ROW_GROUP + 5), dtype=np.float32).reshape(-1, 3)
    matrix[ROW_GROUP, 1] = np.nan
    write_look(tmp_path / "look.parquet", matrix)
    assert pq.ParquetFile(tmp_path / "look.parquet").metadata.num_row_groups == 2
    assert np.array_equal(read_look(tmp_path / "look.parquet"), matrix, equal_nan=True)
    for some in ([0, ROW_GROUP - 1, ROW_GROUP, ROW_GROUP + 4], [ROW_GROUP + 1], [], [5, 5]):
        asked = np.array(some, dtype=np.int64)
        assert np.array_equal(read_look(tmp_path / "look.parquet", asked), matrix[asked], equal_nan=True)


def test_equal_matrices_are_equal_files(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    write_look(tmp_path / "a.parquet", matrix)
    write_look(tmp_path / "b.parquet", np.asfortranarray(matrix))
    write_look(tmp_path / "c.parquet", np.repeat(matrix, 2, axis=0)[::2])
    assert len({(tmp_path / f"{name}.parquet").read_bytes() for name in "abc"}) == 1
