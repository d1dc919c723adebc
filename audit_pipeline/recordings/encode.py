"""What a trained encoder makes of recordings, in batches, remembered by the content of the file and the version of the encoder."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audit_pipeline.dataset.media import decode
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.digests import of_value
from audit_pipeline.errors import DataError
from audit_pipeline.leftovers import remove_abandoned, unfinished
from audit_pipeline.models.encoders import get_encoder
from audit_pipeline.parquet import read_table, write_table
from audit_pipeline.recordings.names import Medium
from audit_pipeline.recordings.one_pass import prepared
from audit_pipeline.spec import AuditSpec
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound

BATCH = 16
KEPT = 512
"""Rows after which what was encoded is put on disk."""


@dataclass(frozen=True)
class Encoded:
    """Rows (n, d) float32 of recordings, and the version of the encoder that made them."""

    matrix: np.ndarray
    version: str


def encode(
    spec: AuditSpec,
    medium: Medium,
    places: Sequence[str],
    digests: Sequence[str],
    *,
    cache: Path,
    progress: Callable[[int, int, str], None],
) -> Encoded:
    """Encode recordings that were read without a problem before.

    Parameters
    ----------
    places, digests : where each lies, and the digest of its bytes.

    Raises
    ------
    SpecError : the encoder is not installed, or its weights are not on this machine.
    DataError : a file was changed since it was read.
    """
    assert spec.encoder is not None
    encoder = get_encoder(spec.encoder, medium, spec.weights)
    known = _Known(cache.with_name("encoders") / of_value([spec.encoder, encoder.version])[:16])
    # Each content once, however many records have it.
    first = {digest: position for position, digest in reversed(list(enumerate(digests)))}
    todo = [position for digest, position in first.items() if digest not in known.rows]
    done: dict[str, np.ndarray] = {}
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        rows = encoder.encode([_decoded(places[position]) for position in batch])
        done |= {digests[position]: row for position, row in zip(batch, rows, strict=True)}
        if len(done) >= KEPT or start + BATCH >= len(todo):
            known.add(done)
            done = {}
        progress(min(start + BATCH, len(todo)), len(todo), spec.encoder)
    matrix = np.empty((len(digests), encoder.dimensions), dtype=np.float32)
    for position, digest in enumerate(digests):
        matrix[position] = known.rows[digest]
    return Encoded(matrix, encoder.version)


class _Known:
    """Rows of one version of one encoder by the digest of the file, below a folder, in files that are whole or absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder.glob(".part-*"))
        self.rows: dict[str, np.ndarray] = {}
        for part in sorted(folder.glob("*.parquet")):
            table = read_table(part)
            for digest, row in zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True):
                self.rows[digest] = np.frombuffer(row, dtype="<f4")

    def add(self, rows: dict[str, np.ndarray]) -> None:
        import pyarrow as pa

        packed = {digest: np.ascontiguousarray(row, dtype="<f4").tobytes() for digest, row in rows.items()}
        table = pa.table(
            {"digest": pa.array(list(packed), pa.string()), "row": pa.array(list(packed.values()), pa.binary())}
        )
        with unfinished(self._folder, ".part") as part:
            write_table(table, part)
            part.rename(self._folder / f"{uuid.uuid4().hex}.parquet")
        self.rows |= rows


def _decoded(place: str) -> Picture | Sound:
    try:
        return prepared(decode(place))
    except Unreadable as error:
        raise DataError(
            f"could be read before and cannot now: {error.message}",
            file=place,
            remedy="run the audit again when nobody writes there",
        ) from error
