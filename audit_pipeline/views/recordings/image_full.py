"""The view ``full`` of an image: what a model sees when nobody brings an encoder."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.filters import gabors, pooled, pooled_names, responses
from audit_pipeline.views.recordings.picture import Picture, quantiles
from audit_pipeline.views.recordings.registry import image_view
from audit_pipeline.views.recordings.residual import residual

VERSION = 2
SIDE = 7
"""Pixels of a filter's side, at every scale."""

SCALES = ((64, 3, 16, 3), (32, 2, 24, 2), (16, 1, 16, 2))
"""Side of the square plane, pixels between patches, number of filters, and side of the grid over which responses are pooled."""

NATIVE, NATIVE_STRIDE = 12, 4
"""Filters at native resolution, and pixels between patches."""

LAYOUT = 8
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
ANGLES, CELLS = 8, 3
CHANNELS = ("red", "green", "blue")

COLUMNS = (
    *(f"brightness at row {row}, column {column}" for row in range(LAYOUT) for column in range(LAYOUT)),
    *(f"quantile {q:g} of grey" for q in QUANTILES),
    *(f"{moment} of {channel}" for channel in CHANNELS for moment in ("mean", "deviation")),
    *(
        f"gradient {a} of {ANGLES} at {row}, {column}"
        for row in range(CELLS)
        for column in range(CELLS)
        for a in range(ANGLES)
    ),
    *(f"log detail {place}" for place in ("at 64", "at 32", "at 16", "at native resolution")),
    *(name for side, _, count, grid in SCALES for name in pooled_names(grid, grid, count, f"at {side}")),
    *pooled_names(1, 1, NATIVE, "at native resolution"),
)


@image_view("full", version=VERSION, columns=COLUMNS)
def full(picture: Picture) -> np.ndarray:
    """Embed the whole image: hand-made statistics, and random filters at four scales with a fixed seed.

    Brightness on 8 x 8 areas, quantiles, moments of the channels (one channel stands for all three), orientations of
    gradients on 3 x 3 cells, detail at each scale; responses of random Gabor filters, rectified both ways and pooled on a
    grid, to the image averaged to 64, 32 and 16 pixels a side and to windows at native resolution.

    Contains: everything that a linear model on such features can find: the label, and every trace of how it was recorded.

    Must not contain: the number of pixels, the aspect ratio, the file's header; a model is not given them.

    The same number of columns for every size. Shapes are stretched to a square.
    """
    moments = picture.moments if len(picture.moments) == 1 else picture.moments[1:]
    row = [
        picture.square(LAYOUT).ravel(),
        quantiles(picture.ordered[0], QUANTILES),
        (np.repeat(moments, 3, axis=0) if len(moments) == 1 else moments).ravel(),
        _gradients(picture.square(64)),
    ]
    native = picture.grey_windows * np.float32(1 / 255)
    remainders = [residual(picture.square(side)) for side, *_ in SCALES] + [picture.remainders * np.float32(1 / 255)]
    row.append(np.log([float(np.abs(remainder).mean()) + 1e-3 for remainder in remainders]))
    for side, stride, count, grid in SCALES:
        found = responses(picture.square(side), gabors(count, SIDE, f"image at {side}"), stride)
        row.append(pooled(found, grid, grid))
    found = responses(native, gabors(NATIVE, SIDE, "image at native resolution"), NATIVE_STRIDE)
    row.append(pooled(found.reshape(NATIVE, 1, -1), 1, 1))
    return np.concatenate(row)


def _gradients(plane: np.ndarray) -> np.ndarray:
    """Return the share of each orientation in each cell, weighted by the gradient (Dalal and Triggs 2005, unsigned)."""
    down, right = plane[2:, 1:-1] - plane[:-2, 1:-1], plane[1:-1, 2:] - plane[1:-1, :-2]
    size = np.sqrt(down * down + right * right)
    # Half a turn is added so that all are positive, and is the same orientation.
    code = ((np.arctan2(down, right) + np.float32(np.pi)) * np.float32(ANGLES / np.pi)).astype(np.int64) % ANGLES
    sums = np.bincount((code + _cells(len(plane))).ravel(), size.ravel(), minlength=CELLS * CELLS * ANGLES)
    sums = sums.reshape(-1, ANGLES)
    return np.asarray(sums / (sums.sum(axis=1, keepdims=True) + 0.01 * sums.sum() / len(sums) + 1e-6)).ravel()


@lru_cache(maxsize=4)
def _cells(side: int) -> np.ndarray:
    """Return where the orientations of each inner pixel's cell begin, (side - 2, side - 2)."""
    cell = np.arange(1, side - 1) * CELLS // side
    return (cell[:, None] * CELLS + cell[None, :]) * ANGLES
