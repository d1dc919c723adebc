"""Which recordings a spec means: those that a table names, or those in a folder, whose folders' names are then columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from audit_pipeline.dataset import remote
from audit_pipeline.dataset.files import DataFile, find
from audit_pipeline.dataset.read import Loaded, load_table
from audit_pipeline.errors import DataError, shorten
from audit_pipeline.recordings.folders import ENDINGS, PATH, Folder, is_folder, manifest_of, scanned
from audit_pipeline.recordings.names import as_text
from audit_pipeline.spec import AuditSpec

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
        return isinstance(self.loaded.files[0], Folder)


def list_recordings(spec: AuditSpec, *, wanted: Sequence[str] = (), exact: Sequence[str] = ()) -> Listing:
    """Read the table of records, or make it from a folder (see :mod:`.folders`).

    Paths in a table are relative to the table's own folder.

    Raises
    ------
    DataError : no such file or folder, no recordings in it, a table that cannot be read, or one without the named column.
    """
    assert spec.recording is not None
    below = scanned(spec)
    if below is not None:
        loaded, files_below = below
        root = spec.data_paths[0].rstrip("/")
        return Listing(loaded, tuple(f"{root}/{name}" for name in files_below), tuple(map(as_text, files_below)))
    _refuse_recordings(spec)
    files = find([manifest_of(path) or path for path in spec.data_paths])
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


def _refuse_recordings(spec: AuditSpec) -> None:
    """Raise a DataError if ``data:`` names recordings themselves, and not what lists them."""
    for path in spec.data_paths:
        recording = PurePosixPath(path).suffix.casefold() in (*ENDINGS["image"], *ENDINGS["audio"])
        if recording and not is_folder(path):
            raise DataError(
                "this is a recording",
                file=remote.redacted(path) if remote.is_remote(path) else path,
                expected="a table that names the recordings, or the folder that they lie in",
                remedy=f"name the folder or the table under `data:`, and under `{spec.medium}:` its column of paths "
                f"(`{PATH}` for a folder without a table)",
            )
