"""A decoded image as the views take it: small and square, and in windows at native resolution, each made once.

Bounds: one pass averages the pixels to fewer than 256 x 256; what needs native resolution sees at most nine windows of
96 x 96, so that time and memory beyond the pixels themselves do not grow with the image.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

VERSION = 1
"""Raised whenever the prepared planes change; part of the key of every image view."""

LEAST = 8
"""Pixels of the shorter side, below which an image is not measured."""

SMALL = 128
"""Images are averaged in whole blocks to at least this many pixels a side, and fewer than twice as many."""

WINDOW = 96
"""Pixels of a side of a window at native resolution: a multiple of 8, as are the windows' places, for JPEG's grid."""

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Rec. ITU-R BT.601, as in JPEG."""


class Picture:
    """An image and what the views share of it.

    Parameters
    ----------
    pixels : (h, w), (h, w, 1) or (h, w, 3), floats in 0..1; three channels are red, green and blue.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        pixels = np.asarray(pixels, dtype=np.float32)
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
            raise ValueError(
                f"an image is (height, width), with 1 or 3 channels or without; this has shape {pixels.shape}"
            )
        self.pixels = pixels

    @cached_property
    def measurable(self) -> bool:
        """Whether there are at least 8 x 8 pixels, all of them numbers."""
        return min(self.pixels.shape[:2]) >= LEAST and bool(np.isfinite(self._rows).all())

    @cached_property
    def _rows(self) -> np.ndarray:
        """Sums over blocks of rows, (rows, w, c)."""
        height, width, channels = self.pixels.shape
        block = max(1, height // SMALL)
        kept = self.pixels[: height - height % block]
        return kept.reshape(-1, block, width * channels).sum(axis=1).reshape(-1, width, channels) / np.float32(block)

    @cached_property
    def small(self) -> np.ndarray:
        """The image averaged over blocks, (rows, columns, c), each side below 256."""
        rows, width, channels = self._rows.shape
        block = max(1, width // SMALL)
        kept = self._rows[:, : width - width % block]
        return kept.reshape(rows, -1, block, channels).mean(axis=2)

    @cached_property
    def grey(self) -> np.ndarray:
        """The luminance of ``small``, (rows, columns)."""
        return luminance(self.small)

    def square(self, side: int) -> np.ndarray:
        """Return the luminance averaged (or interpolated) to (side, side); the aspect ratio is lost."""
        return resampling(self.grey.shape[0], side) @ self.grey @ resampling(self.grey.shape[1], side).T

    @cached_property
    def windows(self) -> np.ndarray:
        """Windows at native resolution, (1, 3 or 9, height, width, c).

        A side of up to 288 pixels is taken whole; of a longer one three windows of 96 around 1/6, 1/2 and 5/6 of it.
        """
        tops, height = _places(self.pixels.shape[0])
        lefts, width = _places(self.pixels.shape[1])
        return np.stack(
            [self.pixels[top : top + height, left : left + width] for top in tops for left in lefts], dtype=np.float32
        )

    @cached_property
    def grey_windows(self) -> np.ndarray:
        """Luminance of the windows in grey levels of 0..255, (k, height, width)."""
        return luminance(self.windows) * np.float32(255)


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Return (..., h, w) from (..., h, w, 1 or 3)."""
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels @ LUMA


def _places(length: int) -> tuple[list[int], int]:
    if length <= 3 * WINDOW:
        return [0], length
    last = (length - WINDOW) // 8
    return [8 * min(round((length * (2 * i + 1) / 6 - WINDOW / 2) / 8), last) for i in range(3)], WINDOW


@lru_cache(maxsize=64)
def resampling(length: int, wanted: int) -> np.ndarray:
    """Return the matrix (wanted, length) float32 that averages over areas, or interpolates linearly to more points."""
    if wanted <= length:
        edges = np.arange(wanted + 1) * (length / wanted)
        cells = np.arange(length)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        weights = np.maximum(overlap, 0)
    else:
        places = np.clip((np.arange(wanted) + 0.5) * (length / wanted) - 0.5, 0, length - 1)
        weights = np.maximum(1 - np.abs(places[:, None] - np.arange(length)), 0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
