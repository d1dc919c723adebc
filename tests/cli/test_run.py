from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import made_up_stages
import pytest

from audit_pipeline.cli import main
from audit_pipeline.errors import DataError
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.verdict_types import LEVELS, Level

HERE = Path(__file__).parent


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("fail_on", ["warn", "inconclusive", "fail", "never"])
def test_exit_status_is_one_from_fail_on_upwards(
    home: Path, monkeypatch: pytest.MonkeyPatch, level: Level, fail_on: str
) -> None:
    monkeypatch.setattr(made_up_stages, "level", level)
    expected = 0 if fail_on == "never" else int(LEVELS.index(level) >= LEVELS.index(fail_on))
    assert main(["run", "audit.yaml", "--fail-on", fail_on, "--quiet"]) == expected


def test_fail_is_the_default_threshold(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["run", "audit.yaml"]) == 1
    monkeypatch.setattr(made_up_stages, "level", "inconclusive")
    assert main(["run", "audit.yaml"]) == 0


def test_verdict_on_stdout_and_progress_on_stderr(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "audit.yaml"])
    shown = capsys.readouterr()
    assert "FAIL" in shown.out
    assert "site is a shortcut." in shown.out
    assert "exit 1" in shown.out
    assert "\x1b" not in shown.out + shown.err
    lines = shown.err.splitlines()
    assert lines[0].startswith("[1/2] look ")
    assert lines[1].startswith("[2/2] verdict ")
    assert lines[2].startswith("audited Made Up in ")
    assert len(lines) == 3
    assert max(map(len, shown.out.splitlines())) <= 80


def test_quiet_says_nothing_but_the_verdict(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "audit.yaml", "--quiet"])
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "FAIL" in shown.out


def test_default_folders(home: Path) -> None:
    main(["run", "audit.yaml"])
    assert sorted(path.name for path in (home / "audits/made_up").iterdir()) == sorted(OUTPUT_FILES)
    assert (home / "audits/.store/made_up/verdict/current").is_file()


def test_chosen_folders(home: Path) -> None:
    main(["run", "audit.yaml", "--out", "here/out", "--cache", "cache"])
    assert (home / "here/out/verdict.json").is_file()
    assert (home / "cache/verdict/current").is_file()
    assert not (home / "audits").exists()


def test_a_second_run_reuses_every_stage(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "audit.yaml"]) == 1
    capsys.readouterr()
    assert main(["run", "audit.yaml"]) == 1
    assert "2 of them reused" in capsys.readouterr().err
    assert made_up_stages.calls == ["look", "judge"]


def test_an_audit_error_is_told_in_full_and_writes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = DataError("is no number", file="data.csv", row=7, column="x", expected="a number", remedy="mend the cell")
    monkeypatch.setattr(made_up_stages, "error", error)
    assert main(["run", "audit.yaml", "--quiet"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "error: data.csv, row 7, column 'x': is no number\n  expected: a number\n  what to do: mend the cell\n"
    )
    assert not (home / "audits/made_up").exists()
    assert list((home / "audits").rglob(".tmp-*")) == []


def test_an_error_leaves_the_old_output_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", "audit.yaml"])
    before = {path.name: path.read_bytes() for path in (home / "audits/made_up").iterdir()}
    (home / "data.csv").write_text("label,site,x\na,north,1\n", encoding="utf-8")
    monkeypatch.setattr(made_up_stages, "error", DataError("too few", remedy="collect more"))
    assert main(["run", "audit.yaml"]) == 2
    assert {path.name: path.read_bytes() for path in (home / "audits/made_up").iterdir()} == before


def test_a_hostile_error_is_shown_as_text(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = DataError("bad \x1b[31m name\n\u202e", column="\x1b]0;x\x07", file="a\nb", remedy="rename\x1b[2J")
    monkeypatch.setattr(made_up_stages, "error", error)
    assert main(["run", "audit.yaml", "--quiet"]) == 2
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2


def test_an_unexpected_error_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(made_up_stages, "error", ZeroDivisionError("by\nzero"))
    assert main(["run", "audit.yaml", "--quiet"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert (
        shown.err
        == r"error: unexpected ZeroDivisionError: by\nzero (set AUDIT_PIPELINE_DEBUG=1 for the traceback)" + "\n"
    )
    monkeypatch.setenv("AUDIT_PIPELINE_DEBUG", "1")
    assert main(["run", "audit.yaml", "--quiet"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such spec file"),
        ("name: [", "not valid YAML"),
        ("name: x\ndata: data.csv\nlabel: label\nnuisanse: [site]\n", "did you mean 'nuisance'?"),
        ("name: x\ndata: gone.csv\nlabel: label\nnuisance: [site]\n", "gone.csv"),
    ],
)
def test_a_wrong_spec(home: Path, capsys: pytest.CaptureFixture[str], content: str | None, told: str) -> None:
    if content is not None:
        (home / "other.yaml").write_text(content, encoding="utf-8")
    assert main(["run", "other.yaml", "--quiet"]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "what to do:" in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_foreign_output_folder_is_refused_before_the_work(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine").mkdir()
    (home / "mine/thesis.tex").write_text("precious", encoding="utf-8")
    assert main(["run", "audit.yaml", "--out", "mine"]) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert made_up_stages.calls == []
    assert [path.name for path in (home / "mine").iterdir()] == ["thesis.tex"]


def test_an_interrupt_in_a_stage_exits_130(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(made_up_stages, "error", KeyboardInterrupt())
    assert main(["run", "audit.yaml", "--quiet"]) == 130
    shown = capsys.readouterr()
    assert "interrupted" in shown.err
    assert "Traceback" not in shown.err
    assert not (home / "audits/made_up").exists()


PRELUDE = "import sys, made_up_stages\nfrom audit_pipeline import cli, pipeline\n"


def _environment(**more: str) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in {"LC_ALL", "LANG", "PYTHONUTF8"}}
    return {**inherited, "PYTHONPATH": str(HERE), **more}


def test_ctrl_c_stops_a_running_stage_and_leaves_nothing_behind(home: Path) -> None:
    # A shell lets what it starts in the background ignore Ctrl-C, and children inherit that; this one is to hear it.
    hear = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    graph = "pipeline.graph = made_up_stages.waiting_graph\n"
    script = f"{hear}{PRELUDE}{graph}sys.exit(cli.main(['run', 'audit.yaml']))"
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert [path for path in (home / "audits").rglob("*") if path.is_file() or path.name.startswith(".tmp")] == []


SCRIPT = f"{PRELUDE}pipeline.graph = made_up_stages.graph\nsys.exit(cli.main(['run', 'audit.yaml', '--quiet']))"


@pytest.mark.parametrize("environment", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_ascii_terminals_get_ascii(home: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=_environment(**environment), capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert b"x FAIL" in done.stdout


def test_a_reader_that_goes_away_does_not_change_the_exit_status(home: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=_environment(), stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == ""
