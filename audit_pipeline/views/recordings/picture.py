"""A decoded image as the views take it: small and square, and in windows at native resolution, each made once.

Bounds: one pass sums the stored numbers, whatever their type, to fewer than 128 x 128 blocks; what needs native resolution
sees at most 128 x 128 pixels, in one window or in four of 64 x 64. Time and memory beyond the pixels themselves do not grow
with the image, and a whole image of integers is never turned into floats.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from audit_pipeline.views.recordings.residual import REACH, smoothed

VERSION = 2
"""Raised whenever the prepared planes change; part of the key of every image view."""

LEAST = 8
"""Pixels of the shorter side, below which an image is not measured."""

SMALL = 64
"""Images are averaged in whole blocks to at least this many pixels a side, and fewer than twice as many."""

WINDOW = 64
"""Pixels of a side of a window at native resolution: a multiple of 8, as are the windows' places, for JPEG's grid."""

CENTRES = (0.3, 0.7)
"""Where along a side windows lie: nearer to the middle than to the edge, for what is recorded seldom fills the corners."""

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Rec. ITU-R BT.601, as in JPEG."""


class Picture:
    """An image and what the views share of it.

    Parameters
    ----------
    pixels : (h, w), (h, w, 1) or (h, w, 3), floats or unsigned integers; three channels are red, green and blue.
    scale : by what the numbers are multiplied to lie in 0..1. By default 1 for floats, and for integers one over the largest of
        their type. Integers cost less: only what is looked at becomes floats.
    """

    def __init__(self, pixels: np.ndarray, scale: float | None = None) -> None:
        pixels = np.asarray(pixels)
        if pixels.dtype.kind != "u" or pixels.dtype.itemsize > 2:
            pixels = pixels.astype(np.float32, copy=False)
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
            raise ValueError(
                f"an image is (height, width), with 1 or 3 channels or without; this has shape {pixels.shape}"
            )
        self.stored = pixels
        if scale is None:
            scale = 1.0 if pixels.dtype.kind == "f" else 1.0 / float(np.iinfo(pixels.dtype).max)
        self.scale = float(scale)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and number of channels."""
        height, width, channels = self.stored.shape
        return height, width, channels

    @property
    def pixels(self) -> np.ndarray:
        """The whole image as floats in 0..1, (h, w, c); made anew each time, and used by no view."""
        return self.stored.astype(np.float32) * np.float32(self.scale)

    @cached_property
    def measurable(self) -> bool:
        """Whether there are at least 8 x 8 pixels, all of them numbers."""
        return min(self.shape[:2]) >= LEAST and (self.stored.dtype.kind == "u" or bool(np.isfinite(self._rows).all()))

    @cached_property
    def _rows(self) -> np.ndarray:
        """Sums over blocks of rows, (rows, w * c)."""
        height, width, channels = self.shape
        block = _block(height)
        kept = self.stored[: height - height % block].reshape(-1, block, width * channels)
        if kept.dtype.kind == "f":
            return kept.sum(axis=1)
        # Sums in as few bits as hold them are several times as fast as in floats.
        narrow = block * int(np.iinfo(kept.dtype).max) <= np.iinfo(np.uint16).max
        return kept.sum(axis=1, dtype=np.uint16 if narrow else np.uint32).astype(np.float32)

    @cached_property
    def small(self) -> np.ndarray:
        """The image averaged over blocks, (rows, columns, c) in 0..1, each side below 128 and, if it was so long, not below 64."""
        height, width, channels = self.shape
        down, right = _block(height), _block(width)
        kept = self._rows[:, : (width - width % right) * channels]
        factor = np.float32(self.scale / (down * right))
        # A product: numpy sums over short axes slowly.
        sums = kept.reshape(-1, right * channels) @ _by_channel(right, channels)
        return np.asarray((sums * factor).reshape(len(kept), -1, channels))

    @cached_property
    def grey(self) -> np.ndarray:
        """The luminance of ``small``, (rows, columns)."""
        return luminance(self.small)

    @cached_property
    def channels(self) -> np.ndarray:
        """Brightness of all pixels of ``small``: (1, n) its grey, or (4, n) grey, red, green and blue."""
        if self.small.shape[2] == 1:
            return self.grey.reshape(1, -1)
        # Filled in, since joined they would lie pixel by pixel, and every sum over pixels would be slow.
        out = np.empty((4, self.grey.size), dtype=np.float32)
        out[0] = self.grey.ravel()
        out[1:] = self.small.reshape(-1, 3).T
        return out

    @cached_property
    def ordered(self) -> np.ndarray:
        """``channels``, each in ascending order."""
        return np.sort(self.channels, axis=1)

    @cached_property
    def centred(self) -> np.ndarray:
        """``channels`` less the mean of each."""
        return self.channels - self._means[:, None]

    @cached_property
    def _means(self) -> np.ndarray:
        return self.channels.mean(axis=1)

    @cached_property
    def moments(self) -> np.ndarray:
        """Mean and deviation of each row of ``channels``, (1 or 4, 2)."""
        deviation = np.sqrt(np.vecdot(self.centred, self.centred) / self.centred.shape[1])
        return np.stack([self._means, deviation], axis=1).astype(np.float64)

    @cached_property
    def _squares(self) -> dict[int, np.ndarray]:
        return {}

    def square(self, side: int) -> np.ndarray:
        """Return the luminance averaged (or interpolated) to (side, side); the aspect ratio is lost.

        Of a side that divides 64 it is the average over the square of 64: areas of areas.
        """
        if side not in self._squares:
            plane = self.square(SMALL) if side < SMALL and SMALL % side == 0 else self.grey
            down, right = (resampling(length, side) for length in plane.shape)
            self._squares[side] = down @ plane @ right.T
        return self._squares[side]

    @cached_property
    def windows(self) -> np.ndarray:
        """Windows at native resolution, (1, 2 or 4, height, width, c) float32 in grey levels of 0..255.

        A side of up to 128 pixels is taken whole; of a longer one two windows of 64 around 3/10 and 7/10 of it.
        """
        tops, height = _places(self.shape[0])
        lefts, width = _places(self.shape[1])
        parts = [self.stored[top : top + height, left : left + width] for top in tops for left in lefts]
        windows = np.stack(parts).astype(np.float32)
        windows *= np.float32(self.scale * 255)
        return windows

    @cached_property
    def grey_windows(self) -> np.ndarray:
        """Luminance of the windows, (k, height, width)."""
        return luminance(self.windows)

    @cached_property
    def smooth_windows(self) -> np.ndarray:
        """What a smoother makes of ``grey_windows``, (k, height - 4, width - 4): without two pixels at each edge."""
        return smoothed(self.grey_windows)

    @cached_property
    def remainders(self) -> np.ndarray:
        """What the smoother takes away, as large."""
        return self.grey_windows[:, REACH:-REACH, REACH:-REACH] - self.smooth_windows

    def centre(self, side: int) -> np.ndarray:
        """Return the luminance in grey levels of 0..255 of the middle, (at most side, at most side), at native resolution."""
        wanted = [min(length, side) for length in self.shape[:2]]
        top, left = ((length - kept) // 2 for length, kept in zip(self.shape[:2], wanted, strict=True))
        middle = self.stored[top : top + wanted[0], left : left + wanted[1]].astype(np.float32)
        return luminance(middle) * np.float32(self.scale * 255)


def quantiles(ordered: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Return quantiles of numbers (n,) in ascending order, interpolated linearly."""
    at = np.array(shares) * (len(ordered) - 1)
    below = at.astype(np.int64)
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    return np.asarray(low + (high - low) * (at - below))


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Return (..., h, w) from (..., h, w, 1 or 3)."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0]
    return (pixels.reshape(-1, 3) @ LUMA).reshape(pixels.shape[:-1])


def _places(length: int) -> tuple[list[int], int]:
    if length <= 2 * WINDOW:
        return [0], length
    last = (length - WINDOW) // 8
    return [8 * min(round((length * centre - WINDOW / 2) / 8), last) for centre in CENTRES], WINDOW


@lru_cache(maxsize=256)
def _block(length: int) -> int:
    """Return how many pixels to average so that 64 to 127 blocks leave the fewest pixels over, and of those choices the most."""
    fewest, most = max(1, -(-length // (2 * SMALL - 1))), max(1, length // SMALL)
    return min(range(fewest, most + 1), key=lambda block: (length % block, -block))


@lru_cache(maxsize=64)
def _by_channel(count: int, channels: int) -> np.ndarray:
    """Return the matrix (count * channels, channels) that sums so many pixels by channel."""
    return np.tile(np.eye(channels, dtype=np.float32), (count, 1))


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
