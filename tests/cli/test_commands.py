from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from audit_pipeline import __version__
from audit_pipeline.cli import main


def test_help_names_every_command_and_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [shown.index(f"\n  {name} ") for name in ("run", "demo", "report", "probes")]
    assert "Exit status" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"audit-pipeline {__version__}\n"


def test_entry_point() -> None:
    (entry,) = entry_points(group="console_scripts", name="audit-pipeline")
    assert entry.load() is main


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["rnu"], "did you mean 'run'?"),
        (["audit.yaml"], "audit-pipeline run audit.yaml"),
        (["run", "x.yaml", "--fail-n"], "--fail-on"),
        (["run", "x.yaml", "--fail-on", "pass"], "'fail', 'inconclusive', 'warn', 'never'"),
        (["run"], "SPEC"),
        (["_audit"], "there is no command"),
        (["os.path"], "there is no command"),
    ],
)
def test_a_wrong_call_says_what_is_right(arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert hint in shown.err
    assert shown.out == ""


def test_a_new_command_is_one_new_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from audit_pipeline import commands

    (tmp_path / "hello.py").write_text(
        "import click\nORDER = 5\n\n\n@click.command()\ndef command() -> int:\n    return 7\n", encoding="utf-8"
    )
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert main(["hello"]) == 7


def test_probes_lists_what_is_registered(capsys: pytest.CaptureFixture[str]) -> None:
    from audit_pipeline.probes import registered

    assert main(["probes"]) == 0
    shown = capsys.readouterr().out
    assert all(probe.name in shown for probe in registered())
    assert max(map(len, shown.splitlines())) <= 80
