"""Replacing a folder at once."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_folder(source: Path, names: Iterable[str], target: Path) -> None:
    """Make ``target`` hold exactly the files ``names`` of ``source``.

    The new folder is completed beside the target, then the two change places. On Linux that is one system call
    (renameat2 with RENAME_EXCHANGE); elsewhere there are two renames, and for an instant no folder.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    token = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    fresh = target.parent / f".{target.name}.new-{token}"
    fresh.mkdir()
    try:
        for name in names:
            shutil.copyfile(source / name, fresh / name)
        if not target.exists():
            os.rename(fresh, target)
            return
        if not _exchange(fresh, target):
            old = target.parent / f".{target.name}.old-{token}"
            os.rename(target, old)
            os.rename(fresh, target)
            shutil.rmtree(old, ignore_errors=True)
    finally:
        # After an exchange this is the old folder; after a failure it is the unfinished one.
        shutil.rmtree(fresh, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    result = libc.renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return int(result) == 0
