"""The command line of every peer's script: ``run.py CASES OUT.parquet``."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from .cases import Case, CaseError, read_cases
from .rows import FAILED, Answer, Rows, no_answer

if TYPE_CHECKING:
    import pandas as pd

Ask = Callable[[Case, "pd.DataFrame"], Answer]

SAVE_EVERY_S = 10.0
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


def main(ask: Ask, script: str, arguments: list[str] | None = None) -> None:
    """Ask a peer about every case of a folder that has no row yet, one thread, with progress on stderr.

    Parameters
    ----------
    ask : the peer. An error is a row like any other, with its message as the reason: it must not end the run.
    script : the peer's file; its folder and the kit are digested, so that rows of older code are not taken over.
    """
    parser = argparse.ArgumentParser(description="Ask a peer about a folder of cases; one row a case; resumes.")
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path, help="Parquet file of case, score, alarm, seconds, reason")
    parser.add_argument("--limit", type=float, default=600, metavar="S", help="seconds a case may take (600)")
    parser.add_argument("--memory", type=float, default=12, metavar="GB", help="address space it may take (12)")
    given = parser.parse_args(arguments)
    for name in THREADS:  # before numpy is loaded
        os.environ[name] = "1"
    warnings.filterwarnings("ignore")  # of the peers' libraries, on purpose: what they say is in the row
    bytes_allowed = int(given.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (bytes_allowed, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        cases = read_cases(given.cases)
    except CaseError as error:
        sys.exit(str(error))
    name = Path(script).resolve().parent.name
    rows = Rows(given.out, code_digest(Path(script)))
    rows.keep_only({case.id: case.digest for case in cases})
    waiting = [case for case in cases if case.id not in rows]
    _say(f"{name}: {len(cases)} cases, {len(rows)} answered before")
    saved = time.monotonic()
    try:
        for done, case in enumerate(waiting, start=len(rows) + 1):
            answer, seconds = answer_of(ask, case, given.limit)
            rows.add(case.id, case.digest, answer, seconds)
            said = answer.reason or f"score {answer.score:.4g}{', alarm' if answer.alarm else ''}"
            _say(f"{name}: {done}/{len(cases)} {case.id} {seconds:.1f} s: {said}")
            if time.monotonic() - saved > SAVE_EVERY_S:
                rows.save()
                saved = time.monotonic()
    finally:
        rows.save()


def answer_of(ask: Ask, case: Case, limit: float) -> tuple[Answer, float]:
    """Ask about one case; return the answer and the seconds it took, without reading the table.

    Raises
    ------
    CaseError, ImportError : the table cannot be read, here or at all; that is no answer of the peer and ends the run.
    """
    frame = case.frame()
    started = time.perf_counter()
    try:
        with _at_most(limit), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            answer = ask(case, frame)
    except _OutOfTime:
        answer = no_answer(f"{FAILED}no answer within {limit:g} s")
    except MemoryError:
        answer = no_answer(f"{FAILED}out of memory")
    except Exception as error:
        answer = no_answer(f"{FAILED}{type(error).__name__}: {str(error).strip()[:300]}")
    return answer, time.perf_counter() - started


def code_digest(script: Path) -> str:
    """Digest what an answer depends on besides the case: the peer's script and requirements, and the kit."""
    folders = (script.resolve().parent, Path(__file__).resolve().parent)
    files = sorted(path for folder in folders for path in folder.iterdir() if path.suffix in {".py", ".txt"})
    return hashlib.sha256(b"\0".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:16]


class _OutOfTime(BaseException):
    """Not an Exception: a peer that swallows its errors must not swallow the end of its time."""


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
