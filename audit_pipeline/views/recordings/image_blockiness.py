"""The view ``blockiness`` of an image: traces of JPEG's 8 x 8 grid, and nothing that lies off the grid as well."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view

VERSION = 1
BLOCK = 8
LOW = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
"""Frequencies (down, right) whose quantisation is looked for: the first of JPEG's zigzag."""

STEPS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40)
"""Quantisation steps in grey levels of the orthonormal DCT, as in JPEG's tables."""

ENOUGH = 16
"""Blocks, for a mean over them."""

BANDS = 8

COLUMNS = (
    *(f"log jump at {axis} {phase} of {BLOCK}" for axis in ("column", "row") for phase in range(BLOCK)),
    *(f"log amplitude on to off the grid, band {band} of {BANDS}" for band in range(BANDS)),
    *(f"multiples of {step:g} at frequency {down}, {right}" for down, right in LOW for step in STEPS),
)


@image_view("blockiness", version=VERSION, columns=COLUMNS)
def blockiness(picture: Picture) -> np.ndarray:
    """Compare blocks on JPEG's grid with blocks off it: jumps at their edges, amplitudes, periods in DCT histograms.

    On at most nine windows of 96 x 96 at native resolution, which keep the grid's place. The same is measured on blocks
    shifted by four pixels both ways and subtracted (calibration, Fridrich 2002): the scene is alike on both, quantisation
    is not. Steps show as the mean of cos(2 pi d / q) over coefficients |d| > q / 2 (histograms of Fan and de Queiroz 2003).

    Contains: whether and how strongly the image was once compressed by 8 x 8 blocks, even if it is stored otherwise
    now, and by how many pixels (modulo 8) it was cropped since; tables of quantisation.

    Must not contain: the scene, brightness, contrast, noise of the sensor; they have no grid.

    Invariant to adding a constant or a slope. Rescaling after compression destroys it, as it does the grid.
    """
    planes = picture.grey_windows
    height, width = planes.shape[1:]
    if min(height, width) < 3 * BLOCK:
        return np.full(len(COLUMNS), np.nan)
    half = BLOCK // 2
    shape = (height // BLOCK, width // BLOCK)
    inner = planes[:, half : shape[0] * BLOCK - half, half : shape[1] * BLOCK - half]
    on, off = _coefficients(planes), _coefficients(inner)
    # Outer blocks count half, so that blocks on and off the grid cover every part of the scene alike.
    down, right = (np.array([0.5, *[1.0] * (count - 2), 0.5]) for count in shape)
    weights = np.tile(np.outer(down, right).ravel(), len(planes)).astype(np.float32)
    return np.array(
        [
            *_jumps(planes),
            *_jumps(planes.transpose(0, 2, 1)),
            *_amplitudes(on, off, weights),
            *_periods(on, off, weights),
        ]
    )


def _jumps(planes: np.ndarray) -> list[float]:
    """Return the log size of the jump before each column of the grid, relative to the mean over the eight."""
    # The jump beyond what the slopes on both sides foretell: a third difference, 0 for anything quadratic.
    jump = planes[:, :, 2:-1] - planes[:, :, 1:-2]
    jump = np.abs(jump - (planes[:, :, 1:-2] - planes[:, :, :-3] + planes[:, :, 3:] - planes[:, :, 2:-1]) / 2)
    # Edges of the scene fall on few columns, and would decide alone.
    limit = 3 * jump.mean() + 1e-3
    by_column = np.minimum(jump, limit).mean(axis=(0, 1))
    phases = (np.arange(len(by_column)) + 2) % BLOCK
    sizes = np.bincount(phases, by_column, minlength=BLOCK) / np.bincount(phases, minlength=BLOCK) + 1e-3
    return list(np.log(sizes / sizes.mean()))


@lru_cache(maxsize=1)
def _cosines() -> np.ndarray:
    """Return the orthonormal DCT-II matrix (8, 8): rows are frequencies."""
    k, n = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None, :]
    matrix = np.sqrt(2 / BLOCK) * np.cos(np.pi * k * (2 * n + 1) / (2 * BLOCK))
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)


def _coefficients(planes: np.ndarray) -> np.ndarray:
    """Return the DCT of whole blocks, (blocks, 8, 8): frequency down, frequency right."""
    windows, height, width = planes.shape
    rows, columns = height // BLOCK, width // BLOCK
    blocks = planes[:, : rows * BLOCK, : columns * BLOCK].reshape(windows, rows, BLOCK, columns, BLOCK)
    blocks = blocks.transpose(0, 1, 3, 2, 4).reshape(-1, BLOCK, BLOCK)
    # Both sides of the product are one long matrix times 8 x 8: much faster than a product a block.
    right = (blocks.reshape(-1, BLOCK) @ _cosines().T).reshape(-1, BLOCK, BLOCK)
    return (right.transpose(0, 2, 1).reshape(-1, BLOCK) @ _cosines().T).reshape(-1, BLOCK, BLOCK).transpose(0, 2, 1)


def _amplitudes(on: np.ndarray, off: np.ndarray, weights: np.ndarray) -> list[float]:
    frequency = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)).ravel()
    code = np.minimum((frequency - 1) * BANDS // (2 * BLOCK - 2), BANDS - 1)
    sizes = []
    for coefficients, weight in ((on, weights), (off, np.ones(len(off), dtype=np.float32))):
        mean = weight @ np.abs(coefficients).reshape(len(coefficients), -1) / weight.sum()
        sizes.append(np.array([mean[(code == band) & (frequency > 0)].mean() for band in range(BANDS)]))
    return list(np.log((sizes[0] + 0.05) / (sizes[1] + 0.05)))


def _periods(on: np.ndarray, off: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean waves on less those off the grid, by frequency and step; NaN with too few coefficients above half a step."""
    ones = np.ones(len(off), dtype=np.float32)
    waves = [
        _waves(np.abs(coefficients[:, down, right]), weight)
        for down, right in LOW
        for coefficients, weight in ((on, weights), (off, ones))
    ]
    return np.concatenate([first - second for first, second in zip(waves[::2], waves[1::2], strict=True)])


def _waves(sizes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of cos(2 pi d / q) over sizes (blocks,) above q / 2, for each step q."""
    steps = np.array(STEPS, dtype=np.float32)[:, None]
    large = sizes > steps / 2
    counted = weights * large
    mean = np.einsum("qb,qb->q", counted, np.cos(sizes * (np.float32(2 * np.pi) / steps))) / counted.sum(axis=1)
    return np.where(large.sum(axis=1) >= ENOUGH, mean, np.nan)
