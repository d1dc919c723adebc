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
    on = _sizes(planes[:, : shape[0] * BLOCK, : shape[1] * BLOCK])
    off = _sizes(inner)
    # Outer blocks count half, so that blocks on and off the grid cover every part of the scene alike.
    down, right = (np.array([0.5, *[1.0] * (count - 2), 0.5], dtype=np.float32) for count in shape)
    weights = np.tile(np.outer(down, right).ravel(), len(planes))
    columns, rows = np.abs(planes @ _third_differences(width)), np.abs(_third_differences(height).T @ planes)
    return np.concatenate(
        [
            _phases(_without_edges(columns).sum(axis=(0, 1)) / (len(planes) * height)),
            # A product, since numpy sums along the last axis of many slowly.
            _phases((_without_edges(rows) @ np.full(width, 1 / width, dtype=np.float32)).mean(axis=0)),
            _amplitudes(on, off, down, right),
            _periods(on, off, weights),
        ]
    )


@lru_cache(maxsize=16)
def _third_differences(length: int) -> np.ndarray:
    """Return the matrix (length, length - 3) of jumps beyond what the slopes on both sides foretell: 0 for anything quadratic."""
    matrix = np.zeros((length, length - 3), dtype=np.float32)
    for tap, weight in enumerate((0.5, -1.5, 1.5, -0.5)):
        matrix[np.arange(length - 3) + tap, np.arange(length - 3)] = weight
    return matrix


def _without_edges(jumps: np.ndarray) -> np.ndarray:
    """Cut jumps: edges of the scene fall on few columns, and would decide alone."""
    return np.minimum(jumps, 3 * jumps.mean() + np.float32(1e-3))


def _phases(by_column: np.ndarray) -> np.ndarray:
    """Return the log of mean jumps (n,) before each column of the grid, relative to the mean over the eight."""
    phases = (np.arange(len(by_column)) + 2) % BLOCK
    sizes = np.bincount(phases, by_column, minlength=BLOCK) / np.bincount(phases, minlength=BLOCK) + 1e-3
    return np.asarray(np.log(sizes / sizes.mean()))


@lru_cache(maxsize=16)
def _transform(blocks: int) -> np.ndarray:
    """Return the matrix (8 * blocks, 8 * blocks) that makes an orthonormal DCT-II of each block along an axis."""
    k, n = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None, :]
    matrix = np.sqrt(2 / BLOCK) * np.cos(np.pi * k * (2 * n + 1) / (2 * BLOCK))
    matrix[0] /= np.sqrt(2)
    return np.kron(np.eye(blocks), matrix).astype(np.float32)


def _sizes(planes: np.ndarray) -> np.ndarray:
    """Return the sizes of the coefficients of whole blocks in their place, (k, 8 * rows, 8 * columns).

    Two products with matrices that are mostly 0 are faster than cutting blocks out.
    """
    down, right = (_transform(length // BLOCK) for length in planes.shape[1:])
    return np.abs(down @ planes @ right.T)


@lru_cache(maxsize=1)
def _bands() -> np.ndarray:
    """Return the matrix (64, 8) that averages frequencies over bands of the sum of both."""
    frequency = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)).ravel()
    code = np.minimum((frequency - 1) * BANDS // (2 * BLOCK - 2), BANDS - 1)
    members = ((code[:, None] == np.arange(BANDS)) & (frequency > 0)[:, None]).astype(np.float32)
    return np.asarray(members / members.sum(axis=0))


def _amplitudes(on: np.ndarray, off: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the log ratio of mean sizes on the grid, weighted by the block's row and column, to those off it, by band."""
    means = []
    for sizes, rows, columns in ((on, down, right), (off, np.ones(len(down) - 1), np.ones(len(right) - 1))):
        by_row = rows @ sizes.sum(axis=0).reshape(len(rows), -1)
        mean = by_row.reshape(BLOCK, len(columns), BLOCK).transpose(0, 2, 1) @ columns
        mean /= len(sizes) * rows.sum() * columns.sum()
        means.append(mean.ravel() @ _bands() + 0.05)
    return np.asarray(np.log(means[0] / means[1]))


def _periods(on: np.ndarray, off: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean waves on less those off the grid, by frequency and step; NaN with too few coefficients above half a step.

    A wave is cos(2 pi d / q) of a size d above q / 2, for each step q.
    """
    steps = np.array(STEPS, dtype=np.float32)[:, None]
    low = np.concatenate(
        [
            [
                sizes[:, down::BLOCK, right::BLOCK].ravel() for down, right in LOW
            ]  # by frequency, on and then off the grid
            for sizes in (on, off)
        ],
        axis=1,
    )[:, None, :]
    large = (low > steps / 2).astype(np.float32)
    waves = np.cos(low * (np.float32(2 * np.pi) / steps))
    waves *= large
    # Columns: the weights of blocks on the grid, those off the grid, and how many there are on it.
    sums = np.zeros((low.shape[2], 3), dtype=np.float32)
    sums[: len(weights), 0], sums[len(weights) :, 1], sums[: len(weights), 2] = weights, 1, 1
    counts = large @ sums
    mean = (waves @ sums[:, :2]) / counts[..., :2]
    return np.where(counts[..., 1:].min(axis=2) >= ENOUGH, mean[..., 0] - mean[..., 1], np.nan).ravel()
