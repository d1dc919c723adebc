"""Small tables and how to read them, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audit_pipeline import pipeline
from audit_pipeline.dataset.files import find
from audit_pipeline.dataset.read import Loaded, load_table
from audit_pipeline.errors import DataError
from audit_pipeline.spec import AuditSpec, parse_spec
from audit_pipeline.store import Store

ROWS = 24


def small(rows: int = ROWS, **changed: object) -> pa.Table:
    """Return a table that can be audited; ``changed`` columns replace its own, None removes one."""
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {
        "ill": (["yes", "no"] * rows)[:rows],
        "site": (["a", "a", "b", "b"] * rows)[:rows],
        "x": rng.standard_normal(rows).tolist(),
        "colour": (["red", "green", "blue"] * rows)[:rows],
        "flag": ([True, False] * rows)[:rows],
    }
    columns |= changed
    return pa.table({name: values for name, values in columns.items() if values is not None})


def spec_for(path: Path | str, **keys: object) -> AuditSpec:
    """Return a spec for :func:`small`."""
    return parse_spec({"name": "t", "data": str(path), "label": "ill", "nuisance": ["site"], **keys})


def read(path: Path | str, tmp_path: Path, **keys: object) -> pipeline.StageRecord:
    """Run the stage ``dataset``."""
    stage = pipeline.graph(spec_for(path, **keys))[0]
    return pipeline.execute(stage, spec_for(path, **keys), Store(tmp_path / "store"), {})


def refused(path: Path | str, tmp_path: Path, **keys: object) -> DataError:
    """Run the stage ``dataset``, which must refuse, and leave nothing half-written."""
    with pytest.raises(DataError) as caught:
        read(path, tmp_path, **keys)
    assert caught.value.remedy
    assert not [file for file in (tmp_path / "store").rglob("*") if file.is_file()], "nothing half-written"
    return caught.value


def notes(record: pipeline.StageRecord) -> str:
    """Return the notes of the stage as one text."""
    return "\n".join(record.summary["notes"])


def to_text(table: pa.Table, path: Path, delimiter: str = ",") -> Path:
    """Write csv or tsv."""
    import pyarrow.csv as csv

    csv.write_csv(table, path, csv.WriteOptions(delimiter=delimiter))
    return path


def load(tmp_path: Path, content: str | bytes, *, name: str = "t.csv", **keys: object) -> Loaded:
    """Write a file and read it, with nothing but the reader."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_table(find([str(path)]), **keys)  # type: ignore[arg-type]
