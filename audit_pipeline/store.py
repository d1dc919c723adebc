"""Where results of stages lie: one folder a key, complete or absent.

A stage is a pure function from content to content, so the key of a result is the digest of what decides it. The same key is
a result that need not be computed again; a crash leaves the finished stages behind, and the next run goes on from them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from audit_pipeline import digests
from audit_pipeline.leftovers import remove_abandoned, unfinished

_RECORD = "stage.json"

KEPT = 3
"""Former results kept for each stage."""

_TRIES = 20


@dataclass(frozen=True)
class StageRecord:
    """What is known of a finished stage.

    Parameters
    ----------
    stage, key : which computation this is; ``key`` digests inputs, spec part, seed and code version.
    inputs : content digest of every upstream stage, by name.
    outputs : SHA-256 of every file the stage wrote, by file name.
    content : digest of the outputs that are a function of the key: the stage's data version.
    summary : small JSON facts for people (Dagster metadata, progress display).
    folder : where the files lie; not part of the stored record.
    reused : True when the record was found and nothing was computed.
    """

    stage: str
    key: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    content: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    reused: bool = False


def _last_used(path: Path) -> float:
    """Return when a result was last made or found; 0 for one that another run removed a moment ago."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class Store:
    """Results of the stages of one audit, below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def lookup(self, stage: str, key: str) -> StageRecord | None:
        """Return the finished result of this key, or None. Files that were deleted or cut short do not count."""
        folder = self.root / stage / key
        try:
            stored = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
            record = StageRecord(**stored, folder=folder, reused=True)
            intact = all(digests.of_file(folder / name) == sha for name, sha in record.outputs.items())
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return record if intact else None

    def current(self, stage: str) -> StageRecord | None:
        """Return the result that was last committed or reused for the stage, or None."""
        try:
            key = (self.root / stage / "current").read_text(encoding="utf-8").strip()
        except OSError:
            return None
        return self.lookup(stage, key)

    @contextmanager
    def workspace(self, stage: str) -> Iterator[Path]:
        """Yield an empty folder to write into; it disappears unless :meth:`commit` moves it away."""
        with unfinished(self.root / stage, ".tmp") as folder:
            folder.mkdir(parents=True)
            self._tidy(stage)
            yield folder

    def commit(self, record: StageRecord, workspace: Path) -> StageRecord:
        """Move a finished workspace to its key in one rename, and make it the current result."""
        stored = asdict(record)
        del stored["folder"], stored["reused"]
        (workspace / _RECORD).write_text(
            json.dumps(stored, sort_keys=True, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        final = self.root / record.stage / record.key
        for _ in range(_TRIES):
            try:
                os.replace(workspace, final)  # refused by the system while another folder stands there
            except OSError:
                if not final.exists():
                    raise
                faster = self.lookup(record.stage, record.key)
                if faster is not None:
                    # Another run computed the same at the same time, and its stages may be reading from there already.
                    self.point(record.stage, record.key)
                    return replace(faster, reused=False)
                self._set_aside(final)  # an incomplete or damaged result of the same key
            else:
                self.point(record.stage, record.key)
                return StageRecord(**stored, folder=final)
        raise OSError(f"{final} is replaced by others all the time")

    def point(self, stage: str, key: str) -> None:
        """Make ``key`` the current result of the stage, and drop all but the few others that were used last.

        A few are kept for runs of other specs or data that may be going on at the same time.
        """
        folder = self.root / stage
        with unfinished(folder, ".current") as pointer:
            pointer.write_text(key, encoding="utf-8")
            os.replace(pointer, folder / "current")
        with suppress(OSError):  # removed by another run a moment ago
            os.utime(folder / key)
        others = [path for path in folder.iterdir() if path.is_dir() and path.name != key and path.name[0] != "."]
        for other in sorted(others, key=_last_used)[:-KEPT]:
            self._set_aside(other)
        self._tidy(stage)

    def _set_aside(self, result: Path) -> None:
        """Remove a result so that nobody meets half of it: first out of the way in one step, then for good."""
        with unfinished(result.parent, ".tmp") as away:
            try:
                os.rename(result, away)
            except OSError:  # another run did the same
                return

    def _tidy(self, stage: str) -> None:
        """Remove what killed runs left unfinished."""
        remove_abandoned((self.root / stage).glob(".*-*"))
