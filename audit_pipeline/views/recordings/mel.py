"""Bands of pitch: triangles of equal width on a scale that is linear for low and logarithmic for high frequencies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

LOWEST, HIGHEST = 30.0, 8000.0
KNEE = 300.0
"""Hz below which the scale of pitch is linear and above logarithmic: lower than the mel scale's 700, for hearts and lungs."""


@lru_cache(maxsize=16)
def mel_weights(bins: int, rate: float, bands: int) -> np.ndarray:
    """Return triangles (bins, bands) float32 of equal width on the scale log(1 + Hz / knee), from 30 Hz to 8 kHz.

    NaN where one reaches beyond rate / 2: it was not recorded.

    Parameters
    ----------
    bins : of a spectrum, evenly from 0 to rate / 2.
    rate : samples a second.
    """
    frequencies = np.linspace(0, rate / 2, bins)
    low, high = np.log1p(LOWEST / KNEE), np.log1p(HIGHEST / KNEE)
    corners = KNEE * np.expm1(np.linspace(low, high, bands + 2))
    corners[0], corners[-1] = LOWEST, HIGHEST
    # A triangle narrower than two bins would fall between them.
    narrowest = frequencies[1]
    left = np.minimum(corners[:-2], corners[1:-1] - narrowest)
    right = np.maximum(corners[2:], corners[1:-1] + narrowest)
    rising = (frequencies[:, None] - left) / (corners[1:-1] - left)
    falling = (right - frequencies[:, None]) / (right - corners[1:-1])
    weights = np.maximum(np.minimum(rising, falling), 0)
    weights[:, corners[2:] > rate / 2 * (1 + 1e-6)] = np.nan
    return weights.astype(np.float32)
