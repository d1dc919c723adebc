"""Asking one probe about a table, with the stages that it needs and no others."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audit_pipeline import evidence, pipeline
from audit_pipeline.dataset.records import AuditData
from audit_pipeline.dataset.records import load as load_data
from audit_pipeline.evidence import Evidence
from audit_pipeline.models.predictions import Predictions, save
from audit_pipeline.parquet import write_table
from audit_pipeline.probes import ProbeInputs, registered
from audit_pipeline.spec import AuditSpec, parse_spec
from audit_pipeline.store import Store


def spec_for(path: Path, **keys: Any) -> AuditSpec:
    return parse_spec({"name": "asked", "data": str(path), "label": "ill", "nuisance": ["site"], **keys})


def ask(table: pa.Table, probe: str, **keys: Any) -> list[Evidence]:
    """Return the evidence of one probe; ``keys`` go into the spec."""
    with tempfile.TemporaryDirectory() as folder:
        write_table(table, Path(folder) / "data.parquet")
        spec = spec_for(Path(folder) / "data.parquet", **keys)
        stages = {stage.name: stage for stage in pipeline.graph(spec)}
        store, records = Store(Path(folder) / "store"), {}

        def make(name: str) -> None:
            for other in stages[name].inputs:
                if other not in records:
                    make(other)
            records[name] = pipeline.execute(stages[name], spec, store, records)

        make(f"probe_{probe}")
        return evidence.read(records[f"probe_{probe}"].folder / "evidence.parquet")


def ask_about_predictions(
    table: pa.Table, probe: str, proba: Mapping[str, np.ndarray], fold: np.ndarray, **keys: Any
) -> list[Evidence]:
    """Return the evidence of a probe that looks at predictions, with these: probabilities (n, classes) in the table's order."""
    with tempfile.TemporaryDirectory() as folder:
        write_table(table, Path(folder) / "data.parquet")
        spec = spec_for(Path(folder) / "data.parquet", **keys)
        stage = pipeline.graph(spec)[0]
        record = pipeline.execute(stage, spec, Store(Path(folder) / "store"), {})
        data: AuditData = load_data(record.folder)
        placed = Predictions(fold[data.row], {name: values[data.row] for name, values in proba.items()})
        save(Path(folder) / "baselines", placed, row=data.row, label=data.label, classes=data.classes)
        found = next(candidate for candidate in registered() if candidate.name == probe)
        folders = {"dataset": record.folder, "baselines": Path(folder) / "baselines"}
        return list(found.function(ProbeInputs(spec, folders, lambda done, total, message: None)))


def only(rows: list[Evidence], **wanted: str | None) -> Evidence:
    """Return the one row whose fields equal ``wanted``."""
    found = [row for row in rows if all(getattr(row, key) == value for key, value in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]
