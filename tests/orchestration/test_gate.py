"""The gate turns a run red; nothing else does, and a red run has written everything."""

from __future__ import annotations

import json
from collections.abc import Callable

import dagster as dg
import pytest

from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.verdict_types import Level


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def test_a_failed_gate_fails_the_run_after_everything_was_written(audit) -> None:
    result = audit.run("fail")

    assert not result.success
    checks = evaluations(result)
    assert not checks["gate"].passed
    assert checks["gate"].severity == dg.AssetCheckSeverity.ERROR
    assert "It is fail." in (checks["gate"].description or "")
    assert sorted(p.name for p in (audit.root / "my_audit").iterdir()) == sorted(OUTPUT_FILES)
    verdict = dg.AssetKey(["audit", "my_audit", "verdict"])
    assert audit.instance.get_latest_materialization_event(verdict) is not None


@pytest.mark.parametrize("level", ["pass", "warn", "inconclusive"])
def test_warnings_do_not_fail_the_run(audit, level: Level) -> None:
    result = audit.run(level)

    assert result.success
    checks = evaluations(result)
    assert checks["gate"].passed
    assert checks["finding_site"].passed == (level == "pass")
    assert checks["finding_site"].severity == dg.AssetCheckSeverity.WARN
    assert checks["finding_age"].passed


@pytest.mark.parametrize(
    ("fail_on", "level", "success"),
    [
        ("never", "fail", True),
        ("fail", "inconclusive", True),
        ("inconclusive", "inconclusive", False),
        ("inconclusive", "warn", True),
        ("warn", "warn", False),
        ("warn", "pass", True),
    ],
)
def test_fail_on_draws_the_line(audit, fail_on: str, level: Level, success: bool) -> None:
    assert audit.run(level, fail_on=fail_on).success is success


def test_findings_about_no_declared_column_have_a_check(audit) -> None:
    checks = evaluations(audit.run("inconclusive"))

    assert not checks["finding_dataset"].passed
    assert checks["finding_dataset"].severity == dg.AssetCheckSeverity.WARN
    assert evaluations(audit.run("pass"))["finding_dataset"].passed


def test_figures_of_a_check_are_numbers_and_absent_ones_are_left_out(audit) -> None:
    metadata = evaluations(audit.run("fail"))["finding_site"].metadata

    assert metadata["association_v"].value == 0.5
    assert metadata["n"].value == 7
    assert "inflation" not in metadata


def test_checks_of_columns_with_awkward_names_are_told_apart(make_audit: Callable) -> None:
    audit = make_audit(nuisance=("site", "Site!", "dataset", "年"), covariates=())

    assert set(evaluations(audit.run("pass"))) == {
        "gate",
        "finding_site",
        "finding_site_2",
        "finding_dataset",
        "finding_dataset_2",
        "finding_column",
    }


def test_the_verdict_says_which_run_made_it(audit) -> None:
    result = audit.run("pass")

    lineage = json.loads((audit.root / "my_audit" / "verdict.json").read_text(encoding="utf-8"))["lineage"]
    assert lineage["runner"] == "dagster"
    assert lineage["dagster_run_id"] == result.run_id
