"""Pixels to the bytes of a JPEG file, with the quantisation tables of whoever writes it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """How a device writes JPEG: the quality of the standard's tables or ``tables`` of its own, and the colours' subsampling."""

    quality: int = 90
    tables: Sequence[Sequence[int]] | None = None
    subsampling: str = "4:2:0"

    def encode(self, pixels: np.ndarray) -> bytes:
        """Return the file's bytes for pixels (h, w) or (h, w, 3) uint8. Nothing in it depends on the time or the place."""
        from PIL import Image

        out = io.BytesIO()
        own = {"qtables": [list(table) for table in self.tables]} if self.tables else {"quality": self.quality}
        # A grey picture has no colours to be subsampled.
        colour = {"subsampling": self.subsampling} if pixels.ndim == 3 else {}
        Image.fromarray(pixels).save(out, format="JPEG", **own, **colour)
        return out.getvalue()


def own_tables(strength: float, lean: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return tables (luminance, colours) as a maker may have designed them: steps growing with frequency.

    Parameters
    ----------
    strength : step at the lowest frequency.
    lean : how much it grows for each step of frequency, down or right.
    """
    steps = [strength + lean * (down + right) for down in range(8) for right in range(8)]
    luminance = tuple(min(255, max(1, round(step))) for step in steps)
    colours = tuple(min(255, max(1, round(1.4 * step))) for step in steps)
    return luminance, colours
