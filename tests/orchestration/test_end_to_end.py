"""The built-in cases through Dagster with the real stages: the verdicts that their stories promise."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest

from audit_pipeline import pipeline
from audit_pipeline.demo import CASES, Case, get_case
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.orchestration.nodes import data_version, nodes
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.spec import load_spec
from audit_pipeline.store import Store

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_reaches_its_verdict(case: Case, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    spec = load_spec(case.write(tmp_path / "data"))
    definitions = audit_definitions(spec, store=AuditStore(root=str(tmp_path / "audits")))

    result = definitions.resolve_job_def(f"audit_{case.name}").execute_in_process(
        instance=instance, raise_on_error=False
    )

    out = tmp_path / "audits" / case.name
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUT_FILES)
    verdict = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] == case.expected
    assert case.reasons.items() <= {finding["column"]: finding["reason"] for finding in verdict["findings"]}.items()
    assert result.success == (case.expected != "fail")
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks["gate"] == (case.expected != "fail")
    assert len(checks) == 2 + len(spec.nuisance) + len(spec.covariates)


def test_dagster_and_the_plain_runner_compute_the_same(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    spec = load_spec(get_case("clinic_balanced").write(tmp_path / "data"))
    definitions = audit_definitions(spec, store=AuditStore(root=str(tmp_path / "audits")))
    result = definitions.resolve_job_def("audit_clinic_balanced").execute_in_process(instance=instance)

    plain = pipeline.run(spec, Store(tmp_path / "plain"))

    versions = {
        event.asset_key.path[-1]: (event.materialization.tags or {})["dagster/data_version"]
        for event in result.get_asset_materialization_events()
    }
    assert versions == {node.name: data_version(node, plain) for node in nodes(pipeline.graph(spec))}
