"""Hand-made verdicts and output folders, kind and hostile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from made_by_hand import EVIL, LINEAGE, POLICY, WriteFolder, rows_about

from audit_pipeline import evidence
from audit_pipeline.evidence import Evidence
from audit_pipeline.parquet import write_table
from audit_pipeline.verdict_types import Finding, Verdict


@pytest.fixture
def site() -> Finding:
    return Finding(
        column="site",
        role="nuisance",
        verdict="fail",
        reason="confounded",
        headline="site is a shortcut to the label.",
        next_step="Record at least 40 more 'no' at site 'switzerland'.",
        notes=("The trees model is inflated by 0.07.",),
        association_v=0.413,
        association_low=0.35,
        association_high=0.47,
        metadata_auc=0.706,
        metadata_auc_low=0.67,
        metadata_auc_high=0.74,
        overlap=0.52,
        p_design=0.0005,
        p_sensor=0.01,
        p_adjusted=0.012,
        separability_auc=0.97,
        separability_low=0.95,
        separability_high=0.98,
        separability_probe="values/linear",
        auc_pooled=0.884,
        auc_adjusted=0.812,
        auc_adjusted_low=0.78,
        auc_adjusted_high=0.84,
        inflation=0.072,
        inflation_low=0.051,
        inflation_high=0.094,
        model="trees",
        n=920,
        n_subjects=918,
        min_detectable_v=0.109,
    )


@pytest.fixture
def age() -> Finding:
    return Finding(
        column="age",
        role="covariate",
        verdict="pass",
        reason="covariate",
        headline="age alone reaches AUC 0.65.",
        next_step="Nothing to repair.",
        association_v=0.28,
        metadata_auc=0.65,
        n=920,
    )


@pytest.fixture
def verdict(site: Finding, age: Finding) -> Verdict:
    # The harmless column first, so that an order is seen to be made.
    return Verdict(
        dataset="heart-disease", verdict="fail", headline="site is a shortcut.", findings=(age, site), policy=POLICY
    )


@pytest.fixture
def hostile() -> Verdict:
    bad = Finding(
        column=EVIL,
        role="nuisance",
        verdict="inconclusive",
        reason="undetermined",
        headline=f"Too little data to decide on {EVIL}.",
        next_step=f"Record more {EVIL}.",
        notes=(EVIL,),
        association_v=0.1,
        association_low=0.0,
        association_high=0.31,
        model=EVIL,
        separability_probe=EVIL,
    )
    others = tuple(replace(bad, column=f"column {i}", verdict="pass", reason="independent") for i in range(40))
    return Verdict(
        dataset=EVIL,
        verdict="inconclusive",
        headline=EVIL,
        findings=(bad, *others),
        policy=POLICY,
        lineage={EVIL: EVIL},
    )


@pytest.fixture
def write_folder(tmp_path: Path) -> WriteFolder:
    """Return a function that writes an output folder, as far as the page reads it."""

    def write(verdict: Verdict, rows: Sequence[Evidence] | None = None) -> Path:
        lineage = dict(verdict.lineage) or LINEAGE
        stored = json.dumps(replace(verdict, lineage=lineage).as_dict())
        (tmp_path / "verdict.json").write_text(stored, encoding="utf-8")
        rows = rows_about("site") if rows is None else rows
        evidence.write(tmp_path / "evidence.parquet", "d", [_storable(row) for row in rows])
        folds = pa.table(
            {"row": list(range(100)), "subject": [i // 2 for i in range(100)], "fold": [i // 2 % 5 for i in range(100)]}
        )
        facts = {"objective": 12.25, "lower_bound": 9.5, "optimal": False, "deviation": {"(label)": 3.25, "site": 9.0}}
        write_table(
            folds.replace_schema_metadata({"audit_pipeline.splits": json.dumps(facts)}), tmp_path / "splits.parquet"
        )
        entries = [
            {"entry": "file", "name": "heart.csv", "sha256": "ef" * 32, "bytes": 45_000, "rows": 920},
            {"entry": "column", "name": "site", "role": "nuisance", "kind": "categorical", "distinct": 4, "missing": 0},
        ]
        names = ("entry", "name", "role", "kind", "sha256", "bytes", "rows", "distinct", "missing")
        manifest = pa.Table.from_pylist([{name: entry.get(name) for name in names} for entry in entries])
        write_table(manifest, tmp_path / "manifest.parquet")
        return tmp_path

    return write


def _storable(row: Evidence) -> Evidence:
    """Lone surrogates cannot be in Parquet, though they can be in JSON."""

    def clean(text: str | None) -> str | None:
        return text.encode("utf-8", "replace").decode() if text is not None else None

    detail = {key: clean(value) if isinstance(value, str) else value for key, value in row.detail.items()}
    return replace(row, column=clean(row.column), view=clean(row.view), level=clean(row.level), detail=detail)
