"""Folders of recordings: which files in them are taken, what table they may hold, and the columns that folders' names make."""

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
from audit_pipeline.dataset.files import DataFile, is_table
from audit_pipeline.dataset.read import Loaded
from audit_pipeline.errors import DataError
from audit_pipeline.recordings.names import as_text
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

NO_RECORDINGS = frozenset(
    {"dicomdir", "readme", "license", "licence", "changelog", "makefile", "thumbs.db", "desktop.ini"}
)
"""Files that lie beside recordings and have no ending, or one of the system's."""


@dataclass(frozen=True)
class Folder(DataFile):
    """A folder that was listed, in the place of a table."""

    listed: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        return sum(len(name.encode("utf-8", "surrogateescape")) for name in self.listed)

    def digest(self) -> str:
        return digests.of_value([as_text(name) for name in self.listed])


def manifest_of(path: str) -> str | None:
    """Return the table that a folder of recordings holds, if it holds one."""
    if not is_folder(path):
        return None
    if remote.is_remote(path):
        inside = remote.files_in(path)
    else:
        path = remote.local_path(path)
        inside = [entry.name for entry in Path(path).iterdir() if entry.is_file()]
    tables = sorted(filter(is_table, inside))
    for name in MANIFESTS:
        named = [table for table in tables if table.casefold().startswith(f"{name}.")]
        if len(named) == 1:
            return f"{path.rstrip('/')}/{named[0]}"
        if named:
            raise DataError(
                f"holds several tables of recordings: {', '.join(named)}",
                file=remote.redacted(path) if remote.is_remote(path) else path,
                remedy="name the right one under `data:`",
            )
    return None


def scanned(spec: AuditSpec) -> tuple[Loaded, list[str]] | None:
    """Return the table of a folder that holds none of its own, and the files in it, relative to it; None if no such is named.

    Columns: the recordings' (see ``spec.recording``), ``folder``, ``folder_2`` ...

    Raises
    ------
    DataError : the folder holds no recordings or cannot be listed, or it is not all that the spec names.
    """
    import pyarrow as pa

    folders = [path for path in spec.data_paths if is_folder(path) and manifest_of(path) is None]
    if not folders:
        return None
    if len(spec.data_paths) > 1:
        raise DataError(
            "several places are named, and one of them is a folder of recordings",
            file=folders[0],
            remedy="name the folder above them, or a table that lists all recordings",
        )
    root = folders[0].rstrip("/")
    shown = remote.redacted(root) if remote.is_remote(root) else root
    names, others, linked = _files_below(root, ENDINGS[spec.medium or "image"])
    if not names:
        raise DataError(
            "holds no recordings" + (f", but files ending in {_told(others)}" if others else ""),
            file=shown,
            expected="files ending in " + ", ".join(ENDINGS[spec.medium or "image"]),
            remedy=_other_medium(spec, others) or f"check `data:` and `{spec.medium}:` in the spec",
        )
    parts = [PurePosixPath(name).parts for name in names]
    depth = min(DEEPEST, max(len(part) - 1 for part in parts))
    columns: dict[str, pa.Array] = {spec.recording or PATH: pa.array([as_text(name) for name in names], pa.string())}
    for level in range(depth):
        values = [as_text(part[level]) if len(part) - 1 > level else None for part in parts]
        columns[FOLDER if level == 0 else f"{FOLDER}_{level + 1}"] = pa.array(values, pa.string())
    notes = []
    if others:
        count = sum(others.values())
        says = "file was" if count == 1 else "files were"
        notes.append(f"{count:,} other {says} left out of the folder: {_told(others)}")
    if linked:
        notes.append(f"links to other folders were not followed: {', '.join(map(as_text, linked[:3]))}")
    folder = Folder(local=Path(root), shown=shown, ending="", name=PurePosixPath(shown).name, listed=tuple(names))
    return Loaded(pa.table(columns), (folder,), (len(names),), tuple(notes)), names


def _other_medium(spec: AuditSpec, others: Counter[str]) -> str | None:
    other = "audio" if spec.medium == "image" else "image"
    return f"write `{other}: {spec.recording}` in the spec" if any(end in ENDINGS[other] for end in others) else None


def is_folder(path: str) -> bool:
    if not remote.is_remote(path):
        return Path(remote.local_path(path)).is_dir()
    return not is_table(urlsplit(path).path) and remote.is_folder(path)


def _files_below(root: str, endings: Sequence[str]) -> tuple[list[str], Counter[str], list[str]]:
    """Return the recordings below a folder, relative to it and sorted, how many other files there are by ending, and links."""
    found: list[str] = []
    others: Counter[str] = Counter()
    here = not remote.is_remote(root)
    names, linked = _local_files_below(remote.local_path(root)) if here else (remote.files_below(root), [])
    for name in names:
        path = PurePosixPath(name)
        ending = path.suffix.casefold()
        if any(part.startswith(".") for part in path.parts) or path.name.casefold() in NO_RECORDINGS:
            continue
        if ending in endings or not ending:
            found.append(name)
        else:
            others[ending] += 1
    return sorted(found, key=os.fsencode), others, linked


def _local_files_below(root: str) -> tuple[list[str], list[str]]:
    """Return the files below a folder, and the links in it to other folders, which may lead anywhere."""
    found: list[str] = []
    linked: list[str] = []

    def refuse(error: OSError) -> None:
        raise DataError(
            f"cannot be listed: {error.strerror}",
            file=as_text(str(error.filename)),
            remedy="allow this user to read the folder, or move it elsewhere",
        )

    for folder, inside, files in os.walk(root, onerror=refuse):
        # What systems put there: .DS_Store, .ipynb_checkpoints, .git.
        inside[:] = [name for name in inside if not name.startswith(".")]
        here = os.path.relpath(folder, root).replace(os.sep, "/")
        below = "" if here == "." else f"{here}/"
        found += [f"{below}{name}" for name in files]
        linked += [f"{below}{name}" for name in inside if os.path.islink(os.path.join(folder, name))]
    return found, sorted(linked)


def _told(others: Counter[str]) -> str:
    return ", ".join(f"{ending} ({count:,})" for ending, count in others.most_common(5))
