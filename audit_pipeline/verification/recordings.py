"""Recordings against their signed digests: every file is read and digested again; nothing is decoded.

What headers and views say follows from a file's bytes, so where all digests agree it is what was signed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline import digests
from audit_pipeline.dataset import remote
from audit_pipeline.dataset.look import look_at
from audit_pipeline.dataset.media.examine import digest_of
from audit_pipeline.dataset.media.limits import DEFAULT
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Source, open_stream
from audit_pipeline.lineage import RECORDING
from audit_pipeline.recordings.listing import Listing, list_recordings
from audit_pipeline.spec import FILE, AuditSpec
from audit_pipeline.verification.folder import SignedFolder
from audit_pipeline.verification.manifest import NAME, Manifest
from audit_pipeline.verification.remarks import Remarks, short

if TYPE_CHECKING:
    import pyarrow as pa

MOST_NAMED = 20
"""Recordings that are named for each way in which they differ; further ones are counted."""

_BATCH = 4_096


@dataclass(frozen=True)
class State:
    """A recording as it was, or is: its digest, or why it has none."""

    digest: str | None
    problem: str | None = None

    def differs(self, signed: State) -> str | None:
        """Return how this state is not the signed one, in words; None where nothing differs."""
        if self.digest is not None and signed.digest is not None:
            same = self.digest == signed.digest
            return None if same else f"content differs: SHA-256 {short(self.digest)}, signed {short(signed.digest)}"
        if self.digest is None and signed.digest is None:
            same = self.problem == signed.problem
            return None if same else f"has no content ({self.problem}), as when it was signed ({signed.problem})"
        if self.digest is None:
            return "is missing" if self.problem == "missing" else f"can no longer be read ({self.problem})"
        return f"could not be read when it was signed ({signed.problem}); now it has content"


def check_recordings(folder: SignedFolder, spec: AuditSpec, *, fetch: bool, remarks: Remarks) -> Manifest | None:
    """Compare the recordings that a spec means today with the signed ones, and name those that differ.

    Parameters
    ----------
    fetch : whether recordings that lie elsewhere may be read over the network.

    Returns
    -------
    The files and columns of today's table, as a manifest has them, of the records that were audited; columns of headers are
    left out, since they follow from the recordings. No files where a folder was listed, whose content is the recordings.
    None where the manifest of the audit cannot be read.

    Raises
    ------
    DataError : there is no such table or folder any more, or it cannot be read.
    """
    signed = _signed_rows(folder)
    if signed is None:
        remarks.note("recordings", f"were not compared, since {NAME} cannot be read")
        return None
    names = [name for names in spec.roles().values() for name in names]
    exact = [name for role, names_ in spec.roles().items() if role not in ("features", "ignore") for name in names_]
    listing = list_recordings(spec, wanted=names, exact=exact)
    _compare(signed, listing, fetch=fetch, remarks=remarks)
    return _table_of(signed, listing, spec)


def _signed_rows(folder: SignedFolder) -> pa.Table | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = folder.table(NAME)
    try:
        assert table is not None
        rows = table.filter(pc.equal(table.column("entry"), RECORDING))
        return rows.select(["name", "role", "sha256", "problem", "row"]).sort_by("row")
    except (AssertionError, KeyError, pa.ArrowException):
        return None


def _compare(signed: pa.Table, listing: Listing, *, fetch: bool, remarks: Remarks) -> None:
    """Name the recordings that changed, that are missing and that are new."""
    columns = (signed.column(name).to_pylist() for name in ("name", "sha256", "problem"))
    before: dict[str, State] = {name: State(sha, problem) for name, sha, problem in zip(*columns, strict=True) if name}
    today = {name: place for name, place in zip(listing.names, listing.places, strict=True) if name}
    elsewhere = [] if fetch else [name for name in today if name in before and remote.is_remote(today[name])]
    if elsewhere:
        remarks.note(
            "recordings", f"{len(elsewhere):,} lie elsewhere; nothing is fetched unasked: give the table with --data"
        )
    left = set(elsewhere)
    compared = [name for name in today if name in before and name not in left]
    told: dict[str, list[tuple[str, str]]] = {"changed": [], "gone": [], "new": []}
    for name, state in zip(compared, _states([today[name] for name in compared]), strict=True):
        how = state.differs(before[name])
        if how is not None:
            told["gone" if state.problem == "missing" else "changed"].append((name, how))
    told["gone"] += [(name, "is signed, but not among the data") for name in before if name not in today]
    told["new"] = [(name, "is not among the signed recordings") for name in today if name not in before]
    remarks.count("recording", len(compared))
    for kind, found in told.items():
        for name, how in found[:MOST_NAMED]:
            remarks.differs(f"recording {name}", how)
        if len(found) > MOST_NAMED:
            remarks.differs("recordings", f"{len(found) - MOST_NAMED:,} more are {kind}")


def _states(places: Sequence[str]) -> Iterator[State]:
    """Yield the state of each file in order, read in blocks by several threads (a digest lets go of the interpreter)."""
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(places), _BATCH):
            yield from pool.map(_state, places[start : start + _BATCH])


def _state(place: str) -> State:
    try:
        with open_stream(Source.of(place), DEFAULT) as stream:
            return State(digest_of(stream))
    except Unreadable as error:
        return State(None, error.kind)


def _table_of(signed: pa.Table, listing: Listing, spec: AuditSpec) -> Manifest:
    """Return the digests of the table's own columns, over the records that were audited."""
    import pyarrow as pa

    loaded = listing.loaded
    files = () if listing.is_folder else tuple((file.name, file.digest()) for file in loaded.files)
    role_of = {name: role for role, names in spec.roles().items() for name in names}
    audited = np.array(
        [
            role != "unlabelled" and problem is None
            for role, problem in zip(*(signed.column(name).to_pylist() for name in ("role", "problem")), strict=True)
        ],
        dtype=bool,
    )
    table = loaded.table
    if len(audited) == table.num_rows:
        table = table.filter(pa.array(audited))
        rows = table.num_rows
    else:
        # Not the records that were signed: that many of them is what there is to say.
        rows = table.num_rows - int((~audited).sum())
    columns = {
        name: (
            role_of.get(name, "unused"),
            digests.of_column(table.column(name)) if look_at(table.column(name)).kind != "unusable" else None,
        )
        for name in table.column_names
        if not name.startswith(FILE)
    }
    return Manifest(files, columns, rows)
