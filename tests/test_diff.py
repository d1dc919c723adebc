"""Two audits side by side: what got worse decides the exit status, everything that moved is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit_pipeline.cli import main
from audit_pipeline.comparison import Comparison, compare
from audit_pipeline.verdict_types import LEVELS, Finding, Level, Verdict
from tests.report.made_by_hand import EVIL

SITE = Finding(
    column="site",
    role="nuisance",
    verdict="warn",
    reason="weakly_confounded",
    headline="site is a weak shortcut.",
    next_step="Report it.",
    association_v=0.15,
    association_low=0.1,
    association_high=0.2,
    inflation=0.01,
    inflation_low=0.0,
    inflation_high=0.02,
    n=900,
    n_subjects=900,
)
AGE = Finding(
    column="age", role="covariate", verdict="pass", reason="covariate", headline="age reaches .6.", next_step="Nothing."
)
LINEAGE: dict[str, Any] = {
    "spec": {"label": "disease", "nuisance": ["site"], "folds": 5, "policy": {"alpha": 0.05}},
    "files": {"heart.csv": "a" * 64},
    "columns": {"site": {"role": "nuisance", "sha256": "b" * 64}, "age": {"role": "covariates", "sha256": "c" * 64}},
    "code": {"audit_pipeline": "0.1.0", "sha256": "d" * 64},
    "python": "3.11.1",
    "packages": {"numpy": "2.4.0"},
    "run": {"created": "2026-01-02T03:04:05+00:00"},
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes an audit's verdict into a folder of that name."""

    def written(name: str, *findings: Finding, lineage: dict[str, Any] | None = None, **changes: Any) -> Path:
        found = findings or (SITE, AGE)
        level = max((finding.verdict for finding in found), key=LEVELS.index)
        verdict = Verdict(
            dataset="heart",
            verdict=level,
            headline="H.",
            findings=found,
            policy={"alpha": 0.05},
            lineage=lineage or LINEAGE,
        )
        folder = tmp_path / name
        folder.mkdir()
        stored = replace(verdict, **changes).as_dict()
        (folder / "verdict.json").write_text(json.dumps(stored), encoding="utf-8")
        return folder

    return written


def directions(found: Comparison) -> dict[str | None, str]:
    return {change.finding.column: change.direction for change in found.findings}


