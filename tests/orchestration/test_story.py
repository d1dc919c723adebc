"""What a person meets in the UI: words for recordings, pictures, columns, header fields, tags on runs."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from audit_pipeline import pipeline
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.orchestration.checks import check_results
from audit_pipeline.orchestration.progress import LogProgress
from audit_pipeline.orchestration.run_tags import judged_tags, known_tags
from audit_pipeline.orchestration.schemas import MOST_COLUMNS, column_schema
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import Stage
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import StageRecord
from audit_pipeline.verdict_types import Finding, Level, Verdict


def materialized(audit, level: str = "pass") -> dict[str, dict]:
    result = audit.run(level)
    return {
        event.asset_key.path[-1]: dict(event.materialization.metadata)
        for event in result.get_asset_materialization_events()
    }


@pytest.mark.parametrize(("medium", "word"), [("image", "Images"), ("audio", "Sounds")])
def test_audits_of_recordings_say_what_they_look_at(medium: str, word: str, tmp_path: Path) -> None:
    spec = AuditSpec(
        name="scans", data=str(tmp_path / "t.csv"), label="disease", nuisance=("site",), **{medium: "pa`th"}
    )

    graph = audit_definitions(spec, store=AuditStore(root="audits")).resolve_asset_graph()

    described = {key.path[-1]: graph.get(key).description or "" for key in graph.materializable_asset_keys}
    assert f"{medium}_views" in described
    kinds = {key.path[-1]: graph.get(key).kinds for key in graph.materializable_asset_keys}
    assert {name for name, found in kinds.items() if medium in found} == {"dataset", f"{medium}_views"}
    assert "views" not in described
    assert all(text.startswith(f"**{word}**, one a record, named by the column `path`.") for text in described.values())
    assert "`file.*`" in described["dataset"]
    checks = {key.name: graph.get_check_spec(key).description or "" for key in graph.asset_check_keys}
    assert "`file.*`" in checks["finding_dataset"]


def test_an_audit_of_a_table_speaks_of_no_recordings(spec: AuditSpec) -> None:
    graph = audit_definitions(spec, store=AuditStore(root="audits")).resolve_asset_graph()

    told = [graph.get(key).description or "" for key in graph.materializable_asset_keys]
    told += [graph.get_check_spec(key).description or "" for key in graph.asset_check_keys]
    assert not [text for text in told if "file.*" in text or "**Images**" in text]


def test_the_verdict_has_pictures_figures_and_the_spec(audit) -> None:
    shown = materialized(audit, "fail")["verdict"]

    pictures = str(shown["pictures"].value)
    assert pictures.count("](data:image/svg+xml;base64,") == 2, "labels by level, and AUCs"
    assert "`site`: fail" in pictures
    assert (shown["severity"].value, shown["largest_V"].value, shown["records"].value) == (3, 0.5, 7)
    assert list(shown)[:3] == ["headline", "verdict", "findings"]
    verdict = dg.AssetKey(["audit", "my_audit", "verdict"])
    declared = audit.definitions().resolve_asset_graph().get(verdict).metadata
    assert declared["spec"].value == audit.spec.content()


def test_columns_stand_on_top_of_data_and_below_of_findings(tmp_path: Path) -> None:
    write_table(pa.table({"entry": ["file", "column"], "name": ["a.csv", "site"], "role": [None, "nuisance"], "kind": [None, "categorical"]}), tmp_path / "manifest.parquet")  # fmt: skip
    write_table(pa.table({f"f{i}": [0.0] for i in range(MOST_COLUMNS + 5)}), tmp_path / "view.parquet")
    write_table(pa.table({"probe": ["x"], "p_value": [0.5]}), tmp_path / "evidence.parquet")

    def schema(name: str, output: str, **options: str) -> dict:
        stage = Stage(name, (), (output,), "m:f", "", options=options)
        record = StageRecord(stage=name, key="k", inputs={}, outputs={}, content="c", folder=tmp_path)
        return dict(column_schema(stage, record))

    (data,) = schema("dataset", "manifest.parquet").items()
    assert data[0] == "dagster/column_schema"
    assert [(column.name, column.type, column.description) for column in data[1].columns] == [
        ("site", "categorical", "nuisance")
    ]
    assert len(schema("values", "view.parquet")["dagster/column_schema"].columns) == MOST_COLUMNS
    (found,) = schema("probe_x", "evidence.parquet", probe="x").items()
    assert found[0] == "columns"
    assert found[1].schema.columns[1].description == "Of the null hypothesis that the probe's page names"


def finding(column: str | None, level: Level) -> Finding:
    return Finding(
        column=column, role="nuisance", verdict=level, reason="confounded", headline=f"{column}.", next_step=""
    )


def dataset_check(*found: Finding, notes: tuple[str, ...] = ()) -> dg.AssetCheckResult:
    spec = AuditSpec(name="scans", data="t.csv", label="disease", nuisance=("site",), image="path")
    verdict = Verdict(
        dataset="scans",
        verdict="fail",
        headline="",
        findings=(finding("site", "fail"), *found),
        policy={},
        lineage={"notes": list(notes)},
    )
    results = check_results(spec, dg.AssetKey("verdict"), verdict, fail_on="fail")
    return next(result for result in results if result.check_name == "finding_dataset")


def test_header_columns_are_told_by_the_check_of_the_dataset() -> None:
    result = dataset_check(finding("file.jpeg_quality", "warn"), finding("file.width", "fail"), finding(None, "pass"))

    assert not result.passed
    told = "3 findings: 2 columns from headers (1 fail, 1 warn), 1 on the dataset as a whole (1 pass). The worst: file.width."
    assert result.description == told
    table = result.metadata["findings"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [row.data["column"] for row in table.records] == ["file.width", "file.jpeg_quality", "(dataset)"]
    assert str(result.metadata["file.jpeg_quality"].value).startswith("warn, confounded: file.jpeg_quality.")
    assert (result.metadata["findings_fail"].value, result.metadata["findings_warn"].value) == (1, 1)


def test_header_fields_that_became_no_column_are_told_too() -> None:
    note = "file.jpeg_tables parts the files exactly as site does, and is not audited again"

    result = dataset_check(notes=(note, "every record has a 'patient' of its own"))

    assert result.passed
    assert note in (result.description or "")
    assert result.metadata["headers_not_audited"].value == note


def test_a_single_finding_is_told_once() -> None:
    result = dataset_check(finding("file.width", "warn"))

    assert result.description == "file.width."
    assert "file.width" not in result.metadata


def test_names_of_strangers_load_no_pictures() -> None:
    evil = "file.![x](http://evil/x.png)"

    result = dataset_check(finding(evil, "warn"))

    assert "](" not in (result.description or "")
    assert "http://evil/x.png" in (result.description or ""), "shown all the same"


def test_runs_are_tagged(audit) -> None:
    result = audit.run("fail")

    run = audit.instance.get_run_by_id(result.run_id)
    assert run is not None
    tags = {name: value for name, value in run.tags.items() if not name.startswith(("dagster/", "."))}
    assert tags == {"dataset": "my_audit", "verdict": "fail", "spec_digest": audit.spec.digest()[:12]}
    assert audit.definitions().resolve_job_def("audit_my_audit").tags.items() >= known_tags(audit.spec).items()


def test_a_run_of_several_audits_has_the_verdict_of_each(spec: AuditSpec) -> None:
    tags: dict[str, str] = {}
    for name, level in (("a", "fail"), ("b", "pass"), ("c", "warn")):
        tags |= judged_tags(spec.model_copy(update={"name": name}), level, tags)  # type: ignore[arg-type]

    assert tags == {
        "dataset": "3 datasets",
        "spec_digest": "3 specs",
        "verdict": "fail",
        "audit/a": "fail",
        "audit/b": "pass",
        "audit/c": "warn",
    }


def test_long_work_is_told_every_twentieth() -> None:
    told: list[str] = []
    now = 0.0
    progress = LogProgress(told.append, clock=lambda: now)
    for step in range(100_001):
        now = step * 0.01
        progress("dataset", step, 100_000, "recordings")

    assert len(told) >= 21
    assert told[:3] == [f"dataset: {step:,} of 100,000, recordings" for step in (0, 3_000, 6_000)], "every 30 s"
    assert told[-1] == "dataset: 100,000 of 100,000, recordings"


@pytest.mark.parametrize(("seconds", "expected"), [(60.0, 21), (1.0, 2)])
def test_lines_are_a_twentieth_apart_and_never_a_flood(seconds: float, expected: int) -> None:
    told: list[str] = []
    now = 0.0
    progress = LogProgress(told.append, clock=lambda: now)
    for step in range(1_001):
        now = step * seconds / 1_000
        progress("dataset", step, 1_000, "recordings")

    assert len(told) == expected


def test_each_count_of_a_stage_begins_anew() -> None:
    told: list[str] = []
    now = 0.0
    progress = LogProgress(told.append, clock=lambda: now)
    for total, word in ((1_000, "recordings"), (8, "views")):
        for step in range(total + 1):
            now += 0.5
            progress("dataset", step, total, word)

    assert "dataset: 50 of 1,000, recordings" in told
    assert [line for line in told if "views" in line][-1] == "dataset: 8 of 8, views"
    assert len([line for line in told if "views" in line]) >= 2


def test_the_graph_names_what_it_did_before(spec: AuditSpec) -> None:
    names = {stage.node for stage in pipeline.graph(spec) if stage.node}
    assert names == {"views", "further_probes"}, "a node's new word needs a name for recordings too"
