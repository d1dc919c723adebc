"""One audit from spec to output folder, as ``run`` and ``demo`` make it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from audit_pipeline import lineage, pipeline
from audit_pipeline.report.progress import make_listener
from audit_pipeline.spec import load_spec
from audit_pipeline.store import Store
from audit_pipeline.verdict_types import Verdict, from_dict


@dataclass(frozen=True)
class Audit:
    """A finished audit: its verdict, where its files lie, and how long it took."""

    verdict: Verdict
    out: Path
    seconds: float


def audit(
    spec_path: Path,
    *,
    out: Path | None = None,
    cache: Path | None = None,
    workers: int | None = None,
    quiet: bool = False,
    summary: bool = True,
) -> Audit:
    """Audit a spec and publish the output folder.

    Parameters
    ----------
    out : default ``audits/<slug>`` below the current folder.
    cache : where results of stages are kept; default ``.store/<slug>`` beside ``out``.
    quiet : no progress on standard error.
    summary : tell at the end how long it took.

    Raises
    ------
    AuditError : the audit could not be made; the output folder is as it was.
    KeyboardInterrupt : the user pressed Ctrl-C; the output folder is as it was.
    """
    begin = time.monotonic()
    spec = load_spec(spec_path)
    out = Path("audits") / spec.slug if out is None else out
    pipeline.check_output_folder(out)
    store = Store(cache if cache is not None else out.absolute().parent / ".store" / spec.slug)
    with interruptible() as stop:
        stages = 0 if quiet else len(pipeline.graph(spec))
        with make_listener(
            sys.stderr, title=spec.name, total=stages, quiet=quiet, summary=summary, stop=stop
        ) as listener:
            run_info = {"data": lineage.whereabouts(spec, out)}
            records = pipeline.run(spec, store, workers=workers, listener=listener, run_info=run_info)
        verdict_record = records["verdict"]
        pipeline.publish(verdict_record, out)
    stored = json.loads((verdict_record.folder / "verdict.json").read_text(encoding="utf-8"))
    return Audit(verdict=from_dict(stored), out=out, seconds=time.monotonic() - begin)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Make Ctrl-C stop running stages at their next progress report, and a second Ctrl-C stop the program at once.

    The event is set at the first. Stages run in threads, which Python cannot interrupt; the listener looks at the event.
    """
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    # In the background of a script SIGINT is ignored, and it has to stay so; handlers belong to the main thread.
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def interrupted(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        # The progress display tells; writing from here could tear a line that is being written.
        stop.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
