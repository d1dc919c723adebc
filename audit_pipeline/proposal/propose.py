"""From a path to a proposed spec."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from audit_pipeline.dataset.files import DataFile, find, is_table, split_ending
from audit_pipeline.dataset.read import Loaded, load_table
from audit_pipeline.errors import AuditError, DataError
from audit_pipeline.proposal.columns import Column, columns_of
from audit_pipeline.proposal.folders import guess_folders
from audit_pipeline.proposal.guess import Choice, Guess, guess
from audit_pipeline.proposal.recordings import WORDS, is_recording, named_recordings, recordings_in, table_in
from audit_pipeline.proposal.render import Missing, render
from audit_pipeline.proposal.trial import trial
from audit_pipeline.recordings.listing import Listing
from audit_pipeline.report.text import visible
from audit_pipeline.yamltext import scalar

PURPOSES = frozenset(
    (
        *("data", "dataset", "manifest", "metadata", "meta", "table", "index", "labels", "annotations", "records"),
        *("train", "test", "all", "full", "part"),
    )
)
"""Names of files that say nothing of what is in them."""


@dataclass(frozen=True)
class Proposal:
    """A proposed spec: the YAML, and whether it can be run as it stands."""

    text: str
    ready: bool


def propose(paths: Sequence[str], *, out: Path | None = None) -> Proposal:
    """Look at a table or a folder of recordings and propose a spec.

    Parameters
    ----------
    paths : files, globs, URLs, or one folder with tables of one kind, or with recordings.
    out : the file that the spec is meant for; paths in it are relative to its folder.

    Raises
    ------
    DataError : the table cannot be read, or there is none and no recordings.
    """
    seen = _seen(paths)
    found = seen.guess
    folder = (out.parent if out is not None else Path()).absolute()
    data = [_relative(pattern, folder) for pattern in seen.patterns]

    def text(suspects: Sequence[Missing], *closing: str) -> str:
        return render(
            found,
            name=_name(seen.loaded.files[0]),
            data=data[0] if len(data) == 1 else data,
            about=seen.about,
            suspects=suspects,
            closing=closing,
        )

    next_ = (
        f"Next: audit-pipeline run {out}"
        if out is not None
        else "Next: save this as audit.yaml (--out audit.yaml does), then: audit-pipeline run audit.yaml"
    )
    # Headers of recordings are metadata as well.
    no_nuisance = not found.nuisance and found.recording is None
    if found.label is None or no_nuisance:
        need = " and ".join(
            part for part, absent in (("label", found.label is None), ("nuisance", no_nuisance)) if absent
        )
        return Proposal(text(_suspects(seen.columns), f"First of all: fill in {need}.", next_), ready=False)
    try:
        tried = trial(text(()), folder, seen.listing)
    except AuditError as error:
        place = "".join(
            (f" row {error.row}," if error.row else "", f" column {error.column!r}," if error.column else "")
        ).rstrip(",")
        refused = f"As it stands the audit is refused:{place + ':' if place else ''} {error.message}. What to do: {error.remedy}."
        return Proposal(text(_suspects(seen.columns), refused, next_), ready=False)
    suspects = _suspects(seen.columns) if tried.suspects is None else tried.suspects
    return Proposal(text(suspects, *tried.told, next_), ready=True)


@dataclass(frozen=True)
class _Seen:
    """What was found at the paths: patterns for ``data:``, the table, its columns, a guess, and where recordings lie."""

    patterns: Sequence[str]
    loaded: Loaded
    columns: Sequence[Column]
    guess: Guess
    about: str
    listing: Listing | None = None


def _seen(paths: Sequence[str]) -> _Seen:
    if len(paths) == 1 and "://" not in paths[0] and Path(paths[0]).is_dir() and not _tables_in(Path(paths[0])):
        return _folder(paths[0])
    patterns = [pattern for path in paths for pattern in _tables(path)]
    files = find(patterns)
    loaded = load_table(files)
    columns = columns_of(loaded)
    more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    about = f"{files[0].name}{more}: {loaded.table.num_rows:,} records, {loaded.table.num_columns:,} columns"
    named = named_recordings(patterns, columns)
    first = next((candidate for candidate in named if candidate.exists), None)
    found = (
        guess(columns)
        if first is None
        else guess(columns, recording=Choice(first.column, first.why), medium=first.medium)
    )
    whys = {candidate.column.name: candidate.why for candidate in named}
    found.ignore = [replace(choice, why=whys.get(choice.column.name, choice.why)) for choice in found.ignore]
    return _Seen(patterns, loaded, columns, found, about, first.listing if first is not None else None)


def _folder(path: str) -> _Seen:
    """Look at a folder of recordings without a table.

    Raises
    ------
    DataError : it holds no recordings either.
    """
    inside = recordings_in(path)
    if inside is None:
        raise DataError(
            "the folder holds no table, and no recordings",
            file=path,
            expected="csv, tsv, jsonl or parquet; or images or sounds, in folders by label",
            remedy="name the table, or the folder above the recordings",
        )
    medium, listing = inside
    columns = columns_of(listing.loaded)
    what = WORDS[medium]
    found = guess_folders(columns, medium, f"the paths of the {what} in the folder, which holds no table of them")
    about = "; ".join((f"the folder {path}: {len(listing.names):,} {what}", *listing.loaded.notes))
    return _Seen([path], listing.loaded, columns, found, about, listing)


def _tables_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file() and is_table(entry.name))


def _tables(path: str) -> list[str]:
    """Return a path, or for a folder the glob of its tables, which have to be of one kind."""
    folder = Path(path)
    if not folder.is_dir() and is_recording(path):
        raise DataError(
            "this is a recording",
            file=path,
            expected="a table that names recordings, or the folder that they lie in",
            remedy=f"name that, e.g. audit-pipeline init {visible(folder.parent)}",
        )
    if "://" in path or not folder.is_dir():
        return [path]
    listed = table_in(folder)
    if listed is not None:
        return [listed]
    tables = _tables_in(folder)
    if not tables:
        raise DataError(
            "the folder holds no table",
            file=path,
            expected="csv, tsv, jsonl or parquet",
            remedy="name the table; a folder of images or sounds needs one with their names and labels",
        )
    if len(tables) == 1:
        return [str(folder / tables[0])]
    endings = {_full_ending(table) for table in tables}
    if len(endings) > 1:
        raise DataError(
            f"the folder holds tables of several kinds: {', '.join(tables[:5])}{' …' if len(tables) > 5 else ''}",
            file=path,
            remedy=f"name the one to audit, e.g. audit-pipeline init {folder / tables[0]}",
        )
    return [str(folder / f"*{endings.pop()}")]


def _full_ending(name: str) -> str:
    ending, zipped = split_ending(name)
    return name[-len(ending) - 3 :] if zipped else name[-len(ending) :]


def _relative(pattern: str, folder: Path) -> str:
    """Return a path as it goes into a spec in ``folder``: relative, unless the user named it absolutely and it lies elsewhere."""
    if "://" in pattern:
        return pattern
    path = Path(pattern)
    if path.is_absolute() and not path.is_relative_to(folder):
        return path.as_posix()
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()


def _name(file: DataFile) -> str:
    """Return a name for the audit: that of the first file, or of its folder if the file is called after its purpose."""
    path = PurePosixPath(Path(file.shown).as_posix())
    for name in (path.name.split(".")[0], path.parent.name):
        if name.casefold() not in PURPOSES and re.search(r"[A-Za-z0-9]", name) and len(name) <= 100:
            return name
    return "audit"


def _suspects(columns: Sequence[Column]) -> list[Missing]:
    """Return values that may stand for missing ones, where no trial reading could say in which levels they lie."""
    return [
        Missing(
            column=column.name,
            mark=scalar(suspect.name) if suspect.value is None else suspect.name,
            note=f"{suspect.count:,} of {column.n - column.look.missing:,} records",
        )
        for column in columns
        for suspect in column.look.suspects
    ]
