"""The recordings of an audit, taken in: which can be read, what their headers say, what the views see of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.media import PREFIX
from audit_pipeline.dataset.read import Loaded
from audit_pipeline.errors import DataError, shorten
from audit_pipeline.parquet import write_table
from audit_pipeline.recordings.check import remedy_for
from audit_pipeline.recordings.derived import file_columns
from audit_pipeline.recordings.encode import Encoded, encode
from audit_pipeline.recordings.listing import Listing
from audit_pipeline.recordings.look import Looked, look_through
from audit_pipeline.recordings.matrices import write_look
from audit_pipeline.recordings.names import PLANE, REMAINDER, Medium, looks
from audit_pipeline.spec import AuditSpec
from audit_pipeline.stats.thinning import VIEWED

if TYPE_CHECKING:
    import pyarrow as pa

MOST_REMAINDERS = 2 * VIEWED
"""A few subjects may have more records than views hold else; their remainders would not fit into memory."""

_SHOWN = 3


@dataclass(frozen=True)
class Ingested:
    """Recordings that were looked through.

    Parameters
    ----------
    loaded : the table of records with the header columns ``file.*`` beside its own.
    listing : where the recordings lie, and what they are called.
    readable : (n,) whether a record's recording can be read.
    cache : folder of what was seen.
    """

    loaded: Loaded
    readable: np.ndarray
    looked: Looked
    medium: Medium
    cache: Path
    listing: Listing

    def digest(self, record: int) -> str:
        """Return the digest of a record's recording."""
        return str(self.looked.rows[record]["digest"])

    def check(self, spec: AuditSpec, label: np.ndarray, classes: Sequence[str]) -> list[str]:
        """Return notes on recordings that cannot be read.

        Parameters
        ----------
        label : (n,) codes of the labels; -1 where a record has none.

        Raises
        ------
        DataError : there are more of them than the policy allows.
        """
        counted = label >= 0
        lost = np.flatnonzero(counted & ~self.readable)
        if not len(lost):
            return []
        rows = [self.looked.rows[record] for record in lost]
        share = len(lost) / max(1, int(counted.sum()))
        kinds = Counter(str(row["problem"]) for row in rows)
        told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        if share > spec.policy.unreadable:
            raise self._too_many(spec, lost, share, f"{len(lost):,} of {int(counted.sum()):,}", told)
        some = "; ".join(f"{self.listing.names[record]} ({self._reason(record)})" for record in lost[:_SHOWN])
        by_class = ", ".join(
            f"{int((label[lost] == code).sum()):,} of {int((label == code).sum()):,} {shorten(name)}"
            for code, name in enumerate(classes)
            if (label[lost] == code).any()
        )
        return [
            f"{len(lost):,} of {int(counted.sum()):,} recordings cannot be read and were left out ({told}; by label "
            f"{by_class}): {some}{' …' if len(lost) > _SHOWN else ''}; manifest.parquet lists them all"
        ]

    def _reason(self, record: int) -> str:
        return str(self.looked.rows[record]["reason"])

    def _too_many(self, spec: AuditSpec, lost: np.ndarray, share: float, count: str, told: str) -> DataError:
        first, record = self.looked.rows[lost[0]], int(lost[0])
        known = not self.listing.is_folder
        others = "; ".join(f"{self.listing.names[i] or '(none)'}: {self._reason(i)}" for i in lost[1 : 1 + _SHOWN])
        named = f"{self.listing.names[record]}: " if known and self.listing.names[record] else ""
        file, row = self.loaded.place(record) if known else (str(first["path"]), None)
        rows = [self.looked.rows[i] for i in lost]
        remedy = remedy_for(self.medium, str(spec.recording), first, rows)
        if share < 1:
            tolerated = min(0.99, np.ceil(share * 100) / 100)
            remedy += f"; to audit the rest all the same, set `policy: {{unreadable: {tolerated:g}}}`"
        return DataError(
            f"{count} recordings cannot be read ({told}); this one: {named}{first['reason']}"
            + (f"; also {others}" if others else ""),
            file=file,
            row=row,
            column=spec.recording if known else None,
            expected=f"at most {spec.policy.unreadable:.0%} that cannot be read",
            remedy=remedy,
        )

    def manifest(self, label: np.ndarray) -> list[dict[str, Any]]:
        """Return a row of the manifest for each recording; ``label`` as in :meth:`check`."""
        return [
            {
                "entry": "recording",
                "name": self.listing.names[record],
                "role": self.medium if label[record] >= 0 else "unlabelled",
                "sha256": row["digest"],
                "bytes": row["bytes"],
                "kind": row["kind"],
                "row": record,
                "problem": row["problem"],
                "reason": row["reason"],
                "remedy": row["remedy"],
            }
            for record, row in enumerate(self.looked.rows)
        ]

    def write(
        self, folder: Path, records: np.ndarray, viewed: np.ndarray, progress: Callable[[int, int, str], None]
    ) -> None:
        """Write what was seen of the records at these positions, in this order: one file a view, planes, remainders.

        Parameters
        ----------
        viewed : positions in ``records`` of those that views hold: of no others is the remainder written.

        Raises
        ------
        DataError : a file was changed between the two passes over very many.
        """
        names = looks(self.medium)
        for done, name in enumerate(names):
            progress(done, len(names), name)
            if name == REMAINDER:
                matrix = self._remainders(records[viewed], progress)
            else:
                matrix = self.looked.matrix(name, records, "u1" if name == PLANE else "<f4")
            write_look(folder / f"look_{name}.parquet", matrix)

    def encode(self, spec: AuditSpec, records: np.ndarray, progress: Callable[[int, int, str], None]) -> Encoded:
        """Return what the spec's encoder makes of the records at these positions."""
        positions = records.tolist()
        return encode(
            spec,
            self.medium,
            [self.listing.places[record] for record in positions],
            [self.digest(record) for record in positions],
            cache=self.cache,
            progress=progress,
        )

    def _remainders(self, records: np.ndarray, progress: Callable[[int, int, str], None]) -> np.ndarray:
        """Return the remainders (n, p) int8 of some records; of very many records they were left out until now."""
        if len(records) > MOST_REMAINDERS:
            return np.empty((0, 1), dtype=np.int8)
        again = look_through(
            [self.listing.places[record] for record in records.tolist()],
            [REMAINDER],
            medium=self.medium,
            cache=self.cache,
            progress=progress,
        )
        for record, row in zip(records.tolist(), again.rows, strict=True):
            if row["digest"] != self.digest(record):
                raise DataError(
                    "the recording was changed while it was audited",
                    file=row["path"],
                    remedy="run the audit again when nobody writes there",
                )
        return again.matrix(REMAINDER, range(len(records)), "i1")


