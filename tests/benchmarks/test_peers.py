"""The peers of the truth benchmark, as far as they can be tested without their environments."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.truth.peers import build, registry, runner
from benchmarks.truth.peers.__main__ import main
from benchmarks.truth.peers.kit.cases import CaseError, read_case, read_cases
from benchmarks.truth.peers.kit.rows import FAILED, Answer, Rows, no_answer
from benchmarks.truth.peers.registry import PEERS, Peer
from tests.benchmarks.peer_cases import write_case

NAMES = [peer.name for peer in PEERS]
ANALYST = registry.peer("careful_analyst")


@pytest.mark.parametrize("peer", PEERS, ids=NAMES)
def test_registry_says_everything_about_a_peer(peer: Peer) -> None:
    """Each text is there, the version is pinned, and it answers questions that exist."""
    assert peer.script.is_file()
    assert re.fullmatch(r"\d+(\.\d+)+", peer.version)
    assert all(len(text) > 20 for text in (peer.alarm, peer.score, peer.fair))
    assert peer.licence
    assert "confounding" in peer.answers
    assert set(peer.answers) <= set(registry.QUESTIONS)


def test_every_folder_with_a_script_is_registered_once() -> None:
    """Nothing is built that the documentation does not name."""
    assert sorted(path.parent.name for path in registry.HERE.glob("*/run.py")) == sorted(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("peer", PEERS, ids=NAMES)
def test_requirements_pin_every_version(peer: Peer) -> None:
    """A peer of next year must be the peer of today."""
    lines = [line for line in peer.requirements.read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+", line) for line in lines)


def test_nothing_that_runs_in_a_peers_environment_imports_this_project() -> None:
    """Their environments hold neither ``audit_pipeline`` nor the rest of the benchmark."""
    for path in [*registry.HERE.glob("*/*.py")]:
        tree = ast.parse(path.read_text())
        modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
        assert not {module for module in modules if module.split(".")[0] in {"audit_pipeline", "benchmarks", "tests"}}


def test_table_has_a_row_for_each_peer() -> None:
    """The page of the documentation prints it as it is."""
    lines = registry.markdown().splitlines()
    assert len(lines) == len(PEERS) + 2
    assert {line.count("|") for line in lines} == {8}


def test_unknown_peer_is_refused_with_the_known_ones() -> None:
    """A mistyped name must not run nothing."""
    with pytest.raises(ValueError, match="careful_analyst"):
        registry.peer("careless_analyst")


def test_case_keeps_what_was_written(tmp_path: Path) -> None:
    """The contract: columns, kinds and question come back, and the table has them."""
    case = read_case(write_case(tmp_path, "one", n=40, columns=2, number="nuisance", seed=3))
    assert (case.id, case.label_kind, case.question, case.seed) == ("one", "classes", "confounding", 3)
    assert case.nuisance == {"c0": "number", "c1": "number"}
    assert {*case.features, *case.nuisance, case.label} <= set(case.frame().columns)


def test_date_that_is_declared_a_number_is_read_as_days(tmp_path: Path) -> None:
    """No peer takes a date as a number."""
    path = write_case(tmp_path, "one", n=4, number="nuisance")
    days = pd.to_datetime(["2024-03-02", "2024-03-01", None, "2024-03-04"])
    pd.read_parquet(path.with_suffix(".parquet")).assign(c0=days).to_parquet(path.with_suffix(".parquet"))
    read = read_case(path).frame()["c0"]
    np.testing.assert_array_equal(read, [1.0, 0.0, np.nan, 3.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label_kind": "ordinal"}, "'label_kind' is 'ordinal'"),
        ({"nuisance": ["c0"]}, "'nuisance'"),
        ({"nuisance": {"c0": "text"}}, "'nuisance'"),
        ({"features": []}, "'features'"),
        ({"question": "fairness"}, "'question' is 'fairness'"),
        ({"seed": -1}, "'seed' is -1"),
        ({"id": "two"}, "'id' is 'two'"),
        ({"answer": "clean"}, "unknown field 'answer'"),
    ],
)
def test_case_out_of_contract_is_refused_by_field(tmp_path: Path, change: dict[str, object], said: str) -> None:
    """Also a field too many: the truth must not be handed to the peers."""
    path = write_case(tmp_path, "one", n=20)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CaseError, match=re.escape(said)) as error:
        read_case(path)
    assert str(path) in str(error.value)


def test_case_with_a_missing_field_table_or_column_is_refused(tmp_path: Path) -> None:
    """The message names what is missing."""
    path = write_case(tmp_path, "one", n=20)
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in fields.items() if name != "seed"}))
    with pytest.raises(CaseError, match="'seed' is missing"):
        read_case(path)
    path.write_text(json.dumps(fields | {"features": ["x0", "x99"]}))
    with pytest.raises(CaseError, match="no column 'x99'"):
        read_case(path).frame()
    path.with_suffix(".parquet").unlink()
    with pytest.raises(CaseError, match=r"one\.parquet"):
        read_case(path)
    with pytest.raises(CaseError, match="no case here"):
        read_cases(tmp_path / "nowhere")


def test_answer_is_whole_or_reasoned() -> None:
    """A score without an alarm, an answer that is none without a reason, and a score that cannot be ranked."""
    for score, alarm, reason in [(0.5, None, ""), (None, None, ""), (None, True, "why"), (0.5, True, "why")]:
        with pytest.raises(ValueError, match="an answer"):
            Answer(score, alarm, reason)
    with pytest.raises(ValueError, match="finite"):
        Answer(float("nan"), False)


def test_rows_come_back_unless_case_or_code_changed(tmp_path: Path) -> None:
    """A resumed run takes over what is still true."""
    rows = Rows(tmp_path / "rows.parquet", "code")
    rows.add("a", "1", Answer(0.25, True), 1.5)
    rows.add("b", "2", no_answer("because"), 0.5)
    rows.save()
    again = Rows(tmp_path / "rows.parquet", "code")
    again.keep_only({"a": "1", "b": "changed"})
    assert "a" in again
    assert "b" not in again
    assert len(Rows(tmp_path / "rows.parquet", "other code")) == 0
    table = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert table[0] == {"case": "a", "score": 0.25, "alarm": True, "seconds": 1.5, "reason": ""}
    assert table[1] == {"case": "b", "score": None, "alarm": None, "seconds": 0.5, "reason": "because"}


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, runner.Outcome]:
    """Return cases, rows and outcome of the analyst's script, run as every peer is, in our own environment."""
    cases = tmp_path_factory.mktemp("cases")
    write_case(cases, "readable", n=200, sensor=1.5, seed=2)  # seed 0 is one of the 5% that chance associates
    write_case(cases, "associated_invisible", n=200, association=0.7)
    write_case(cases, "confounded", n=200, association=0.7, sensor=1.5)
    write_case(cases, "confounded_numbers", n=200, association=0.6, sensor=1.5, number="label nuisance")
    write_case(cases, "leaking", n=300, question="leakage", copies=20)
    write_case(cases, "tight", n=300, question="leakage")
    write_case(cases, "unrecorded", question="unrecorded")
    out = cases.parent / "rows" / "analyst.parquet"
    return cases, out, runner.run(ANALYST, Path(sys.executable), cases, out)


