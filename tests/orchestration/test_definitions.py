"""Keys, groups, dependencies, job and schedule of an audit."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest

from audit_pipeline import pipeline
from audit_pipeline.errors import SpecError
from audit_pipeline.orchestration import AuditStore, audit_definitions, forkserver_executor
from audit_pipeline.orchestration.keys import column_slugs
from audit_pipeline.orchestration.nodes import code_version, nodes
from audit_pipeline.orchestration.progress import LogProgress
from audit_pipeline.spec import AuditSpec


def shape(definitions: dg.Definitions) -> dict[str, tuple[str, set[str]]]:
    graph = definitions.resolve_asset_graph()
    return {
        key.to_user_string(): (
            graph.get(key).group_name,
            {parent.to_user_string() for parent in graph.get(key).parent_keys},
        )
        for key in graph.materializable_asset_keys
    }


def test_the_assets_of_an_audit(audit) -> None:
    assert shape(audit.definitions(upstream=["raw/table"])) == {
        "audit/my_audit/dataset": ("my_audit", {"raw/table"}),
        "audit/my_audit/probe_fake": ("my_audit", {"audit/my_audit/dataset"}),
        "audit/my_audit/further_probes": ("my_audit", {"audit/my_audit/dataset"}),
        "audit/my_audit/verdict": (
            "my_audit",
            {"audit/my_audit/dataset", "audit/my_audit/probe_fake", "audit/my_audit/further_probes"},
        ),
    }


def test_prefix_group_owners_and_tags_are_the_users(audit) -> None:
    definitions = audit.definitions(
        key_prefix=["lab", "eu"], group="hearts", owners=["team:data"], tags={"tier": "gold"}
    )

    assert shape(definitions)["lab/eu/my_audit/dataset"] == ("hearts", set())
    spec = definitions.resolve_asset_graph().get(dg.AssetKey(["lab", "eu", "my_audit", "dataset"]))
    assert spec.owners == ["team:data"]
    assert spec.tags["tier"] == "gold"


def test_real_stages_become_assets(spec: AuditSpec) -> None:
    graph = nodes(pipeline.graph(spec))

    found = shape(audit_definitions(spec, store=AuditStore(root="audits")))

    assert found == {
        f"audit/my_audit/{node.name}": ("my_audit", {f"audit/my_audit/{name}" for name in node.inputs})
        for node in graph
    }
    assert all(len(node.kinds) <= 3 for node in graph), "Dagster shows three kinds at most"


def test_the_verdict_declares_gate_columns_and_dataset(audit) -> None:
    checks = audit.definitions().resolve_asset_graph().asset_check_keys

    assert {key.name for key in checks} == {"gate", "finding_site", "finding_age", "finding_dataset"}
    assert {key.asset_key.path[-1] for key in checks} == {"verdict"}


def test_a_schedule_is_created_stopped_and_in_utc(make_audit: Callable) -> None:
    definitions = make_audit(schedule="0 6 * * 1").definitions()

    schedule = definitions.resolve_schedule_def("audit_my_audit_schedule")
    assert schedule.cron_schedule == "0 6 * * 1"
    assert schedule.execution_timezone == "UTC"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "audit_my_audit"


def test_no_schedule_unless_asked_for(audit) -> None:
    definitions = audit.definitions()

    assert not list(definitions.schedules or [])
    assert definitions.resolve_job_def("audit_my_audit").executor_def is dg.in_process_executor


def test_the_executor_can_be_chosen(audit) -> None:
    job = audit.definitions(executor=forkserver_executor(max_concurrent=3)).resolve_job_def("audit_my_audit")

    assert job.executor_def.name == "forkserver"


def test_two_audits_share_a_store(spec: AuditSpec) -> None:
    store = AuditStore(root="audits")
    other = spec.model_copy(update={"name": "other"})

    merged = dg.Definitions.merge(audit_definitions(spec, store=store), audit_definitions(other, store=store))

    assert {group for group, _ in shape(merged).values()} == {"my_audit", "other"}


def test_code_versions_follow_what_a_stage_reads(spec: AuditSpec) -> None:
    graph = {node.name: node for node in nodes(pipeline.graph(spec))}
    seed, features = (spec.model_copy(update=update) for update in ({"seed": 1}, {"features": ("x",)}))

    def follows(name: str, changed: AuditSpec) -> bool:
        return code_version(graph[name], spec) != code_version(graph[name], changed)

    assert [name for name in graph if not follows(name, seed)] == ["dataset"]
    assert follows("views", features), "the second of its stages does not read them, the first one does"
    assert not follows("further_probes", features)


@pytest.mark.parametrize(("name", "options"), [("heart", {"fail_on": "failed"})])
def test_wrong_settings_are_explained(spec: AuditSpec, name: str, options: dict) -> None:
    with pytest.raises(SpecError, match="what to do"):
        audit_definitions(spec.model_copy(update={"name": name}), **options)


def test_column_slugs_are_identifiers_and_unlike_each_other() -> None:
    assert column_slugs(["Site", "site!", "x", "年"], taken=["x"]) == {
        "Site": "site",
        "site!": "site_2",
        "x": "x_2",
        "年": "column",
    }


def test_progress_tells_the_first_and_the_last_step() -> None:
    told: list[str] = []
    now = 0.0
    progress = LogProgress(told.append, every=5.0, clock=lambda: now)

    for step in range(101):
        now = step * 0.1
        progress("probe_sensor", step, 100, "site")

    assert told == [
        "probe_sensor: 0 of 100, site",
        "probe_sensor: 50 of 100, site",
        "probe_sensor: 100 of 100, site",
    ]
