"""What materialising a stage records, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from audit_pipeline import digests
from audit_pipeline.orchestration.resources import AuditStore

STAGES = ("dataset", "probe_fake", "probe_first", "probe_second", "verdict")


def key(stage: str) -> dg.AssetKey:
    return dg.AssetKey(["audit", "my_audit", stage])


def materializations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetMaterialization]:
    return {event.asset_key.path[-1]: event.materialization for event in result.get_asset_materialization_events()}


def versions(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {name: (m.tags or {})["dagster/data_version"] for name, m in materializations(result).items()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    events = [event for event in result.all_events if event.is_step_failure]
    assert len(events) == 1
    data = events[0].step_failure_data
    assert data.user_failure_data is not None
    return data.user_failure_data.description or ""


def test_data_versions_are_digests_of_content(audit) -> None:
    result = audit.run("pass")

    store = AuditStore(root=str(audit.root)).store("my_audit")
    found = versions(result)
    contents = {stage: current.content for stage in STAGES if (current := store.current(stage))}
    shared = {stage: contents.pop(stage) for stage in ("probe_first", "probe_second")}
    assert found == {**contents, "further_probes": digests.of_value(shared)}
    assert len(set(found.values())) == 4


def test_metadata_tells_the_facts(audit) -> None:
    shown = materializations(audit.run("fail"))

    dataset = shown["dataset"].metadata
    assert dataset["records"].value == 1
    assert [row.data for row in dataset["classes"].records] == [{"name": "yes", "value": 3}, {"name": "no", "value": 4}]
    assert dataset["dagster/row_count"].value == 1
    assert "empty" not in dataset
    assert shown["probe_fake"].metadata["evidence"].records[0].data["estimate"] == "0.50 [0.40, 0.60]"
    verdict = shown["verdict"].metadata
    assert verdict["headline"].value == "It is fail."
    assert [row.data["column"] for row in verdict["findings"].records] == ["site", "age"]
    assert verdict["finding_site"].value == "fail, confounded: site is fail Collect more."
    assert verdict["report"].value == str(audit.root / "my_audit" / "report.html")


def test_a_second_run_reuses_every_result(audit) -> None:
    audit.run("pass")
    again = materializations(audit.run("pass"))

    shared = again.pop("further_probes").metadata["stages"]
    assert [row.data["computed"] for row in shared.records] == ["reused", "reused"]
    assert all("reused" in str(m.metadata["computed"].value) for m in again.values())


def test_a_node_of_several_probes_shows_each(audit) -> None:
    shown = materializations(audit.run("pass"))["further_probes"].metadata

    rows = [row.data for row in shown["stages"].records]
    assert rows == [{"stage": name, "rows": 1, "computed": "in this run"} for name in ("first", "second")]
    assert [row.data["column"] for row in shown["second"].records] == ["site"]
    assert shown["dagster/row_count"].value == 2
    described = audit.definitions().resolve_asset_graph().get(key("further_probes")).description or ""
    assert described.splitlines()[-2:] == ["- **first**: Asks the first.", "- **second**: Asks the second."]


def test_the_log_says_which_probe_of_a_node_is_at_work(audit) -> None:
    result = audit.run("pass")

    lines = [entry.user_message for entry in audit.instance.all_logs(result.run_id)]
    told = [line for line in lines if line.startswith(("probe_first", "probe_second"))]
    assert told == [
        "probe_first, 1 of 2 in further_probes: Asks the first.",
        "probe_first: 0 of 1, asking",
        "probe_second, 2 of 2 in further_probes: Asks the second.",
        "probe_second: 0 of 1, asking",
    ]


def test_a_failure_within_a_node_names_the_probe_and_keeps_what_was_finished(audit) -> None:
    Path(audit.spec.data).write_text("no second", encoding="utf-8")
    assert "(in probe_second, 2 of 2 in further_probes)" in failure(audit.run("pass"))

    store = AuditStore(root=str(audit.root)).store("my_audit")
    assert store.current("probe_first") is not None
    assert store.current("probe_second") is None
    assert "audit/my_audit/further_probes, which has no result yet" in failure(audit.run("pass", stages=["verdict"]))


def test_progress_is_throttled(audit) -> None:
    result = audit.run("pass", stages=["dataset"])

    lines = [entry.user_message for entry in audit.instance.all_logs(result.run_id)]
    assert 1 <= len([line for line in lines if line.startswith("dataset: ")]) <= 5


def test_missing_upstream_says_what_to_materialise_first(audit) -> None:
    result = audit.run("pass", stages=["verdict"])

    assert not result.success
    assert "audit/my_audit/dataset, which has no result yet" in failure(result)
    assert (
        'materialise audit/my_audit/dataset first, or both with all between them: the selection `+key:"audit/my_audit/verdict"`'
        in failure(result)
    )


def test_upstream_of_another_spec_is_refused(audit) -> None:
    audit.run("pass")
    audit.spec = audit.spec.model_copy(update={"label": "another"})

    assert "audit/my_audit/dataset, which was made from other data, another spec or other code" in failure(
        audit.run("pass", stages=["verdict"])
    )


def test_upstream_of_changed_data_is_refused(audit) -> None:
    audit.run("pass")
    Path(audit.spec.data).write_text("site,age\nmore,than before\n", encoding="utf-8")

    assert "was made from other data" in failure(audit.run("pass", stages=["verdict"]))


def test_an_audit_error_is_a_failure_in_the_users_words(audit) -> None:
    Path(audit.spec.data).write_text("broken", encoding="utf-8")

    message = failure(audit.run("pass", upstream=["raw/table"]))

    assert message.startswith(f"{audit.spec.data}, row 3: the table is broken\n  what to do: mend it")
    assert "made by raw/table" in message


def test_a_foreign_output_folder_is_refused_before_any_work(audit) -> None:
    (audit.root / "my_audit").mkdir(parents=True)
    (audit.root / "my_audit" / "thesis.docx").write_text("dear", encoding="utf-8")

    result = audit.run("pass")

    assert "thesis.docx" in failure(result)
    assert not materializations(result)
    assert (audit.root / "my_audit" / "thesis.docx").exists()


def test_the_root_can_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_ROOT", str(tmp_path / "elsewhere"))
    seen: list[Path] = []

    @dg.asset
    def look(audit_store: AuditStore) -> None:
        seen.append(audit_store.output_folder("heart"))

    dg.materialize([look], resources={"audit_store": AuditStore(root=dg.EnvVar("AUDIT_ROOT"))})
    assert seen == [tmp_path / "elsewhere" / "heart"]
