"""Many files, looked at once: what is not in the cache is done by worker processes and put there."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audit_pipeline.dataset import remote
from audit_pipeline.dataset.media.crew import isolated
from audit_pipeline.dataset.media.examine import digest_of, lost
from audit_pipeline.dataset.media.limits import DEFAULT, Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Source, open_whole
from audit_pipeline.errors import AuditError
from audit_pipeline.recordings.names import Medium, as_text
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
    wanted: Sequence[str],
    *,
    medium: Medium,
    cache: Path,
    limits: Limits = DEFAULT,
    progress: Callable[[int, int, str], None] | None = None,
    workers: int | None = None,
) -> Looked:
    """Look at files: each is read and decoded at most once, and not at all if the cache knows its content.

    Parameters
    ----------
    paths : files or URLs.
    wanted : names of views and of what else ``one_pass`` gives.
    cache : folder of what was seen before, see :class:`Rows`.
    workers : processes; by default one a core, at most eight. With 0 files are decoded in this process: then one that crashes
        the decoder ends it, and nobody looks at the clock.

    Raises
    ------
    AuditError : no worker process can be started, or a view failed on a whole file, which is a fault of this program.
    """
    known = Rows(cache, medium, limits)
    marks = stamps(paths)
    sources = [Source.of(path) for path in paths]
    names = [source.name for source in sources]
    rows: list[dict[str, Any] | None] = []
    tasks: list[tuple[int, dict[str, Any]]] = []
    done: list[tuple[str, str, dict[str, Any], dict[str, bytes]]] = []
    bounds = limits.to_json()
    for position, (path, stamp, name) in enumerate(zip(paths, marks, names, strict=True)):
        digest = known.digest(stamp)
        moved = digest is None
        digest = digest or _seen_elsewhere(path, known, limits)
        row, todo = _found(known, digest, name, wanted)
        rows.append(row)
        if todo is not None:
            task = {"path": path, "limits": bounds, "decode": row is None, "medium": medium, "wanted": todo}
            tasks.append((position, task))
        elif moved and row is not None:
            done.append((stamp, name, row, {}))
    since = time.monotonic()
    every = max(1, len(tasks) // 200)
    answers = _answers([task for _, task in tasks], limits, workers)
    try:
        for count, ((position, task), answer) in enumerate(zip(tasks, answers, strict=True), start=1):
            fault = answer.pop("fault", "")
            if fault:
                raise AuditError(
                    f"looking at {as_text(answer['path'])} failed:\n{fault}",
                    remedy="this is a fault of audit-pipeline: please report it with the lines above",
                )
            looks = {name: base64.b64decode(packed) for name, packed in answer.pop("looks", {}).items()}
            row = answer if task["decode"] else _renamed(answer, rows[position])
            rows[position] = row
            if row["digest"]:
                done.append((marks[position], names[position], row, looks))
            if len(done) >= PART or time.monotonic() - since > SECONDS:
                known.add(done)
                done, since = [], time.monotonic()
            if progress is not None and (count % every == 0 or count == len(tasks)):
                progress(count, len(tasks), "recordings")
    finally:
        answers.close()
        # Also what was done before a fault, or before somebody stopped it.
        known.add(done)
    found = [
        {**row, "path": as_text(source.shown)} for source, row in zip(sources, rows, strict=True) if row is not None
    ]
    return Looked(tuple(found), sum(task["decode"] for _, task in tasks), known)


def _seen_elsewhere(path: str, known: Rows, limits: Limits) -> str | None:
    """Return the digest of a file on this machine that may have been seen elsewhere; to know is cheaper than to decode."""
    if remote.is_remote(path):
        return None
    try:
        size = os.stat(remote.local_path(path)).st_size
    except (OSError, ValueError):
        return None
    return _content(path, limits)["digest"] if known.may_know(size) else None


def _found(
    known: Rows, digest: str | None, name: str, wanted: Sequence[str]
) -> tuple[dict[str, Any] | None, list[str] | None]:
    """Return what the cache knows of a file, and what has to be looked at; None if nothing has.

    A file that was renamed is known but for what its name says: then a row comes with an empty list, and its header is read.
    """
    if digest is None:
        return None, list(wanted)
    named = known.facts(digest, name)
    row = named or known.nameless(digest)
    if row is None:
        return None, list(wanted)
    if row["problem"]:
        return row, None
    todo = known.missing(digest, wanted)
    if todo:
        return None, todo
    return row, None if named else []


def _renamed(header: dict[str, Any], row: dict[str, Any] | None) -> dict[str, Any]:
    """Return the row of a file that has another name now: of its header's facts those of the name are new."""
    assert row is not None
    if header["digest"] == row["digest"]:
        return {**row, "facts": {**header["facts"], **row["facts"]}}
    reason, remedy = "it was changed while it was read", "run the audit again when nobody writes there"
    return {**header, "digest": None, "problem": "unreachable", "reason": reason, "remedy": remedy}


def _answers(tasks: list[dict[str, Any]], limits: Limits, workers: int | None) -> Generator[dict[str, Any], None, None]:
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
        yield row | _content(task["path"], limits)


def _content(path: str, limits: Limits) -> dict[str, Any]:
    """Return digest and size of a file; None where it cannot be read."""
    try:
        with open_whole(Source.of(path), limits) as stream:
            return {"digest": digest_of(stream), "bytes": stream.size}
    except Unreadable:
        return {"digest": None, "bytes": None}
