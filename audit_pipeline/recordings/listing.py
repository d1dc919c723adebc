"""Which recordings a spec means: those that a table names, or those in a folder, whose folders' names are then columns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from audit_pipeline import digests
from audit_pipeline.dataset import remote
from audit_pipeline.dataset.files import DataFile, find, is_table
from audit_pipeline.dataset.read import Loaded, load_table
from audit_pipeline.errors import DataError, shorten
from audit_pipeline.spec import AuditSpec

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = {
    "image": (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".dcm", ".dicom", ".ima", ".npy"),
    "audio": (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
}
"""Of files that are taken for recordings in a folder; those without any ending are taken too, as DICOM files often have none."""

MANIFESTS = ("manifest", "metadata", "records")
"""Names of the table that a folder of recordings may hold, in the order in which they are looked for."""

PATH, FOLDER = "path", "folder"
DEEPEST = 8
"""Folders within folders that become columns."""

_STORES = frozenset(remote.PACKAGES) - {"http", "https", "sftp", "ssh"} | {"memory"}
"""Protocols that a table on this machine may name. A table that sends this machine to web addresses is not obeyed."""


@dataclass(frozen=True)
class Listing:
    """The table of records, and where the recording of each lies: a path or URL, empty where none is named."""

    loaded: Loaded
    places: tuple[str, ...]


@dataclass(frozen=True)
class _Folder(DataFile):
    """A folder that was listed, in the place of a table."""

    listed: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        return sum(len(name.encode("utf-8", "surrogateescape")) for name in self.listed)

    def digest(self) -> str:
        return digests.of_value([name.encode("utf-8", "backslashreplace").decode() for name in self.listed])


def list_recordings(spec: AuditSpec, *, wanted: Sequence[str] = (), exact: Sequence[str] = ()) -> Listing:
    """Read the table of records, or make it from a folder: columns ``path``, ``folder``, ``folder_2`` ...

    Paths in a table are relative to the table's own folder.

    Raises
    ------
    DataError : no such file or folder, no recordings in it, a table that cannot be read, or one without the named column.
    """
    assert spec.recording is not None
    scanned = _scanned(spec)
    if scanned is not None:
        return scanned
    files = find([_manifest(path) or path for path in spec.data_paths])
    loaded = load_table(files, wanted=wanted, exact=exact, missing=spec.missing)
    names = loaded.table.column_names
    if spec.recording not in names:
        # ``roles.check_columns`` says it with the nearest names.
        return Listing(loaded, ())
    column = loaded.table.column(spec.recording)
    text = [None if value is None else str(value).strip() for value in column.to_pylist()]
    homes = [home for file, rows in zip(files, loaded.rows, strict=True) for home in [_home(file)] * rows]
    places = []
    for record, (value, home) in enumerate(zip(text, homes, strict=True)):
        place = _place(value or "", home)
        if place is None:
            raise loaded.error(
                record,
                spec.recording,
                f"{shorten(value)} is an address that a table may not send this machine to",
                expected="a path, or a URL of " + ", ".join(sorted(_STORES)),
                remedy="download the recordings and name their paths",
            )
        places.append(place)
    return Listing(loaded, tuple(places))


def _home(file: DataFile) -> str:
    """Return where relative paths in a table start: its folder, or the URL above it."""
    return file.shown.rpartition("/")[0] if remote.is_remote(file.shown) else str(Path(file.shown).absolute().parent)


def _place(value: str, home: str) -> str | None:
    """Return where a recording lies, or None for an address that is refused."""
    if not value:
        return ""
    if remote.is_remote(value):
        parts, own = urlsplit(value), urlsplit(home)
        same = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        return value if same or parts.scheme in _STORES else None
    value = remote.local_path(value)
    if remote.is_remote(home):
        return f"{home}/{value.lstrip('/')}"
    return os.path.normpath(os.path.join(home, os.path.expanduser(value)))


def _manifest(path: str) -> str | None:
    """Return the table that a folder of recordings holds, if it holds one."""
    if remote.is_remote(path) or not Path(remote.local_path(path)).is_dir():
        return None
    tables = sorted(
        entry for entry in Path(remote.local_path(path)).iterdir() if entry.is_file() and is_table(entry.name)
    )
    for name in MANIFESTS:
        named = [table for table in tables if table.name.casefold().startswith(f"{name}.")]
        if len(named) == 1:
            return str(named[0])
        if named:
            raise DataError(
                f"holds several tables of recordings: {', '.join(table.name for table in named)}",
                file=path,
                remedy="name the right one under `data:`",
            )
    return None


def _scanned(spec: AuditSpec) -> Listing | None:
    """Return the recordings of a folder that holds no table of them; None if the spec names no such folder."""
    import pyarrow as pa

    folders = [
        path for path in spec.data_paths if _is_folder(path) and (remote.is_remote(path) or _manifest(path) is None)
    ]
    if not folders:
        return None
    if len(spec.data_paths) > 1:
        raise DataError(
            "several places are named, and one of them is a folder of recordings",
            file=folders[0],
            remedy="name the folder above them, or a table that lists all recordings",
        )
    root = folders[0]
    names, others = _files_below(root, ENDINGS[spec.medium or "image"])
    if not names:
        raise DataError(
            "holds no recordings" + (f", but files ending in {_told(others)}" if others else ""),
            file=root,
            expected="files ending in " + ", ".join(ENDINGS[spec.medium or "image"]),
            remedy=f"check `data:` and `{spec.medium}:` in the spec",
        )
    parts = [PurePosixPath(name).parts for name in names]
    depth = min(DEEPEST, max(len(part) - 1 for part in parts))
    columns: dict[str, pa.Array] = {spec.recording or PATH: pa.array([_text(name) for name in names], pa.string())}
    for level in range(depth):
        values = [_text(part[level]) if len(part) - 1 > level else None for part in parts]
        columns[FOLDER if level == 0 else f"{FOLDER}_{level + 1}"] = pa.array(values, pa.string())
    notes = []
    if others:
        count = sum(others.values())
        says = "file was" if count == 1 else "files were"
        notes.append(f"{count:,} other {says} left out of the folder: {_told(others)}")
    home = root.rstrip("/")
    folder = _Folder(local=Path(home), shown=home, ending="", name=PurePosixPath(home).name, listed=tuple(names))
    loaded = Loaded(pa.table(columns), (folder,), (len(names),), tuple(notes))
    return Listing(loaded, tuple(f"{home}/{name}" for name in names))


def _is_folder(path: str) -> bool:
    if not remote.is_remote(path):
        return Path(remote.local_path(path)).is_dir()
    return not is_table(urlsplit(path).path) and remote.is_folder(path)


def _files_below(root: str, endings: Sequence[str]) -> tuple[list[str], Counter[str]]:
    """Return the recordings below a folder, relative to it and sorted, and how many other files there are by ending."""
    found: list[str] = []
    others: Counter[str] = Counter()
    for name in remote.files_below(root) if remote.is_remote(root) else _local_files_below(remote.local_path(root)):
        ending = PurePosixPath(name).suffix.casefold()
        if ending in endings or not ending:
            found.append(name)
        else:
            others[ending] += 1
    return sorted(found, key=os.fsencode), others


def _local_files_below(root: str) -> list[str]:
    found = []
    for folder, inside, files in os.walk(root):
        # What systems put there: .DS_Store, .ipynb_checkpoints, .git.
        inside[:] = [name for name in inside if not name.startswith(".")]
        here = os.path.relpath(folder, root)
        found += [
            name if here == "." else f"{here.replace(os.sep, '/')}/{name}"
            for name in files
            if not name.startswith(".") and name != "Thumbs.db"
        ]
    return found


def _text(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _told(others: Counter[str]) -> str:
    return ", ".join(f"{ending} ({count:,})" for ending, count in others.most_common(5))
