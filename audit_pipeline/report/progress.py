"""Progress on standard error: bars in a terminal, a line a stage in a log, nothing when quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from audit_pipeline.report.console import make_console
from audit_pipeline.report.text import count, visible

if TYPE_CHECKING:
    from audit_pipeline.pipeline import Stage
    from audit_pipeline.store import StageRecord


class Quiet:
    """Says nothing, and stops a stage at its next report once ``stop`` is set."""

    def __init__(self, *, stop: threading.Event) -> None:
        self.stop = stop

    def started(self, stage: Stage) -> None:
        """A stage begins; called by the runner's own thread."""

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        """A stage moves on; called by the stage's thread, in which the exception unwinds its work."""
        if self.stop.is_set():
            raise KeyboardInterrupt

    def finished(self, stage: Stage, record: StageRecord) -> None:
        """A stage has ended; called by the runner's own thread."""


class _Counting(Quiet):
    """Keeps the time of each stage and the totals."""

    def __init__(self, *, stop: threading.Event, title: str, total: int) -> None:
        super().__init__(stop=stop)
        self.title = visible(title, limit=60)
        self.total = total
        self.done = 0
        self.reused = 0
        self.begin = time.monotonic()
        self._begun: dict[str, float] = {}

    def started(self, stage: Stage) -> None:
        self._begun[stage.name] = time.monotonic()

    def finished(self, stage: Stage, record: StageRecord) -> None:
        self.done += 1
        self.reused += record.reused

    def seconds(self, stage: Stage) -> float:
        return time.monotonic() - self._begun[stage.name]

    def summary(self) -> str:
        reused = f", {self.reused} of them reused" if self.reused else ""
        return f"audited {self.title} in {time.monotonic() - self.begin:.1f} s ({count(self.done, 'stage')}{reused})"


class Plain(_Counting):
    """One line a stage, when it has ended."""

    def __init__(self, stream: IO[str], *, stop: threading.Event, title: str, total: int) -> None:
        super().__init__(stop=stop, title=title, total=total)
        self.stream = stream

    def finished(self, stage: Stage, record: StageRecord) -> None:
        super().finished(stage, record)
        took = "reused" if record.reused else f"{self.seconds(stage):.1f} s"
        place = f"[{self.done:>{len(str(self.total))}}/{self.total}]"
        print(f"{place} {stage.name} {took}", file=self.stream, flush=True)


class Bars(_Counting):
    """A bar for the audit and one for each running stage; they disappear at the end."""

    def __init__(self, bars: Progress, *, stop: threading.Event, title: str, total: int) -> None:
        super().__init__(stop=stop, title=title, total=total)
        self.bars = bars
        self.whole = bars.add_task(f"auditing {self.title}", total=total)
        self.running: dict[str, TaskID] = {}

    def started(self, stage: Stage) -> None:
        super().started(stage)
        self.running[stage.name] = self.bars.add_task(f"  {_words(stage.name)}", total=None)

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        super().progress(stage, done, total, message)
        told = f"  {_words(stage)}" + (f": {visible(message, limit=40)}" if message else "")
        self.bars.update(self.running[stage], completed=done, total=total or None, description=told)

    def finished(self, stage: Stage, record: StageRecord) -> None:
        super().finished(stage, record)
        self.bars.remove_task(self.running.pop(stage.name))
        self.bars.advance(self.whole)


class _Stopping(ProgressColumn):
    """Says, once Ctrl-C was pressed, what is waited for: the display draws itself, so nobody has to print into it."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.stop = stop

    def render(self, task: Task) -> Text:
        return Text("stopping; again: now" if self.stop.is_set() and not task.id else "")


def _words(stage: str) -> str:
    return stage.replace("_", " ")


@contextmanager
def make_listener(
    stream: IO[str], *, title: str, total: int, quiet: bool, stop: threading.Event, summary: bool = True
) -> Iterator[Quiet]:
    """Yield the listener that suits the stream; with ``summary`` a line follows when the audit was made."""
    if quiet:
        yield Quiet(stop=stop)
        return
    console = make_console(stream)
    if not stream.isatty() or console.is_dumb_terminal:
        listener: _Counting = Plain(stream, stop=stop, title=title, total=total)
        yield listener
    else:
        ascii_only = console.options.ascii_only
        with Progress(
            SpinnerColumn("line" if ascii_only else "dots"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            _Stopping(stop),
            console=console,
            transient=True,
        ) as bars:
            listener = Bars(bars, stop=stop, title=title, total=total)
            yield listener
    if summary:
        print(listener.summary(), file=stream, flush=True)
