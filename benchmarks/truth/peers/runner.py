"""Ask peers about a folder of cases, each in its own environment, and sum up what came back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path

from benchmarks.truth.peers.kit.rows import FAILED
from benchmarks.truth.peers.registry import Peer

# Variables that would let the caller's packages into the peer's environment.
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Outcome:
    """What a peer's run came to.

    Parameters
    ----------
    out : its rows.
    answered, alarms : cases with a score, and those among them with an alarm.
    silent : cases it has nothing to say about, by reason.
    failed : cases on which it broke, by error.
    seconds : over all cases.
    problem : why the run as a whole came to nothing; empty if it did not.
    """

    peer: str
    out: Path
    answered: int = 0
    alarms: int = 0
    silent: tuple[tuple[str, int], ...] = ()
    failed: tuple[tuple[str, int], ...] = ()
    seconds: float = 0.0
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"{self.peer}: NOT RUN: {self.problem}"
        lines = [f"{self.peer}: {self.answered} answered, {self.alarms} alarms, {self.seconds:.0f} s"]
        lines += [f"  {count} without an answer: {reason}" for reason, count in self.silent]
        lines += [f"  {count} FAILED: {reason.removeprefix(FAILED)}" for reason, count in self.failed]
        return "\n".join(lines)


def run(peer: Peer, python: Path, cases: Path, out: Path, *, limit: float = 600, memory: float = 12) -> Outcome:
    """Run a peer's script to the end of the cases; rows that are there already are kept.

    Parameters
    ----------
    python : interpreter of the peer's environment.
    cases : folder of cases.
    out : Parquet file of the rows.
    limit, memory : seconds and gigabytes that a case may take.

    Returns
    -------
    Outcome : its ``problem`` says if there is no environment or the script broke; errors of single cases are rows.
    """
    if not python.exists():
        return Outcome(peer.name, out, problem=f"{python} is not there; build the peers' environments first")
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    command = [
        str(python),
        "-s",
        str(peer.script),
        str(cases),
        str(out),
        "--limit",
        f"{limit:g}",
        "--memory",
        f"{memory:g}",
    ]
    last: deque[str] = deque(maxlen=5)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            last.append(line)
            sys.stderr.write(line)
    if process.returncode:
        return Outcome(peer.name, out, problem=f"it ended with {process.returncode}:\n{''.join(last).rstrip()}")
    return summary(peer.name, out)


def summary(name: str, out: Path) -> Outcome:
    """Sum up a peer's rows."""
    import pyarrow.parquet as pq

    rows = pq.read_table(out, partitioning=None).to_pylist()
    reasons = Counter(row["reason"] for row in rows if row["score"] is None)
    return Outcome(
        peer=name,
        out=out,
        answered=sum(row["score"] is not None for row in rows),
        alarms=sum(row["alarm"] is True for row in rows),
        silent=tuple(item for item in reasons.most_common() if not item[0].startswith(FAILED)),
        failed=tuple(item for item in reasons.most_common() if item[0].startswith(FAILED)),
        seconds=sum(row["seconds"] for row in rows),
    )
