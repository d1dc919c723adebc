"""Random filters with a fixed seed, and what they find in a plane: an embedding that nobody has to train or download.

A layer of random filters, a rectifier and pooling over a grid come close to trained ones when a linear model is put on
top (Saxe et al. 2011; Coates, Lee and Ng 2011). Filters are random Gabor functions, which have the spectrum of what
trained first layers learn; patches are normalised for contrast first.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.stats.seeds import generator
from audit_pipeline.views.recordings.picture import resampling

SEED = 20_180_907
"""Of the filters; a change to it is a change of version."""

CONTRAST = 0.02
"""Deviation (of a range of 1) to which even patches are not blown up."""


@lru_cache(maxsize=16)
def gabors(count: int, side: int, purpose: str) -> np.ndarray:
    """Return filters (side * side, count) float32 of mean 0 and length 1: random orientation, period, phase and width."""
    rng = generator(SEED, "gabors", purpose, count, side)
    axis = np.arange(side) - (side - 1) / 2
    down, right = np.meshgrid(axis, axis, indexing="ij")
    # Orientations evenly, so that few filters leave no gap; the rest at random.
    angle = (np.arange(count) + rng.random(count)) * np.pi / count
    period = np.exp(rng.uniform(np.log(2.5), np.log(2.0 * side), count))
    phase = rng.uniform(0, 2 * np.pi, count)
    width = side * rng.uniform(0.2, 0.5, count)
    centre = rng.uniform(-side / 8, side / 8, (2, count))
    along = down[..., None] * np.sin(angle) + right[..., None] * np.cos(angle)
    distance = (down[..., None] - centre[0]) ** 2 + (right[..., None] - centre[1]) ** 2
    bank = np.cos(2 * np.pi * along / period + phase) * np.exp(-distance / (2 * width**2))
    bank = bank.reshape(side * side, count)
    bank -= bank.mean(axis=0)
    return np.asarray(bank / np.linalg.norm(bank, axis=0), dtype=np.float32)


def responses(planes: np.ndarray, bank: np.ndarray, stride: int = 1) -> np.ndarray:
    """Return the responses (count, ..., rows, columns) of filters to the patches of planes, normalised for contrast.

    Parameters
    ----------
    planes : (..., h, w) float32, about 0..1, at least as large as the filters.
    bank : (side * side, count), each of mean 0, so that a patch's mean has no effect.
    stride : pixels from patch to patch.
    """
    side = round(np.sqrt(len(bank)))
    planes = np.ascontiguousarray(planes, dtype=np.float32)
    grid = tuple((length - side) // stride + 1 for length in planes.shape[-2:])
    down, right = planes.strides[-2:]
    # Pixels first: long rows are copied and multiplied several times as fast as patches of a few pixels.
    patches = np.ndarray(
        (side, side, *planes.shape[:-2], *grid),
        np.float32,
        planes,
        strides=(down, right, *planes.strides[:-2], stride * down, stride * right),
    )
    flat = patches.reshape(side * side, -1)
    mean = flat.mean(axis=0)
    variance = np.einsum("ij,ij->j", flat, flat) / np.float32(side * side) - mean * mean
    found = bank.T @ flat
    found /= np.float32(side) * (np.sqrt(np.maximum(variance, 0)) + np.float32(CONTRAST))
    return np.asarray(found.reshape(bank.shape[1], *patches.shape[2:]))


def pooled(found: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return means over a grid of equal areas of what exceeds 0 and of what falls below, (rows * columns * 2 * count,).

    Parameters
    ----------
    found : (count, height, width) responses.
    """
    count, height, width = found.shape
    areas = _areas(height, width, rows, columns)
    flat = found.reshape(count, -1)
    high, both = np.maximum(flat, 0) @ areas, flat @ areas
    return np.stack([high.T, (high - both).T], axis=1).ravel()


@lru_cache(maxsize=32)
def _areas(height: int, width: int, rows: int, columns: int) -> np.ndarray:
    """Return the matrix (height * width, rows * columns) that averages over a grid of equal areas."""
    return np.kron(resampling(height, rows), resampling(width, columns)).T.copy()


def pooled_names(rows: int, columns: int, count: int, place: str) -> tuple[str, ...]:
    """Return the names of :func:`pooled` in its order."""
    return tuple(
        f"{place}: filter {k}{sign} at {row}, {column}"
        for row in range(rows)
        for column in range(columns)
        for sign in "+-"
        for k in range(count)
    )
