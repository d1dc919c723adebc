"""Replacing a folder at once, and refusing one that holds what is not ours."""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import sys
from collections.abc import Container, Iterable
from pathlib import Path

from audit_pipeline.errors import DataError
from audit_pipeline.leftovers import remove_abandoned, unfinished

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_TRIES = 20


def replace_folder(source: Path, names: Iterable[str], target: Path) -> None:
    """Make ``target`` hold exactly the files ``names`` of ``source``.

    The new folder is completed beside the target, then the two change places. On Linux that is one system call
    (renameat2 with RENAME_EXCHANGE); elsewhere there are two renames, and for an instant no folder.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(target.parent, f".{target.name}.new") as fresh:
        fresh.mkdir()
        for name in names:
            shutil.copyfile(source / name, fresh / name)
        _change_places(fresh, target)
    for kind in ("new", "old"):
        remove_abandoned(target.parent.glob(f".{glob.escape(target.name)}.{kind}-*"))


def _change_places(fresh: Path, target: Path) -> None:
    """Move ``fresh`` to ``target``; what was there before is at ``fresh`` afterwards, or gone."""
    for _ in range(_TRIES):
        if not target.exists():
            try:
                os.rename(fresh, target)
            except OSError:
                if target.exists():  # another run published in between
                    continue
                raise
            return
        if _exchange(fresh, target):
            return
        with unfinished(target.parent, f".{target.name}.old") as old:
            try:
                os.rename(target, old)
            except FileNotFoundError:  # another run is between its two renames
                continue
            try:
                os.rename(fresh, target)
            except OSError:
                if target.exists():
                    continue
                os.rename(old, target)
                raise
            return
    raise OSError(f"{target} is replaced by others all the time")


def _exchange(first: Path, second: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    result = libc.renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return int(result) == 0


def refuse_foreign(folder: Path, own: Container[str], says: str, remedy: str) -> None:
    """Refuse a folder that holds anything else than what is ``own``; called before the work, not after it.

    Parameters
    ----------
    own : names of the files and folders that may be there; a folder that does not exist yet is fine.
    says : what is wrong, with ``{}`` for the name of what is foreign.

    Raises
    ------
    DataError : it does, or is a file; nothing was written.
    """
    if not folder.exists():
        return
    foreign = (
        sorted(path.name for path in folder.iterdir() if path.name not in own) if folder.is_dir() else [folder.name]
    )
    if foreign:
        raise DataError(says.format(repr(foreign[0])), file=folder, remedy=remedy)
