"""The view ``blockiness`` of an image: traces of JPEG's 8 x 8 grid, and nothing that lies off the grid as well."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view

VERSION = 2
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

    On at most 128 x 128 pixels at native resolution (four windows of 64 x 64), which keep the grid's place. The same is measured on blocks
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
    on, off = _blocks(planes), _blocks(inner)
    coefficients = np.abs(np.concatenate([on, off]) @ _transform())
    # Outer blocks count half, so that blocks on and off the grid cover every part of the scene alike.
    down, right = (np.array([0.5, *[1.0] * (count - 2), 0.5]) for count in shape)
    weights = np.zeros((2, len(coefficients)), dtype=np.float32)
    weights[0, : len(on)] = np.tile(np.outer(down, right).ravel(), len(planes))
    weights[1, len(on) :] = 1
    jumps = np.abs(planes @ _third_differences(width)), np.abs(_third_differences(height).T @ planes)
    return np.concatenate(
        [
            _phases(jumps[0].reshape(-1, width - 3)),
            _phases(jumps[1].transpose(0, 2, 1).reshape(-1, height - 3)),
            _amplitudes(coefficients, weights),
            _periods(coefficients, weights, len(on)),
        ]
    )


@lru_cache(maxsize=16)
def _third_differences(length: int) -> np.ndarray:
    """Return the matrix (length, length - 3) of jumps beyond what the slopes on both sides foretell: 0 for anything quadratic."""
    matrix = np.zeros((length, length - 3), dtype=np.float32)
    for tap, weight in enumerate((0.5, -1.5, 1.5, -0.5)):
        matrix[np.arange(length - 3) + tap, np.arange(length - 3)] = weight
    return matrix


def _phases(jumps: np.ndarray) -> np.ndarray:
    """Return the log size of the jumps (lines, n) before each column of the grid, relative to the mean over the eight."""
    # Edges of the scene fall on few columns, and would decide alone.
    by_column = np.minimum(jumps, 3 * jumps.mean() + np.float32(1e-3)).mean(axis=0)
    phases = (np.arange(len(by_column)) + 2) % BLOCK
    sizes = np.bincount(phases, by_column, minlength=BLOCK) / np.bincount(phases, minlength=BLOCK) + 1e-3
    return np.asarray(np.log(sizes / sizes.mean()))


@lru_cache(maxsize=1)
def _transform() -> np.ndarray:
    """Return the orthonormal DCT-II of a block as a matrix (64 pixels, 64 frequencies), both row by row."""
    k, n = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None, :]
    matrix = np.sqrt(2 / BLOCK) * np.cos(np.pi * k * (2 * n + 1) / (2 * BLOCK))
    matrix[0] /= np.sqrt(2)
    return np.kron(matrix, matrix).T.astype(np.float32)


def _blocks(planes: np.ndarray) -> np.ndarray:
    """Return whole blocks as rows, (blocks, 64)."""
    windows, height, width = planes.shape
    rows, columns = height // BLOCK, width // BLOCK
    blocks = planes[:, : rows * BLOCK, : columns * BLOCK].reshape(windows, rows, BLOCK, columns, BLOCK)
    return blocks.transpose(0, 1, 3, 2, 4).reshape(-1, BLOCK * BLOCK)


@lru_cache(maxsize=1)
def _bands() -> np.ndarray:
    """Return the matrix (64, 8) that averages frequencies over bands of the sum of both."""
    frequency = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)).ravel()
    code = np.minimum((frequency - 1) * BANDS // (2 * BLOCK - 2), BANDS - 1)
    members = ((code[:, None] == np.arange(BANDS)) & (frequency > 0)[:, None]).astype(np.float32)
    return np.asarray(members / members.sum(axis=0))


def _amplitudes(sizes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the log ratio of mean sizes (blocks, 64) on the grid to those off it, by band."""
    mean = weights @ sizes / weights.sum(axis=1, keepdims=True)
    on, off = mean @ _bands() + 0.05
    return np.asarray(np.log(on / off))


def _periods(sizes: np.ndarray, weights: np.ndarray, count_on: int) -> np.ndarray:
    """Return the mean waves on less those off the grid, by frequency and step; NaN with too few coefficients above half a step.

    A wave is cos(2 pi d / q) of a size d above q / 2, for each step q.
    """
    low = sizes[:, [down * BLOCK + right for down, right in LOW]].T
    steps = np.array(STEPS, dtype=np.float32)[:, None]
    large = (low[:, None, :] > steps / 2).astype(np.float32)
    waves = np.cos(low[:, None, :] * (np.float32(2 * np.pi) / steps)) * large
    mean = (waves @ weights.T) / (large @ weights.T)
    enough = np.minimum(large[..., :count_on].sum(axis=2), large[..., count_on:].sum(axis=2)) >= ENOUGH
    return np.where(enough, mean[..., 0] - mean[..., 1], np.nan).ravel()
