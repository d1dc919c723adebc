"""Whether a table names recordings that exist, or a folder holds some: the column or the folder that models shall look at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from audit_pipeline.dataset import remote
from audit_pipeline.dataset.files import is_table
from audit_pipeline.errors import DataError
from audit_pipeline.proposal import vocabulary as v
from audit_pipeline.proposal.columns import Column
from audit_pipeline.recordings.folders import ENDINGS, MANIFESTS, PATH
from audit_pipeline.recordings.listing import Listing, list_recordings
from audit_pipeline.recordings.names import Medium
from audit_pipeline.spec import AuditSpec

LOOKED_FOR = 200
"""Recordings of a table that are looked for, evenly from its first to its last."""

WORDS: dict[Medium, str] = {"image": "images", "audio": "sounds"}

_LABEL = "-"
"""Stands for a label while only the recordings are of interest; listing them takes no notice of it."""


@dataclass(frozen=True)
class Named:
    """A column that names recordings.

    Parameters
    ----------
    listing : where each record's recording lies.
    looked_for, found : how many were looked for, and how many lie there; both 0 where they lie elsewhere than on this machine.
    """

    column: Column
    medium: Medium
    listing: Listing
    looked_for: int
    found: int

    @property
    def exists(self) -> bool:
        """Whether most of what was looked for lies there; who proposes takes other machines at their word."""
        return 2 * self.found > self.looked_for or not self.looked_for

    @property
    def why(self) -> str:
        """Why the column is proposed, or why not."""
        what = f"names of {WORDS[self.medium]}"
        if not self.looked_for:
            return f"{what} that lie elsewhere"
        if not self.found:
            return f"{what}, but none of {self.looked_for:,} lies where the table says, seen from its folder"
        some = f"{self.found:,} of {self.looked_for:,}"
        return f"{what}; {some}{' looked for' if self.looked_for < self.column.n else ''} lie where the table says"


def named_recordings(patterns: Sequence[str], columns: Sequence[Column]) -> list[Named]:
    """Return the columns of a table that name images or sounds, the best first: those whose files exist."""
    found = [named for column in columns if (named := _named(patterns, column)) is not None]
    return sorted(found, key=lambda named: (not named.exists, named.column.position))


def _named(patterns: Sequence[str], column: Column) -> Named | None:
    many = column.look.kind == "categorical" and column.look.distinct > 1
    if not many or not (column.files or set(column.words) & v.FILE):
        return None
    spec = AuditSpec(name="proposal", data=tuple(patterns), label=_LABEL, image=column.name)
    try:
        listing = list_recordings(spec, wanted=[column.name], exact=[column.name])
    except DataError:  # it names addresses that no table may send this machine to
        return None
    places = [place for place in listing.places if place]
    some = places[:: max(1, len(places) // LOOKED_FOR)][:LOOKED_FOR]
    medium = _medium(some)
    if medium is None:
        return None
    here = [remote.local_path(place) for place in some if not remote.is_remote(place)]
    there = sum(os.path.isfile(place) for place in here)
    if not column.files and not there:
        return None  # a word in its name is little to go by
    return Named(column, medium, listing, len(here), there)


def _medium(places: Sequence[str]) -> Medium | None:
    """Return the medium that most files have by their endings; files without any ending are DICOM files, often."""
    endings = [PurePosixPath(urlsplit(place).path if remote.is_remote(place) else place).suffix for place in places]
    endings = [ending.casefold() for ending in endings]
    images = sum(ending in ENDINGS["image"] or not ending for ending in endings)
    sounds = sum(ending in ENDINGS["audio"] for ending in endings)
    if 2 * max(images, sounds) <= len(endings):
        return None
    return "image" if images >= sounds else "audio"


def is_recording(path: str) -> bool:
    """Return whether a path, a pattern or a URL ends like a recording."""
    return PurePosixPath(path).suffix.casefold() in (*ENDINGS["image"], *ENDINGS["audio"])


def table_in(folder: Path) -> str | None:
    """Return the table of recordings that a folder holds, by its name, as an audit of the folder would find it."""
    tables = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and is_table(entry.name))
    for name in MANIFESTS:
        named = [table for table in tables if table.casefold().startswith(f"{name}.")]
        if len(named) == 1:
            return str(folder / named[0])
    return None


def recordings_in(folder: str) -> tuple[Medium, Listing] | None:
    """Return what a folder without a table holds more of, images or sounds, and a list of it; None if it holds neither."""
    found: list[tuple[Medium, Listing]] = []
    for medium in ("image", "audio"):
        keys = {"image": PATH} if medium == "image" else {"audio": PATH}
        try:
            listing = list_recordings(AuditSpec(name="proposal", data=folder, label=_LABEL, **keys))
        except DataError:
            continue
        found.append((medium, listing))
    return max(found, key=lambda pair: _certain(pair[1], pair[0]), default=None)


def _certain(listing: Listing, medium: Medium) -> int:
    """Return how many files have an ending of the medium; files without one are taken for either."""
    return sum(PurePosixPath(name).suffix.casefold() in ENDINGS[medium] for name in listing.names)
