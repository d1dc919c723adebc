"""What every encoder has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound


class Encoder(Protocol):
    """From decoded recordings of one medium to rows of numbers."""

    @property
    def name(self) -> str:
        """As the user wrote it, e.g. ``timm:resnet18``."""

    @property
    def version(self) -> str:
        """A digest of what decides the numbers: libraries, preparation, weights. Part of the key of cached rows."""

    @property
    def dimensions(self) -> int:
        """Columns of the result."""

    def encode(self, batch: Sequence[Picture | Sound]) -> np.ndarray:
        """Return (n, dimensions) float32; NaN for recordings that cannot be measured."""


def digest(parts: Iterable[str | bytes]) -> str:
    """Return a digest of parts in their order, each with its length, so that none runs into the next."""
    total = sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "little"))
        total.update(content)
    return total.hexdigest()


def filled(batch: Sequence[Picture | Sound], dimensions: int, rows: np.ndarray) -> np.ndarray:
    """Return (n, dimensions) with the rows of the measurable recordings, in their order, and NaN for the others."""
    out = np.full((len(batch), dimensions), np.nan, dtype=np.float32)
    measurable = [i for i, recording in enumerate(batch) if recording.measurable]
    if measurable:
        out[measurable] = rows
    out[~np.isfinite(out).all(axis=1)] = np.nan
    return out