def test_careful_analyst_is_right_on_plain_cases(analysed: tuple[Path, Path, runner.Outcome]) -> None:
    """A readable column alone is no alarm; what it cannot judge, it says.

    A column that is associated and left no trace is an alarm, wrongly: the label gives it away, which the registry says.
    """
    _, out, outcome = analysed
    assert outcome.problem == ""
    assert outcome.failed == ()
    rows = pd.read_parquet(out).set_index("case")
    alarms = {"confounded", "confounded_numbers", "leaking", "associated_invisible"}
    answered = rows[rows["score"].notna()]
    assert set(answered.index[answered["alarm"].astype(bool)]) == alarms
    assert rows.loc["confounded", "score"] > rows.loc["associated_invisible", "score"] > rows.loc["readable", "score"]
    assert np.isnan(rows.loc["unrecorded", "score"])
    assert rows.loc["unrecorded", "reason"]
    assert rows.loc["leaking", "score"] == pytest.approx(40 / 320)


def test_resume_asks_only_about_new_and_changed_cases(
    analysed: tuple[Path, Path, runner.Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows that stand are not touched, down to the seconds they took."""
    cases, out, _ = analysed
    before = pd.read_parquet(out).set_index("case")
    write_case(cases, "unrecorded", question="unrecorded", seed=5)
    write_case(cases, "another", question="unrecorded")
    capsys.readouterr()
    outcome = runner.run(ANALYST, Path(sys.executable), cases, out)
    asked = re.findall(r"\d+/\d+ (\w+)", capsys.readouterr().err)
    after = pd.read_parquet(out).set_index("case")
    assert sorted(asked) == ["another", "unrecorded"]
    assert outcome.answered == 6
    same = before.index.difference(["unrecorded"])
    pd.testing.assert_frame_equal(after.loc[same], before.loc[same])


def peer_that(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """Return the analyst with another script, at the same depth below the kit."""
    import dataclasses

    (folder / "odd").mkdir()
    (folder / "kit").symlink_to(registry.HERE / "kit")
    (folder / "odd" / "run.py").write_text(script)
    monkeypatch.setattr(registry, "HERE", folder)
    return dataclasses.replace(ANALYST, name="odd")


ODD = """
import sys
from pathlib import Path
sys.path.append(str(Path(__file__).parents[1]))
from kit.main import main
from kit.rows import Answer
def ask(case, frame):
    {body}
main(ask, __file__)
"""


def test_error_and_endless_work_of_a_peer_are_rows_and_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad case must neither end the run nor look like an answer, even if the peer catches every exception."""
    body = """if case.id == 'bad': raise KeyError('no such level')
    import time
    while case.id == 'slow':
        try: time.sleep(60)
        except Exception: pass
    return Answer(1.0, True)"""
    peer = peer_that(ODD.format(body=body), tmp_path, monkeypatch)
    for name in ("bad", "good", "slow"):
        write_case(tmp_path, name, n=20)
    outcome = runner.run(peer, Path(sys.executable), tmp_path, tmp_path / "out.parquet", limit=0.5)
    assert (outcome.answered, outcome.alarms, outcome.problem) == (1, 1, "")
    errors = {f"{FAILED}KeyError: 'no such level'": 1, f"{FAILED}no answer within 0.5 s": 1}
    assert dict(outcome.failed) == errors
    assert "1 FAILED: KeyError" in str(outcome)


def test_peer_that_cannot_run_is_a_problem_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No environment, and a script that breaks as a whole: neither may pass as silence."""
    write_case(tmp_path, "one", n=20)
    peer = peer_that("raise SystemExit('no such library')", tmp_path, monkeypatch)
    outcome = runner.run(peer, Path(sys.executable), tmp_path, tmp_path / "out.parquet")
    assert "no such library" in outcome.problem
    assert "NOT RUN" in str(outcome)
    monkeypatch.undo()
    assert main(["run", str(tmp_path), str(tmp_path), "--envs", str(tmp_path / "none"), "--peer", "fairlearn"]) == 1
    assert "build the peers' environments first" in capsys.readouterr().out


def test_environment_is_current_until_its_requirements_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built once; a build that failed leaves no stamp, and its error has pip's words."""

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        (tmp_path / "fairlearn").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, int("pip" in command and broken), "", "no matching distribution")

    ran: list[list[str]] = []
    peer, broken = registry.peer("fairlearn"), True
    monkeypatch.setattr(build.subprocess, "run", pip)
    with pytest.raises(build.BuildError, match="no matching distribution"):
        build.build(peer, tmp_path)
    assert not build.is_current(peer, tmp_path)
    broken = False
    build.build(peer, tmp_path)
    assert build.is_current(peer, tmp_path)
    assert len(ran) == 4
    build.build(peer, tmp_path)
    assert len(ran) == 4
    (tmp_path / "fairlearn" / build.STAMP).write_text("of older requirements")
    assert not build.is_current(peer, tmp_path)
