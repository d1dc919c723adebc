"""Planes with known content: faint blobs in noise, and spectral shapes."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter


def blobs(rng: np.random.Generator, n: int, height: float, smooth: float = 0.0, free: bool = True) -> np.ndarray:
    """Grey images (n, 64, 64, 3) of noise with a deviation of 8 levels; every second has a blob about 8 pixels wide.

    Parameters
    ----------
    height : of the blob in grey levels.
    smooth : deviation of a background that changes slowly.
    free : whether the blob is anywhere rather than in the middle.
    """
    down, right = np.mgrid[:64, :64]
    out = np.empty((n, 64, 64, 3), dtype=np.uint8)
    for i in range(n):
        levels = 110 + rng.normal(0, 8) + 8 * rng.standard_normal((64, 64))
        if smooth:
            slow = gaussian_filter(rng.standard_normal((64, 64)), 8, mode="reflect")
            levels += smooth * slow / slow.std()
        row, column = rng.uniform(12, 52, 2) if free else (32, 32)
        if i % 2:
            levels += height * np.exp(-((down - row) ** 2 + (right - column) ** 2) / (2 * 2.5**2))
        out[i] = np.clip(np.rint(levels), 0, 255)[:, :, None]
    return out


def spectra(rng: np.random.Generator, n: int, height: float = 10.0) -> np.ndarray:
    """Spectrograms (n, 64, 128, 1) with a faint ridge: at band 28, or at band 20 in every second."""
    band, frame = np.mgrid[:64, :128]
    out = np.empty((n, 64, 128, 1), dtype=np.uint8)
    for i in range(n):
        ridge = height * np.exp(-((band - (20 if i % 2 else 28)) ** 2) / 18)
        slow = 150 - 1.2 * band + rng.normal(0, 15) + 12 * np.sin(frame / 10 + rng.uniform(0, 6))
        out[i, :, :, 0] = np.clip(np.rint(slow + ridge + 20 * rng.standard_normal((64, 128))), 0, 255)
    return out
