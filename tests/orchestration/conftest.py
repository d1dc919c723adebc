from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import fake_stages
import pytest

from audit_pipeline import pipeline
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.spec import AuditSpec
from audit_pipeline.verdict_types import Level


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def spec(tmp_path: Path) -> AuditSpec:
    data = tmp_path / "table.csv"
    data.write_text("site,age\n", encoding="utf-8")
    return AuditSpec(name="My Audit", data=str(data), label="disease", nuisance=("site",), covariates=("age",))


@dataclass
class Audit:
    """An audit of fake stages under a root of its own."""

    spec: AuditSpec
    root: Path
    instance: dg.DagsterInstance
    monkeypatch: pytest.MonkeyPatch

    def definitions(self, level: Level = "pass", **options: Any) -> dg.Definitions:
        self.monkeypatch.setattr(pipeline, "graph", lambda spec: fake_stages.graph(level))
        return audit_definitions(self.spec, store=AuditStore(root=str(self.root)), **options)

    def run(
        self, level: Level = "pass", *, stages: Sequence[str] | None = None, **options: Any
    ) -> dg.ExecuteInProcessResult:
        definitions = self.definitions(level, **options)
        keys = [dg.AssetKey(["audit", self.spec.slug, stage]) for stage in stages] if stages is not None else None
        job = definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=self.instance, asset_selection=keys, raise_on_error=False)


@pytest.fixture
def make_audit(
    spec: AuditSpec, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Audit]:
    def make(**changes: Any) -> Audit:
        return Audit(spec.model_copy(update=changes), tmp_path / "audits", instance, monkeypatch)

    return make


@pytest.fixture
def audit(make_audit: Callable[..., Audit]) -> Audit:
    return make_audit()
