"""Small collections of recordings for the tests: a few dozen files of a few hundred pixels, and a table beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from audit_pipeline import pipeline
from audit_pipeline.dataset.records import load_info
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.spec import AuditSpec, parse_spec
from audit_pipeline.store import Store
from tests.dataset.media.files import saved

SIDE = 24
SAME = ("evidence.parquet", "findings.parquet", "splits.parquet")
"""Outputs that the same input, spec and seed give byte for byte."""


def picture(seed: int, *, site: int = 0, ill: int = 0, side: int = SIDE) -> np.ndarray:
    """Return (side, side) grey values: noise, brighter at the second site, with a spot where the label is 1."""
    rng = np.random.default_rng([seed, 7])
    values = rng.normal(110 + 25 * site, 12, (side, side))
    values[side // 3 : side // 2, side // 3 : side // 2] += 30 * ill
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def write_pictures(folder: Path, n: int, *, kind: str = "PNG") -> dict[str, list[str]]:
    """Write ``n`` pictures below ``folder`` and return the columns of their table: path, ill, site."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(n)
    table: dict[str, list[str]] = {"path": [], "ill": [], "site": []}
    for number in range(n):
        site, ill = int(rng.integers(2)), number % 2
        name = f"{number:03d}.{kind.lower()}"
        (folder / name).write_bytes(saved(picture(number, site=site, ill=ill), kind))
        for column, value in zip(table, (name, "ny"[ill], "ab"[site]), strict=True):
            table[column].append(value)
    return table


def write_table(path: Path, columns: Mapping[str, Sequence[object]], order: Sequence[int] | None = None) -> None:
    """Write a CSV file, its rows in another order if one is given."""
    table = pa.table({name: list(values) for name, values in columns.items()})
    pyarrow.csv.write_csv(table if order is None else table.take(list(order)), path)


def spec_of(base: Path, **keys: object) -> AuditSpec:
    """Return a spec of images with one baseline; ``keys`` override."""
    common = {"name": "small", "data": "records.csv", "label": "ill", "image": "path", "baselines": ["linear"]}
    chosen = {key: value for key, value in (common | keys).items() if value is not None}
    return parse_spec(chosen, base=base)


def audit(spec: AuditSpec, root: Path, *, workers: int = 2) -> Path:
    """Audit, and return the output folder."""
    records = pipeline.run(spec, Store(root / "store"), workers=workers)
    pipeline.publish(records["verdict"], root / "out")
    assert all((root / "out" / name).is_file() for name in OUTPUT_FILES)
    return root / "out"


def take_in(spec: AuditSpec, root: Path) -> Path:
    """Run the stage ``dataset`` alone, and return its folder."""
    stage = pipeline.graph(spec)[0]
    return pipeline.execute(stage, spec, Store(root / "store"), {}).folder


def notes_of(folder: Path) -> str:
    """Return the notes of the stage ``dataset`` in one text."""
    return "\n".join(load_info(folder)["notes"])
