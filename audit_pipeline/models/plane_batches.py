"""Planes of bytes become batches of numbers: standardised, and shifted a little when they train a network.

All planes stay bytes; only a batch is ever floats, so that 100,000 planes take no more memory than themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

MEASURED = 4_096
"""Planes, drawn at random from more, of which means and deviations are taken."""

PIXELS = 2
"""By which an image is shifted at most, in both directions: a thirtieth of a side, less than people hold a camera still."""

FRAMES = 8
"""By which a spectrogram is shifted at most, in time alone: a shift in frequency would change what is heard."""


@dataclass(frozen=True)
class Batches:
    """Makes batches of planes.

    One channel means a spectrogram, whose bands (rows) are standardised one by one: loud low bands would hide the others.
    Channels of images are standardised as wholes, since brightness at a place is what a network looks for.

    Parameters
    ----------
    mean, scale : (h, 1, 1) of a spectrogram, (1, 1, c) of images; float32, of training records alone.
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, planes: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> Batches:
        """Learn from the rows of (n, h, w, c) uint8 that a network is fitted on."""
        if len(rows) > MEASURED:
            rows = np.sort(rng.choice(rows, MEASURED, replace=False))
        axes = (2, 3) if is_sound(planes) else (1, 2)
        shape = (-1, 1, 1) if is_sound(planes) else (1, 1, -1)
        total, square, count = 0.0, 0.0, 0
        for start in range(0, len(rows), 256):
            part = planes[rows[start : start + 256]].astype(np.float32)
            total = total + part.mean(axis=axes, dtype=np.float64).sum(axis=0)
            square = square + (part**2).mean(axis=axes, dtype=np.float64).sum(axis=0)
            count += len(part)
        mean = np.asarray(total / count)
        scale = np.sqrt(np.maximum(square / count - mean**2, 0))
        # Less than half a step is rounding: a band that was never recorded stays 0.
        scale = np.where(scale > 0.5, scale, 1.0)
        return cls(mean.reshape(shape).astype(np.float32), scale.reshape(shape).astype(np.float32))

    def plain(self, planes: np.ndarray, rows: np.ndarray, device: str) -> torch.Tensor:
        """Return the planes (b, c, h, w) as they are."""
        return self._numbers(planes[rows], device)

    def shifted(self, planes: np.ndarray, rows: np.ndarray, device: str, rng: np.random.Generator) -> torch.Tensor:
        """Return the planes, each shifted by its own few pixels or frames; edges are repeated.

        Nothing is mirrored: a mirrored spectrogram runs backwards, and left and right of a picture (the side of a heart, of a
        marker, of a lamp) may be the very shortcut that an audit looks for.
        """
        height, width = planes.shape[1:3]
        most = (0, FRAMES) if is_sound(planes) else (PIXELS, PIXELS)
        down, right = (rng.integers(-limit, limit + 1, (len(rows), 1)) for limit in most)
        row = np.clip(np.arange(height) + down, 0, height - 1)
        column = np.clip(np.arange(width) + right, 0, width - 1)
        return self._numbers(planes[rows[:, None, None], row[:, :, None], column[:, None, :]], device)

    def _numbers(self, planes: np.ndarray, device: str) -> torch.Tensor:
        import torch

        mean, scale = (torch.from_numpy(part).to(device) for part in (self.mean, self.scale))
        numbers = (torch.from_numpy(planes).to(device).float() - mean) / scale
        # Channels come last in memory already, which is how convolutions like them.
        return numbers.permute(0, 3, 1, 2)


def is_sound(planes: np.ndarray) -> bool:
    """Return whether planes (n, h, w, c) are spectrograms: images have three channels, grey ones too."""
    return planes.shape[3] == 1
