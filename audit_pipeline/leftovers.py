"""Unfinished files and folders: named so that a later run can tell whose they are, and removed once nobody works on them.

A process that is killed cannot tidy up. So the name of everything unfinished says which machine and process it belongs to,
and the next run that comes by removes what belongs to a process that is gone.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

OLD = 7 * 24 * 3600.0
"""Seconds after which something unfinished counts as abandoned although its process cannot be asked."""

_NAME = re.compile(r"-(?P<host>\w+)-(?P<pid>\d{1,12})-(?P<token>[0-9a-f]{8})$")
# Other threads of this process may be at work on the same store; what none of them claims is from a process that is gone
# and had the same number (in a container that is the rule: every first process is number 1).
_claimed: set[str] = set()


@contextmanager
def unfinished(folder: Path, prefix: str) -> Iterator[Path]:
    """Yield a path in ``folder`` that nobody else uses; whatever lies there at the end is removed."""
    path = folder / f"{prefix}-{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    _claimed.add(path.name)
    try:
        yield path
    finally:
        _claimed.discard(path.name)
        _remove(path)


def remove_abandoned(candidates: Iterable[Path]) -> None:
    """Remove those of the candidates whose process is gone; names of another form are not ours and stay."""
    for path in candidates:
        if _abandoned(path):
            _remove(path)


def _abandoned(path: Path) -> bool:
    named = _NAME.search(path.name)
    if named is None or path.name in _claimed:
        return False
    if named["host"] == _host():
        pid = int(named["pid"])
        if pid == os.getpid() or not _alive(pid):
            return True
    # Another machine's process on a shared disk cannot be asked, nor one whose number somebody else may have by now.
    try:
        return time.time() - path.lstat().st_mtime > OLD
    except OSError:
        return False


def _alive(pid: int) -> bool:
    if sys.platform == "win32":  # there, signal 0 is no question but Ctrl-C
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


@lru_cache(maxsize=1)
def _host() -> str:
    return re.sub(r"\W", "_", socket.gethostname(), flags=re.ASCII)[:40] or "host"
