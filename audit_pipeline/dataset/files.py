"""Which files a spec means: paths, globs and URLs, each as a file on this machine that can be read."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from audit_pipeline import digests
from audit_pipeline.dataset import remote
from audit_pipeline.errors import DataError, did_you_mean
from audit_pipeline.spec import AuditSpec

TEXT = (".csv", ".tsv")
LINES = (".jsonl", ".ndjson")
READABLE = (*TEXT, *LINES, ".parquet")
ZIPPED = tuple(f"{ending}.gz" for ending in TEXT + LINES)
EXPECTED = ", ".join(READABLE) + "; text also as .gz"

_EXPORT = "export the table as CSV or Parquet and name that file under `data:`"
_REMEDIES = {
    ".json": "write one record a line and call the file .jsonl, e.g. jq -c '.[]' data.json > data.jsonl",
    ".xlsx": "in the spreadsheet choose 'Save as', 'CSV UTF-8', one file a sheet",
    ".xls": "in the spreadsheet choose 'Save as', 'CSV UTF-8', one file a sheet",
    ".txt": "call it .csv if its values are separated by commas or semicolons, .tsv if by tabs",
    ".zip": "unpack it, or compress the file inside with gzip",
    ".gz": "name it by its content: .csv.gz, .tsv.gz or .jsonl.gz; Parquet compresses itself",
    ".bz2": "unpack it, or compress it with gzip",
    ".xz": "unpack it, or compress it with gzip",
    ".zst": "unpack it, or compress it with gzip",
}


@dataclass(frozen=True)
class DataFile:
    """A file of the dataset.

    Parameters
    ----------
    local : where its bytes lie on this machine; for a URL a copy.
    shown : how to name it to the user: the path, or the URL without credentials.
    ending : ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson`` or ``.parquet``.
    zipped : whether the bytes are compressed with gzip.
    """

    local: Path
    shown: str
    ending: str
    zipped: bool = False
    name: str = field(default="")

    @property
    def first_row(self) -> int:
        """Number of the first record as a person counts: tables have a header, JSON lines have none."""
        return 1 if self.ending in LINES else 2

    @property
    def size(self) -> int:
        """Bytes as they are stored."""
        return self.local.stat().st_size

    def digest(self) -> str:
        """Return the SHA-256 of the bytes as they are stored, compressed or not."""
        return digests.of_file(self.local)


def find_files(spec: AuditSpec) -> list[DataFile]:
    """Return the data files of a spec, sorted by name within each path or glob, each once. Remote ones are copied here.

    Raises
    ------
    DataError : a path does not exist, a glob matches nothing, or a file's ending is not one that can be read.
    """
    return find(spec.data_paths)


def find(patterns: Sequence[str]) -> list[DataFile]:
    """Return the files that paths, globs and URLs stand for."""
    # By the full URL: two addresses may differ in the query alone, which is never shown.
    found: dict[str, tuple[str, Path]] = {}
    for pattern in patterns:
        if remote.is_remote(pattern):
            for url in remote.matches(pattern):
                shown = remote.redacted(url)
                check_ending(shown, shown)
                if url not in found:
                    found[url] = shown, remote.local_copy(url)
            continue
        for path in _matches(remote.local_path(pattern)):
            check_ending(path.name, str(path))
            found.setdefault(str(path), (str(path), path))
    names = _names([shown for shown, _ in found.values()])
    files = []
    for name, (shown, local) in zip(names, found.values(), strict=True):
        ending, zipped = split_ending(shown)
        files.append(DataFile(local=local, shown=shown, ending=ending, zipped=zipped, name=name))
    return files


def data_digests(spec: AuditSpec) -> list[str]:
    """Return the digest of every data file of a spec, in order."""
    return [file.digest() for file in find_files(spec)]


def split_ending(name: str) -> tuple[str, bool]:
    """Return a file's ending without ``.gz``, in lower case, and whether that was there: ``a.CSV.gz`` is (.csv, True)."""
    path = PurePosixPath(name.casefold())
    if path.suffix == ".gz":
        return PurePosixPath(path.stem).suffix, True
    return path.suffix, False


def check_ending(name: str, shown: str) -> None:
    """Raise a DataError with a way out if files of this name cannot be read."""
    ending, zipped = split_ending(name)
    if (f"{ending}.gz" in ZIPPED) if zipped else (ending in READABLE):
        return
    last = ".gz" if zipped else ending
    raise DataError(
        f"files ending in {f'{ending}.gz' if zipped else ending or 'nothing'!r} cannot be read",
        file=shown,
        expected=f"one of {EXPECTED}",
        remedy=_REMEDIES.get(last, _EXPORT),
    )


def is_table(name: str) -> bool:
    """Return whether the name ends like a table that can be read."""
    return name.casefold().endswith((*READABLE, *ZIPPED))


def _names(shown: list[str]) -> list[str]:
    """Return the shortest tails of paths that tell them apart, for lineage: ``a/part.csv`` and ``b/part.csv``."""
    parts = [PurePosixPath(Path(path).as_posix()).parts for path in shown]
    length = [1] * len(shown)
    while True:
        names = ["/".join(part[-take:]) for part, take in zip(parts, length, strict=True)]
        counts = Counter(names)
        longer = [
            take + 1 if counts[name] > 1 and take < len(part) else take
            for name, take, part in zip(names, length, parts, strict=True)
        ]
        if longer == length:
            return names
        length = longer


def _matches(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_file():
        return [path]
    if path.is_dir():
        inside = sorted({"".join(split_ending(p.name)[:1]) for p in path.iterdir() if is_table(p.name)})
        raise DataError(
            "this is a folder",
            file=path,
            expected="a table: " + EXPECTED,
            remedy=f"name the file, or all files of one kind as `data: {path.name}/*{(inside or ['.csv'])[0]}`"
            + ("" if inside else "; for the images or sounds in a folder add `image: path` or `audio: path`"),
        )
    # `[` and `?` are legal in names, so what is no file is a pattern only now.
    matches = sorted(Path(match) for match in glob.glob(pattern, recursive=True) if Path(match).is_file())
    if matches:
        return matches
    if glob.has_magic(pattern):
        raise DataError(
            "no file matches this pattern", file=pattern, remedy="check the folder and the pattern after `data:`"
        )
    nearby = sorted(p.name for p in path.parent.iterdir() if is_table(p.name)) if path.parent.is_dir() else []
    hint = did_you_mean(path.name, nearby) or (f"; that folder holds {', '.join(nearby[:5])}" if nearby else "")
    raise DataError(
        f"there is no such file{hint}",
        file=path,
        remedy="check the path; in a spec it is relative to the spec's folder",
    )
