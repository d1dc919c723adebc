"""Reading the data once as a proposed spec says, before anybody runs it: what would be refused is told at once.

Of many recordings some are tried: to decode them all is the audit's work, not a proposal's.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.dataset import kinds, remote
from audit_pipeline.errors import AuditError
from audit_pipeline.proposal.render import Missing
from audit_pipeline.recordings.listing import Listing
from audit_pipeline.spec import FILE, AuditSpec
from audit_pipeline.yamltext import scalar

if TYPE_CHECKING:
    from audit_pipeline.store import StageRecord

TRIED, TRIED_BYTES = 200, 256 << 20
"""Recordings that are tried at most, and the bytes that they have together: scans of a gigabyte take their time."""

LEAST = 20
"""Recordings that are tried however large they are: fewer say little."""


@dataclass(frozen=True)
class Tried:
    """What a trial found: values that may stand for missing ones (None: only some records were read), and sentences."""

    suspects: list[Missing] | None
    told: tuple[str, ...]


def trial(text: str, folder: Path, listing: Listing | None) -> Tried:
    """Read the data as a proposed spec says.

    Parameters
    ----------
    text : the proposed spec; ``folder``: what its paths are relative to.
    listing : the recordings, if models see any.

    Raises
    ------
    AuditError : the audit would be refused.
    """
    import yaml

    from audit_pipeline.spec import parse_spec

    spec = parse_spec(yaml.safe_load(text), base=folder)
    if listing is None:
        record, facts, _ = _read(spec)
        read = f"Read as written above: {_counts(spec, record)}, {record.summary['features']:,} features."
        return Tried(facts, (read,))
    places = [place for place in listing.places if place]
    if any(remote.is_remote(place) for place in places):
        return Tried(None, ("Not tried: the recordings lie elsewhere, and nothing is fetched for a proposal.",))
    chosen = _chosen(spec, listing)
    if len(chosen) == len(listing.places):
        record, facts, headers = _read(spec)
        return Tried(facts, (f"Read as written above: {_counts(spec, record)}, every file decoded.", _headers(headers)))
    with tempfile.TemporaryDirectory() as place:
        some = _sample(spec, listing, chosen, Path(place))
        try:
            record, _, headers = _read(some)
        except AuditError as error:
            raise _at_home(error, listing, chosen) from error
    told = f"Tried with {len(chosen):,} of {len(listing.places):,} recordings, spread over the labels: {_counts(spec, record)}."
    return Tried(None, (told, _headers(headers)))


def _read(spec: AuditSpec) -> tuple[StageRecord, list[Missing], list[str]]:
    """Run the first stage; return its record, values that may stand for missing ones, and header columns that are audited."""
    from audit_pipeline import pipeline
    from audit_pipeline.dataset.records import load_info
    from audit_pipeline.store import Store

    stage = pipeline.graph(spec)[0]
    with tempfile.TemporaryDirectory() as store:
        record = pipeline.execute(stage, spec, Store(Path(store)), {})
        info = load_info(record.folder)
    suspects = [
        Missing(
            column=fact["column"],
            mark=fact["value"] if fact["number"] else scalar(fact["value"]),
            note=_places(fact),
        )
        for fact in info["suspected_missing"]
    ]
    headers = [column["name"] for column in info["metadata"] if column["name"].startswith(FILE)]
    return record, suspects, headers


def _counts(spec: AuditSpec, record: StageRecord) -> str:
    subjects = f", {record.summary['subjects']:,} subjects" if spec.subject else ""
    return f"{record.summary['records']:,} records{subjects}"


def _headers(names: Sequence[str]) -> str:
    if not names:
        return "No header field tells these files apart beyond what is declared."
    return f"Read from the headers, and audited besides: {', '.join(names)}."


def _chosen(spec: AuditSpec, listing: Listing) -> np.ndarray:
    """Return the positions of records that are tried: all of few; of many the same number of each label, evenly."""
    n = len(listing.places)
    sizes = [_size(place) for place in listing.places[:: max(1, n // TRIED)]]
    typical = max(1.0, float(np.mean(sizes)))
    most = int(min(TRIED, max(LEAST, TRIED_BYTES // typical)))
    if n <= most:
        return np.arange(n)
    column = listing.loaded.table.column(spec.label)
    codes = kinds.factor(column, "categorical").codes if kinds.kind_of(column) == "categorical" else np.zeros(n, int)
    labels = np.unique(codes)
    each = max(2, most // len(labels))
    found = []
    for label in labels:
        members = np.flatnonzero(codes == label)
        found.append(members[np.linspace(0, len(members) - 1, min(each, len(members))).astype(int)])
    return np.sort(np.concatenate(found))


def _size(place: str) -> int:
    try:
        return os.path.getsize(place)
    except OSError:
        return 0


def _sample(spec: AuditSpec, listing: Listing, chosen: np.ndarray, place: Path) -> AuditSpec:
    """Write a table of some records, whose recordings are named by where they lie, and return a spec for it."""
    import pyarrow as pa

    from audit_pipeline.parquet import write_table

    assert spec.recording is not None
    table = listing.loaded.table.take(chosen)
    at = table.column_names.index(spec.recording)
    paths = [listing.places[record] or None for record in chosen.tolist()]
    write_table(table.set_column(at, spec.recording, pa.array(paths, pa.string())), place / "some.parquet")
    return spec.model_copy(update={"data": str(place / "some.parquet")})


def _at_home(error: AuditError, listing: Listing, chosen: Sequence[int] | np.ndarray) -> AuditError:
    """Return an error about the sample as one about the table that it was taken from."""
    row = error.row
    if row is not None and 0 <= row - 2 < len(chosen):
        row = None if listing.is_folder else listing.loaded.place(int(chosen[row - 2]))[1]
    return type(error)(
        f"tried with {len(chosen):,} of {len(listing.places):,} recordings: {error.message}",
        remedy=error.remedy,
        row=row,
        column=error.column,
        expected=error.expected,
    )


def _places(fact: dict[str, object]) -> str:
    where = fact["where"]
    assert isinstance(where, list)
    places = "".join(f", {at['count']:,} of {at['records']:,} at {at['column']} {at['level']!r}" for at in where)
    return f"{fact['count']:,} of {fact['of']:,} records{places}"
