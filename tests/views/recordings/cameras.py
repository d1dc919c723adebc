"""Scenes and cameras with known properties."""

from __future__ import annotations

import numpy as np
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

SIDE = 96

QUANTISATION = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""The luminance table in the annex of JPEG's standard, for quality 50."""


def scene(rng: np.random.Generator, side: int = SIDE) -> np.ndarray:
    """Something smooth and something with edges, in 0..1."""
    smooth = gaussian_filter(rng.standard_normal((side, side)), side / 12, mode="reflect")
    out = 0.5 + rng.normal(0, 0.03) + 0.12 * smooth / smooth.std()
    for _ in range(3):
        top, left = rng.integers(8, side - 32, 2)
        height, width = rng.integers(8, 24, 2)
        out[top : top + height, left : left + width] += rng.normal(0, 0.06)
    return np.clip(out, 0.05, 0.95)


def exposed(rng: np.random.Generator, light: np.ndarray, deviation: float = 1.5) -> np.ndarray:
    """Noise of the sensor in grey levels, and rounding to 8 bits."""
    levels = 255 * light + deviation * rng.standard_normal(light.shape)
    return (np.clip(np.rint(levels), 0, 255) / 255).astype(np.float32)


def compressed(image: np.ndarray, scale: float) -> np.ndarray:
    """Quantise blocks of 8 x 8 as JPEG does, with its standard table times ``scale``."""
    height, width = image.shape
    blocks = (255 * image - 128).reshape(height // 8, 8, width // 8, 8).transpose(0, 2, 1, 3)
    table = np.maximum(np.rint(QUANTISATION * scale), 1)
    coefficients = np.rint(dctn(blocks, axes=(2, 3), norm="ortho") / table) * table
    restored = idctn(coefficients, axes=(2, 3), norm="ortho").transpose(0, 2, 1, 3).reshape(height, width) + 128
    return (np.clip(np.rint(restored), 0, 255) / 255).astype(np.float32)


def disc(side: int, row: float, column: float, radius: float) -> np.ndarray:
    """A soft blob of height 1."""
    down, right = np.ogrid[:side, :side]
    return np.exp(-((down - row) ** 2 + (right - column) ** 2) / (2 * radius**2))
