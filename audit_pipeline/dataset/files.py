"""Which files a spec means."""

from __future__ import annotations

import glob
from pathlib import Path

from audit_pipeline.errors import DataError
from audit_pipeline.spec import AuditSpec

READABLE = (".csv", ".tsv", ".parquet")


def find_files(spec: AuditSpec) -> list[Path]:
    """Return the data files of a spec, sorted by name within each path or glob, each once.

    Raises
    ------
    DataError : a path does not exist, a glob matches nothing, or a file's ending is not one that can be read.
    """
    found: list[Path] = []
    for pattern in spec.data_paths:
        matches = _matches(pattern)
        for path in matches:
            if path.suffix.casefold() not in READABLE:
                raise DataError(
                    f"files ending in {path.suffix or 'nothing'!r} cannot be read",
                    file=path,
                    expected="one of " + ", ".join(READABLE),
                    remedy="export the table as CSV or Parquet and name that file under `data:`",
                )
            if path not in found:
                found.append(path)
    return found


def _matches(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_file():
        return [path]
    if path.is_dir():
        raise DataError(
            "this is a folder",
            file=path,
            expected="a table: " + ", ".join(READABLE),
            remedy=f"name the file, or all files of one kind as `data: {path.name}/*.csv`",
        )
    matches = sorted(Path(match) for match in glob.glob(pattern, recursive=True) if Path(match).is_file())
    if matches:
        return matches
    if glob.has_magic(pattern):
        raise DataError(
            "no file matches this pattern", file=pattern, remedy="check the folder and the pattern after `data:`"
        )
    nearby = (
        sorted(p.name for p in path.parent.iterdir() if p.suffix.casefold() in READABLE) if path.parent.is_dir() else []
    )
    hint = f"; that folder holds {', '.join(nearby[:5])}" if nearby else ""
    raise DataError(
        f"there is no such file{hint}", file=path, remedy="check the path after `data:` (it is relative to the spec)"
    )
