"""Many files, looked at once: what is not in the cache is done by worker processes and put there."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audit_pipeline.dataset.media.crew import isolated
from audit_pipeline.dataset.media.examine import digest_of, lost
from audit_pipeline.dataset.media.limits import DEFAULT, Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Source, open_whole
from audit_pipeline.errors import AuditError
from audit_pipeline.recordings.names import Medium
from audit_pipeline.recordings.one_pass import work
from audit_pipeline.recordings.rows import Rows
from audit_pipeline.recordings.stamps import stamps

PART, SECONDS = 512, 20.0
"""Rows, or seconds, after which what was done is put on disk."""


@dataclass(frozen=True)
class Looked:
    """What was seen of a list of files.

    Parameters
    ----------
    rows : one a file, in order: ``path, digest, bytes, kind, problem, reason, remedy, facts`` (see ``dataset.media``).
    decoded : how many files were decoded now; the others were in the cache.
    """

    rows: tuple[dict[str, Any], ...]
    decoded: int
    _cache: Rows

    def matrix(self, name: str, positions: np.ndarray | Sequence[int], kind: str = "<f4") -> np.ndarray:
        """Return a look (a view, or what ``one_pass`` names) at the files at these positions, (n, p)."""
        return self._cache.read(name, [self.rows[position]["digest"] for position in positions], kind)


def look_through(
    paths: Sequence[str],
    wanted: Sequence[Sequence[str]],
    *,
    medium: Medium,
    cache: Path,
    limits: Limits = DEFAULT,
    progress: Callable[[int, int, str], None] | None = None,
    workers: int | None = None,
) -> Looked:
    """Look at files: each is read and decoded at most once, and not at all if the cache knows it.

    Parameters
    ----------
    paths : files or URLs.
    wanted : for each file the names of views and of what else ``one_pass`` gives.
    cache : folder of what was seen before, see :class:`Rows`.
    workers : processes; by default one a core, at most eight.

    Raises
    ------
    AuditError : no worker process can be started, or a view failed on a whole file, which is a fault of this program.
    """
    known = Rows(cache)
    marks = stamps(paths)
    names = [Source.of(path).name for path in paths]
    rows: list[dict[str, Any] | None] = []
    tasks: list[tuple[int, dict[str, Any]]] = []
    for position, (path, stamp, name) in enumerate(zip(paths, marks, names, strict=True)):
        row, todo = _found(known, stamp, name, wanted[position])
        rows.append(row)
        if row is None:
            task = {"path": path, "limits": limits.to_json(), "decode": True, "medium": medium, "wanted": todo}
            tasks.append((position, task))
    done: list[tuple[str, str, dict[str, Any], dict[str, bytes]]] = []
    since = time.monotonic()
    every = max(1, len(tasks) // 200)
    for count, ((position, _), row) in enumerate(
        zip(tasks, _answers([task for _, task in tasks], limits, workers), strict=True), start=1
    ):
        if row.get("fault"):
            raise AuditError(
                f"looking at {row['path']} failed:\n{row['fault']}",
                remedy="this is a fault of audit-pipeline: please report it with the lines above",
            )
        looks = {name: base64.b64decode(packed) for name, packed in row.pop("looks", {}).items()}
        rows[position] = row
        if row["digest"]:
            done.append((marks[position], names[position], row, looks))
        if len(done) >= PART or time.monotonic() - since > SECONDS:
            known.add(done)
            done, since = [], time.monotonic()
        if progress is not None and (count % every == 0 or count == len(tasks)):
            progress(count, len(tasks), "recordings")
    known.add(done)
    found = [{**row, "path": Source.of(path).shown} for path, row in zip(paths, rows, strict=True) if row is not None]
    return Looked(tuple(found), len(tasks), known)


def _found(known: Rows, stamp: str, name: str, wanted: Sequence[str]) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the row of a file if the cache has all of it, and what else has to be looked at."""
    digest = known.digest(stamp)
    row = None if digest is None else known.facts(digest, name)
    if digest is None or row is None:
        return None, list(wanted)
    todo = [] if row["problem"] else known.missing(digest, wanted)
    return (None, todo) if todo else (row, [])


def _answers(tasks: list[dict[str, Any]], limits: Limits, workers: int | None) -> Iterator[dict[str, Any]]:
    if not tasks:
        return
    # What lies in this process's memory is not there for another.
    if workers == 0 or any(task["path"].startswith("memory://") for task in tasks):
        yield from map(work, tasks)
        return
    answers = isolated(
        "audit_pipeline.recordings.one_pass:work",
        tasks,
        workers=min(workers or min(8, os.cpu_count() or 1), len(tasks)),
        memory=limits.memory,
        patience=limits.patience,
    )
    for task, answer in zip(tasks, answers, strict=True):
        if not isinstance(answer, str):
            yield answer
            continue
        row = lost(task, answer)
        # With its digest the loss is remembered: nobody waits for the same file twice.
        yield {**row, "digest": _digest(task["path"], limits)}


def _digest(path: str, limits: Limits) -> str | None:
    try:
        with open_whole(Source.of(path), limits) as stream:
            return digest_of(stream)
    except Unreadable:
        return None
