"""What tells that a file is still the one that was read, without reading it: its place, size and time of change.

As version control does. A file that is written again with the same size at the same nanosecond is not noticed; nobody has
met that where a clock runs.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from audit_pipeline.dataset import remote
from audit_pipeline.spec import AuditSpec


def stamps(paths: Sequence[str]) -> list[str]:
    """Return a stamp for each file: a digest of place, size and time of change. One that is not there has a stamp as well."""
    return [hashlib.sha256(repr(_facts(path)).encode()).hexdigest() for path in paths]


def weights_stamps(spec: AuditSpec) -> list[str]:
    """Return what changes when the weights of the encoder do: stamps of the file, or of all files of the folder, it names."""
    named = [spec.weights or "", (spec.encoder or "").partition(":")[2]]
    files: list[str] = []
    for place in filter(None, named):
        path = Path(place)
        files += [str(path)] if path.is_file() else sorted(map(str, path.rglob("*"))) if path.is_dir() else []
    return stamps(files)


def _facts(path: str) -> tuple[object, ...]:
    if remote.is_remote(path):
        # Where the store does not say which version it is, none is taken for an old one.
        return ("remote", path, remote.version_of(path) or uuid.uuid4().hex)
    # In bytes: not every name that a system allows is text.
    local = os.fsencode(os.path.abspath(remote.local_path(path)))
    try:
        status = os.stat(local)
    except (OSError, ValueError):
        return ("missing", local)
    return ("local", local, status.st_size, status.st_mtime_ns, status.st_ino)
