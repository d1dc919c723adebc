from __future__ import annotations

import io
import threading

import pytest

from audit_pipeline.pipeline import Stage
from audit_pipeline.report.progress import make_listener
from audit_pipeline.store import StageRecord

STAGE = Stage("probe_sensor", (), (), "x:y", "Looks.")
RECORD = StageRecord(stage="probe_sensor", key="k", inputs={}, outputs={}, content="c")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def _drive(stream: io.StringIO, *, stop: threading.Event | None = None) -> str:
    with make_listener(stream, title="a\x1b]0;b", total=1, quiet=False, stop=stop or threading.Event()) as listener:
        listener.started(STAGE)
        listener.progress("probe_sensor", 1, 3, "[red]site\x1b[2J\n")
        listener.progress("probe_sensor", 2, 0)
        listener.finished(STAGE, RECORD)
    return stream.getvalue()


def test_a_log_gets_a_line_a_stage() -> None:
    lines = _drive(io.StringIO()).splitlines()
    assert lines[0].startswith("[1/1] probe_sensor ")
    assert lines[1].startswith(r"audited a\x1b]0;b in ")
    assert len(lines) == 2


def test_a_terminal_gets_bars_and_no_codes_from_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = _drive(Terminal())
    assert "\x1b[" in shown
    assert "\x1b]0;" not in shown
    assert "\x1b[2J" not in shown


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in _drive(Terminal())


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_stage_stops_at_its_next_report_after_ctrl_c(stream: io.StringIO) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        _drive(stream, stop=stop)
