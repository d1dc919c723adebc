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

_STORES = frozenset(remote.PACKAGES) - {"http", "https", "sftp", "ssh"} | {"memory"}
"""Protocols that a table on this machine may name. A table that sends this machine to web addresses is not obeyed."""


@dataclass(frozen=True)
class Listing:
    """The table of records, and its recordings.

    Parameters
    ----------
    places : where the recording of each record lies: a path or URL, empty where none is named.
    names : what each is called in all that is written: as in the table, without a place of this machine and without keys.
    """

    loaded: Loaded
    places: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_folder(self) -> bool:
        """Whether a folder was listed, and no table of recordings read."""
        return isinstance(self.loaded.files[0], _Folder)


@dataclass(frozen=True)
class _Folder(DataFile):
    """A folder that was listed, in the place of a table."""

    listed: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        return sum(len(name.encode("utf-8", "surrogateescape")) for name in self.listed)

    def digest(self) -> str:
        return digests.of_value([as_text(name) for name in self.listed])


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
    _refuse_recordings(spec)
    files = find([_manifest(path) or path for path in spec.data_paths])
    loaded = load_table(files, wanted=wanted, exact=exact, missing=spec.missing)
    names = loaded.table.column_names
    if spec.recording not in names:
        # ``roles.check_columns`` says it with the nearest names.
        return Listing(loaded, (), ())
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
    return Listing(loaded, tuple(places), _names([value or "" for value in text], places, loaded))


def _names(values: Sequence[str], places: Sequence[str], loaded: Loaded) -> tuple[str, ...]:
    """Return the names of recordings: those of the table, and for absolute ones what follows the folder that all have in common."""
    absolute = [
        bool(value) and not remote.is_remote(value) and os.path.isabs(os.path.expanduser(remote.local_path(value)))
        for value in values
    ]
    folders = {os.path.dirname(place) for place, whole in zip(places, absolute, strict=True) if whole}
    above = os.path.commonpath(folders) if folders else ""
    # Tables in several folders may mean different files by one name: ``a/x.png`` and ``b/x.png`` then.
    several = len({_home(file) for file in loaded.files}) > 1
    prefix = [
        f"{PurePosixPath(file.name).parent}/" if several else ""
        for file, rows in zip(loaded.files, loaded.rows, strict=True)
        for _ in range(rows)
    ]
    return tuple(
        ""
        if not value
        else remote.redacted(value)
        if remote.is_remote(value)
        else Path(os.path.relpath(place, above)).as_posix()
        if whole
        else before + value
        for value, place, whole, before in zip(values, places, absolute, prefix, strict=True)
    )


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
        # ``a::b`` is read through b by fsspec, so that b may be anything.
        return value if parts.scheme and "::" not in value and (same or parts.scheme in _STORES) else None
    value = remote.local_path(value)
    if remote.is_remote(home):
        return f"{home}/{value.lstrip('/')}"
    return os.path.normpath(os.path.join(home, os.path.expanduser(value)))


def _manifest(path: str) -> str | None:
    """Return the table that a folder of recordings holds, if it holds one."""
    if not _is_folder(path):
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


def _scanned(spec: AuditSpec) -> Listing | None:
    """Return the recordings of a folder that holds no table of them; None if the spec names no such folder."""
    import pyarrow as pa

    folders = [path for path in spec.data_paths if _is_folder(path) and _manifest(path) is None]
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
    folder = _Folder(local=Path(root), shown=shown, ending="", name=PurePosixPath(shown).name, listed=tuple(names))
    loaded = Loaded(pa.table(columns), (folder,), (len(names),), tuple(notes))
    return Listing(loaded, tuple(f"{root}/{name}" for name in names), tuple(map(as_text, names)))


def _other_medium(spec: AuditSpec, others: Counter[str]) -> str | None:
    other = "audio" if spec.medium == "image" else "image"
    return f"write `{other}: {spec.recording}` in the spec" if any(end in ENDINGS[other] for end in others) else None


def _refuse_recordings(spec: AuditSpec) -> None:
    """Raise a DataError if ``data:`` names recordings themselves, and not what lists them."""
    for path in spec.data_paths:
        recording = PurePosixPath(path).suffix.casefold() in (*ENDINGS["image"], *ENDINGS["audio"])
        if recording and not _is_folder(path):
            raise DataError(
                "this is a recording",
                file=remote.redacted(path) if remote.is_remote(path) else path,
                expected="a table that names the recordings, or the folder that they lie in",
                remedy=f"name the folder or the table under `data:`, and under `{spec.medium}:` its column of paths "
                f"(`{PATH}` for a folder without a table)",
            )


def _is_folder(path: str) -> bool:
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