def ingest(
    spec: AuditSpec,
    listing: Listing,
    *,
    cache: Path,
    progress: Callable[[int, int, str], None],
) -> Ingested:
    """Look through the recordings of a listing.

    Raises
    ------
    DataError : a column of the table is called like one of a header.
    AuditError : no worker process can be started.
    """
    assert spec.medium is not None
    assert spec.recording is not None
    table = listing.loaded.table
    clash = [name for name in table.column_names if name.startswith(PREFIX)]
    if clash:
        raise DataError(
            f"the column {clash[0]!r} is called like what is read from the files",
            file=listing.loaded.shown,
            column=clash[0],
            remedy=f"rename it; names that start with {PREFIX!r} are those of headers",
        )
    wanted = list(looks(spec.medium))
    if len(listing.places) > VIEWED:
        # They are large: of very many recordings they are taken in a second pass, of those that views hold.
        wanted = [name for name in wanted if name != REMAINDER]
    named = [record for record, place in enumerate(listing.places) if place]
    looked = look_through(
        [listing.places[record] for record in named],
        wanted,
        medium=spec.medium,
        cache=cache,
        progress=progress,
    )
    nowhere: dict[str, Any] = {
        **dict.fromkeys(("digest", "bytes", "kind")),
        "path": "",
        "problem": "missing",
        "reason": "the record names no file",
        "remedy": f"fill in {spec.recording!r}, or leave the record out",
        "facts": {},
    }
    rows: list[dict[str, Any]] = [nowhere] * len(listing.places)
    for record, row in zip(named, looked.rows, strict=True):
        rows[record] = row
    for name, values in file_columns([row["facts"] for row in rows]).items():
        table = table.append_column(name, values)
    # Columns hold the facts now; as mappings those of 100,000 recordings take hundreds of megabytes.
    looked = replace(looked, rows=tuple({**row, "facts": {}} for row in rows))
    return Ingested(
        replace(listing.loaded, table=table),
        np.array([row["problem"] is None for row in rows], dtype=bool),
        looked,
        spec.medium,
        cache,
        listing,
    )


def write_facts(path: Path, columns: dict[str, pa.ChunkedArray]) -> None:
    """Write header columns that become views, in the order of the records."""
    import pyarrow as pa

    write_table(pa.table(columns or {"none": pa.nulls(0)}), path)
