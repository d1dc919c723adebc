from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import made_up_stages
import pytest

from audit_pipeline import demo
from audit_pipeline.cli import main
from audit_pipeline.demo import Case
from audit_pipeline.verdict_types import Level


def _write(path: Path, *, content: str) -> None:
    path.write_text(content, encoding="utf-8")


def case(name: str, expected: Level) -> Case:
    return Case(
        name=name,
        story=f"The story of {name}.",
        expected=expected,
        data_name="data.csv",
        spec=f"name: {name}\ndata: data.csv\nlabel: label\nnuisance: [site]\n",
        write_data=partial(_write, content="label,site,x\n" + f"{name},north,1\n" * 10),
    )


@pytest.fixture
def _cases(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "CASES", (case("one", "fail"), case("two", "fail")))


@pytest.mark.usefixtures("_cases")
def test_each_case_has_its_story_panel_and_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    shown = capsys.readouterr().out
    assert "The story of one." in shown
    assert "✘ FAIL  site" in shown
    assert "audits/demo/two" in shown
    assert "2 of 2 verdicts are as expected." in shown
    assert (home / "audits/demo/one/verdict.json").is_file()
    assert (home / "audits/demo/data/one/audit.yaml").is_file()
    assert max(map(len, shown.splitlines())) <= 80
    assert main(["demo"]) == 0


@pytest.mark.usefixtures("_cases")
def test_an_unexpected_verdict_is_marked_and_exits_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(made_up_stages, "level", "pass")
    assert main(["demo", "--out", "elsewhere"]) == 1
    assert "pass (!)" in capsys.readouterr().out


def test_the_right_verdict_for_another_reason_is_told_and_exits_1(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(case("one", "fail"), reasons={"site": "aliased"})
    monkeypatch.setattr(demo, "CASES", (other, case("two", "fail")))
    assert main(["demo"]) == 1
    shown = capsys.readouterr().out
    assert "fail (!)" in shown
    assert "one: site is confounded, expected aliased" in shown
    assert "1 of 2 verdicts are as expected." in shown


@pytest.mark.usefixtures("_cases")
def test_a_foreign_folder_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine").mkdir()
    (home / "mine/thesis.tex").write_text("precious", encoding="utf-8")
    assert main(["demo", "--out", "mine"]) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert [path.name for path in (home / "mine").iterdir()] == ["thesis.tex"]
