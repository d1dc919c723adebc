"""The asset over all audits: it reads folders, asks no audit to run, and is red where one fails."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import fake_stages
import pytest

from audit_pipeline import pipeline
from audit_pipeline.orchestration import AuditStore, audit_definitions, portfolio_definitions
from audit_pipeline.orchestration.portfolio_tables import verdict_lines
from audit_pipeline.portfolio import Entry, Member, Standing
from audit_pipeline.portfolio.history import HISTORY, read_history
from audit_pipeline.spec import AuditSpec

KEY = dg.AssetKey(["audit", "portfolio"])


class Project:
    """Two audits of fake stages and their portfolio, below a root of their own."""

    def __init__(self, spec: AuditSpec, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.specs = {"one": spec.model_copy(update={"name": "one"}), "two": spec.model_copy(update={"name": "two"})}
        self.root = root
        self.monkeypatch = monkeypatch
        self.fail_on = "fail"

    def definitions(self, level: str = "pass") -> dg.Definitions:
        self.monkeypatch.setattr(pipeline, "graph", lambda spec: fake_stages.graph(level))  # type: ignore[arg-type]
        store = AuditStore(root=str(self.root))
        audits = dg.Definitions.merge(
            *(audit_definitions(spec, store=store, fail_on=self.fail_on) for spec in self.specs.values())  # type: ignore[arg-type]
        )
        return dg.Definitions.merge(audits, portfolio_definitions(audits))

    def run(self, job: str, instance: dg.DagsterInstance, level: str = "pass") -> dg.ExecuteInProcessResult:
        resolved = self.definitions(level).resolve_job_def(job)
        return resolved.execute_in_process(instance=instance, raise_on_error=False)


@pytest.fixture
def project(spec: AuditSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(spec, tmp_path / "audits", monkeypatch)


def shown(result: dg.ExecuteInProcessResult) -> dict[str, dg.MetadataValue]:
    (event,) = result.get_asset_materialization_events()
    assert event.asset_key == KEY, "no audit was asked to run"
    return dict(event.materialization.metadata)


def rows(value: dg.MetadataValue) -> list[dict]:
    assert isinstance(value, dg.TableMetadataValue)
    return [dict(row.data) for row in value.records]


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def test_it_stands_below_every_verdict_in_a_group_of_its_own(project: Project) -> None:
    node = project.definitions().resolve_asset_graph().get(KEY)

    assert node.parent_keys == {dg.AssetKey(["audit", name, "verdict"]) for name in ("one", "two")}
    assert node.group_name == "portfolio"


def test_before_any_audit_ran_it_says_so(project: Project, instance: dg.DagsterInstance) -> None:
    result = project.run("portfolio", instance)

    assert result.success
    facts = shown(result)
    assert facts["summary"].value == "2 audits: 2 without a verdict."
    assert [row["dataset"] for row in rows(facts["verdicts"])] == ["one", "two"]
    found = checks(result)
    assert found["no_audit_fails"].passed
    assert not found["every_audit_was_run"].passed
    assert "one (never run); two (never run)" in (found["every_audit_was_run"].description or "")
    assert not (project.root / HISTORY).exists()


def test_it_tells_verdicts_and_what_they_were_before(project: Project, instance: dg.DagsterInstance) -> None:
    project.run("audit_one", instance, "fail")
    first = project.run("portfolio", instance)
    project.run("audit_one", instance, "pass")
    second = project.run("portfolio", instance)

    assert first.success, "the gate of the audit has failed already, and nothing hangs below the portfolio"
    assert not checks(first)["no_audit_fails"].passed
    assert checks(first)["no_audit_fails"].severity == dg.AssetCheckSeverity.ERROR
    assert checks(first)["no_audit_fails"].description == "Failed: one."
    assert checks(second)["no_audit_fails"].passed

    facts = shown(second)
    assert facts["summary"].value == "2 audits: 1 pass, 1 without a verdict."
    (one, two) = rows(facts["verdicts"])
    assert (one["dataset"], one["verdict"], one["V"], one["n"]) == ("one", "pass", "0.50", 7)
    assert two["verdict"] == "never\u00a0run"
    assert [row["before"] for row in rows(facts["origins"])] == ["fail"]
    assert (facts["audits_pass"].value, facts["audits_fail"].value, facts["largest_V"].value) == (1, 0, 0.5)
    assert str(facts["trend"].value).startswith("![Verdicts over time, one row an audit](data:image/svg+xml;base64,")
    assert [row.verdict for row in read_history(project.root / HISTORY)] == ["fail", "pass"]


def test_its_data_version_changes_with_verdicts_only(project: Project, instance: dg.DagsterInstance) -> None:
    def version(result: dg.ExecuteInProcessResult) -> str:
        (event,) = result.get_asset_materialization_events()
        return (event.materialization.tags or {})["dagster/data_version"]

    versions = [version(project.run("portfolio", instance)) for _ in range(2)]
    project.run("audit_two", instance, "warn")
    versions.append(version(project.run("portfolio", instance)))

    assert versions[0] == versions[1] != versions[2]


def test_it_holds_each_audit_to_its_own_line(project: Project, instance: dg.DagsterInstance) -> None:
    project.fail_on = "never"
    project.run("audit_one", instance, "fail")

    assert checks(project.run("portfolio", instance))["no_audit_fails"].passed


def test_a_verdict_on_another_spec_is_outdated(project: Project, instance: dg.DagsterInstance) -> None:
    for job in ("audit_one", "audit_two"):
        project.run(job, instance)
    project.specs["two"] = project.specs["two"].model_copy(update={"label": "another"})
    told = checks(project.run("portfolio", instance))["every_audit_was_run"]

    assert not told.passed
    assert told.description == "Materialise: two (judged at an unknown time, its spec has changed since)."


def test_a_broken_history_stops_it_in_the_users_words(project: Project, instance: dg.DagsterInstance) -> None:
    project.run("audit_one", instance)
    (project.root / HISTORY).write_text("rows", encoding="utf-8")

    result = project.run("portfolio", instance)

    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert failed.step_failure_data.user_failure_data is not None
    assert "what to do: restore it from a backup" in (failed.step_failure_data.user_failure_data.description or "")


def test_strangers_texts_are_no_markup() -> None:
    evil = "![x](http://evil/x.png) | <img src=x> `code` [link](http://evil)"
    entry = Entry(
        slug="a", dataset=evil, version="1", created="", verdict="fail", headline=evil, column=None,
        association_v=None, inflation=None, n=None, spec="", code="", release="",
    )  # fmt: skip

    last = verdict_lines([Standing(member=Member(dataset=evil, slug="a"), entry=entry)]).splitlines()[-1]

    bare = last.replace("\\\\", "").replace("\\|", "")
    assert bare.count("|") == 4, "three cells"
    for sign in "![]()<>`":
        assert sign not in last.replace(f"\\{sign}", "")
