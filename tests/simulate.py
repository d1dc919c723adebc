"""Data with known truth, and the audit of it without the parts that a simulation does not need."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from audit_pipeline import evidence, pipeline
from audit_pipeline.parquet import write_table
from audit_pipeline.spec import parse_spec
from audit_pipeline.store import Store
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import Verdict

JUDGED_BY = ("dataset", "values", "views", "probe_design", "probe_sensor")


@dataclass(frozen=True)
class Truth:
    """Knobs of the generator; ``v``: association of label and site, ``sensor``: shift of a feature between sites."""

    n: int = 120
    levels: int = 2
    v: float = 0.0
    sensor: float = 0.0
    features: int = 6
    records_per_subject: int = 1
    noise_within_subject: float = 0.3


def generate(truth: Truth, rng: np.random.Generator) -> pa.Table:
    """Draw a table: subjects get a site, a label that depends on it by ``v``, features with effects of label and site."""
    m = truth.n // truth.records_per_subject
    site = rng.permutation(np.arange(m) % truth.levels)
    direction = np.linspace(-1, 1, truth.levels)
    direction /= np.sqrt(np.mean(direction**2))
    prevalence = 0.5 + truth.v * direction[site] / 2
    label = rng.random(m) < prevalence
    x = rng.standard_normal((m, truth.features))
    x[:, 0] += label
    x[:, 1] += truth.sensor * direction[site]
    repeat = np.repeat(np.arange(m), truth.records_per_subject)
    records = x[repeat]
    if truth.records_per_subject > 1:
        records = records + truth.noise_within_subject * rng.standard_normal(records.shape)
    table = {
        "person": [f"p{g}" for g in repeat],
        "ill": ["yes" if label[g] else "no" for g in repeat],
        "site": [f"s{site[g]}" for g in repeat],
    }
    table |= {f"x{j}": records[:, j] for j in range(truth.features)}
    return pa.table(table)


def audit(
    table: pa.Table,
    seed: int = 0,
    nuisance: tuple[str, ...] = ("site",),
    covariates: tuple[str, ...] = (),
    order: dict[str, list[str]] | None = None,
) -> Verdict:
    """Run the design and sensor probes over a table and judge."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.parquet"
        write_table(table, path)
        spec = parse_spec(
            {
                "name": "simulated",
                "data": str(path),
                "label": "ill",
                "subject": "person",
                "nuisance": list(nuisance),
                "covariates": list(covariates),
                "order": order or {},
                "seed": seed,
            }
        )
        store, records = Store(Path(folder) / "store"), {}
        for stage in pipeline.graph(spec):
            if stage.name in JUDGED_BY:
                records[stage.name] = pipeline.execute(stage, spec, store, records)
        rows = [
            row
            for name in ("probe_design", "probe_sensor")
            for row in evidence.read(records[name].folder / "evidence.parquet")
        ]
        return decide(spec.name, rows, spec.policy)