def test_an_audit_and_itself(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write("a")
    assert compare(folder, folder).identical
    assert main(["diff", str(folder), str(folder / "verdict.json")]) == 0
    shown = capsys.readouterr().out
    assert "Nothing differs." in shown
    assert "unchanged: 2 findings (site, age)" in shown


@pytest.mark.parametrize("before", LEVELS)
@pytest.mark.parametrize("after", LEVELS)
def test_exit_status_is_one_if_a_verdict_got_worse(write: Write, before: Level, after: Level) -> None:
    folders = write("a", replace(SITE, verdict=before), AGE), write("b", replace(SITE, verdict=after), AGE)
    assert main(["diff", *map(str, folders)]) == int(LEVELS.index(after) > LEVELS.index(before))


def test_one_worse_finding_outweighs_better_ones(write: Write) -> None:
    before = write("a", replace(SITE, verdict="fail"), AGE)
    after = write("b", replace(SITE, verdict="pass"), replace(AGE, verdict="warn"))
    found = compare(before, after)
    assert directions(found) == {"age": "worse", "site": "better"}
    assert [change.finding.column for change in found.findings] == ["age", "site"], "worse first"
    assert main(["diff", str(before), str(after)]) == 1


def test_a_new_finding_is_worse_unless_it_passes(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    before = write("a", SITE)
    assert main(["diff", str(before), str(write("b", SITE, AGE))]) == 0
    assert "new → ✔ PASS  age" in capsys.readouterr().out
    leak = Finding(column=None, role="view", verdict="fail", reason="unrecorded", headline="L.", next_step="N.")
    assert main(["diff", str(before), str(write("c", SITE, leak))]) == 1
    shown = capsys.readouterr().out
    assert "new → ✘ FAIL  (whole dataset)  worse" in shown
    assert "1 finding got worse" in shown


def test_a_finding_that_is_gone_is_told_and_not_worse(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(write("a")), str(write("b", AGE))]) == 0
    shown = capsys.readouterr().out
    assert "▲ WARN → gone  site" in shown
    assert "is no longer judged" in shown


def test_a_column_that_was_declared_anew_is_told(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    declared = replace(SITE, role="covariate", verdict="pass", reason="covariate")
    assert main(["diff", str(write("a")), str(write("b", declared, AGE))]) == 0
    assert "is declared covariate now, nuisance before" in capsys.readouterr().out


def test_figures_that_moved_with_their_intervals(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    moved = replace(
        SITE,
        association_v=0.45,
        association_low=0.4,
        association_high=0.5,
        inflation=0.02,
        inflation_low=0.01,
        inflation_high=0.03,
        n=1200,
        separability_auc=0.7,
    )
    before, after = write("a"), write("b", moved, AGE)
    (change,) = (change for change in compare(before, after).findings if not change.unchanged)
    moves = {move.name: move for move in change.figures}
    assert set(moves) == {"association_v", "separability_auc", "inflation", "n"}
    assert moves["association_v"].overlap is False
    assert moves["inflation"].overlap is True
    assert moves["separability_auc"].before is None
    assert moves["separability_auc"].overlap is None
    assert main(["diff", str(before), str(after)]) == 0
    shown = capsys.readouterr().out
    lines = {line.split("  ")[1]: line for line in shown.splitlines() if line.startswith("  ")}
    assert "0.15 [0.10, 0.20]" in lines["association, V"]
    assert "0.45 [0.40, 0.50]" in lines["association, V"]
    assert lines["association, V"].endswith("apart")
    assert lines["inflation"].endswith("overlap")
    assert "not measured" in lines["readable, AUC"]
    assert "1,200" in lines["records"]
    assert max(map(len, shown.splitlines())) <= 80


def test_an_interval_that_moved_alone_is_a_move(write: Write) -> None:
    found = compare(write("a"), write("b", replace(SITE, association_high=0.3), AGE))
    assert [move.name for change in found.findings for move in change.figures] == ["association_v"]


def test_the_last_bits_of_a_figure_are_no_move(write: Write) -> None:
    assert compare(write("a"), write("b", replace(SITE, association_v=0.15 + 1e-15), AGE)).identical


def test_spec_policy_data_code_and_packages(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    other = {
        **LINEAGE,
        "spec": {**LINEAGE["spec"], "label": "death", "nuisance": ["site", "scanner"]},
        "files": {"heart.csv": "1" * 64, "more.csv": "2" * 64},
        "columns": {
            "site": {"role": "nuisance", "sha256": "3" * 64},
            "scanner": {"role": "nuisance", "sha256": "4" * 64},
        },
        "code": {"audit_pipeline": "0.2.0", "sha256": "5" * 64},
        "packages": {"numpy": "2.5.0", "scipy": "1.17"},
    }
    before, after = write("a"), write("b", lineage=other, policy={"alpha": 0.01})
    found = compare(before, after)
    assert found.same_data is False
    assert {change.name for change in found.columns} == {"site", "age", "scanner"}
    assert main(["diff", str(before), str(after)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for told in (
        "label: disease → death",
        "answers to two questions",
        "nuisance: site → site, scanner",
        "alpha: 0.05 → 0.01",
        "data files other content: heart.csv new: more.csv",
        "data columns other content: site new: scanner gone: age",
        "audit_pipeline: 0.1.0 → 0.2.0",
        "sha256: dddddddddddd… → 555555555555…",
        "numpy: 2.4.0 → 2.5.0",
        "scipy: not set, now 1.17",
        "The data differ",
    ):
        assert told in shown, told


def test_findings_about_the_whole_dataset_are_matched_one_by_one(write: Write) -> None:
    view = Finding(column=None, role="view", verdict="warn", reason="unrecorded", headline="One.", next_step="N.")
    both = view, replace(view, headline="Two.", n=7)
    assert compare(write("a", *both), write("b", *both)).identical
    found = compare(write("c", *both), write("d", both[0]))
    assert sorted(change.direction for change in found.findings) == ["same", "went"]


def test_json(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    worse = replace(SITE, verdict="fail", reason="confounded", association_v=0.4)
    assert main(["diff", str(write("a")), str(write("b", worse, AGE)), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["worse"] is True
    assert told["before"]["verdict"] == "warn"
    assert told["after"]["created"] == "2026-01-02T03:04:05+00:00"
    site = told["findings"][0]
    assert (site["column"], site["change"], site["before"]["verdict"], site["after"]["verdict"]) == (
        "site",
        "worse",
        "warn",
        "fail",
    )
    assert site["figures"] == [
        {
            "name": "association_v",
            "before": 0.15,
            "before_interval": [0.1, 0.2],
            "after": 0.4,
            "after_interval": [0.1, 0.2],
            "intervals_overlap": True,
        }
    ]
    assert told["policy"] == []


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"findings": 3}', '{"verdict": "good", "findings": []}'])
def test_no_comparison_exits_2(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    bad = tmp_path / "bad"
    if content is not None:
        bad.mkdir()
        (bad / "verdict.json").write_text(content, encoding="utf-8")
    assert main(["diff", str(write("a")), str(bad)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "bad/verdict.json" in shown.err
    assert "Traceback" not in shown.err


def test_hostile_names_are_shown_as_text(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    evil = replace(SITE, column=EVIL, headline=EVIL, verdict="fail")
    lineage = {**LINEAGE, **{group: {EVIL: EVIL} for group in ("files", "columns", "packages", "spec")}}
    assert main(["diff", str(write("a")), str(write("b", evil, AGE, lineage=lineage, dataset=EVIL))]) == 1
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_many_findings_stay_readable(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    many = [replace(SITE, column=f"column {i}", verdict="pass") for i in range(200)]
    worse = [replace(finding, verdict="fail") for finding in many[:50]] + many[50:]
    assert main(["diff", str(write("a", *many)), str(write("b", *worse))]) == 1
    shown = capsys.readouterr().out
    assert "50 findings got worse" in shown
    assert "and 38 more findings, all of them with --json" in shown
    assert "unchanged: 150 findings" in shown
    assert len(shown.splitlines()) < 60
