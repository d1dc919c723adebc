"""The view ``full`` of an image: what a model sees when nobody brings an encoder."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.filters import gabors, pooled, pooled_names, responses
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view
from audit_pipeline.views.recordings.residual import limited, residual

VERSION = 1
SIDE = 7
"""Pixels of a filter's side, at every scale."""

SCALES = ((64, 16, 3), (32, 24, 2), (16, 16, 2))
"""Side of the square plane, number of filters, and side of the grid over which their responses are pooled."""

NATIVE = 12
"""Filters at native resolution."""

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
    *(name for side, count, grid in SCALES for name in pooled_names(grid, grid, count, f"at {side}")),
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
    grey = picture.grey.ravel()
    channels = picture.small.reshape(-1, picture.small.shape[2])
    moments = np.column_stack([channels.mean(axis=0), channels.std(axis=0)])
    row = [
        picture.square(LAYOUT).ravel(),
        np.quantile(grey, QUANTILES),
        (np.repeat(moments, 3, axis=0) if len(moments) == 1 else moments).ravel(),
        _gradients(picture.square(64)),
        np.array([_detail(picture.square(side)[None]) for side, _, _ in SCALES] + [_native_detail(picture)]),
    ]
    for side, count, grid in SCALES:
        found = responses(picture.square(side), gabors(count, SIDE, f"image at {side}"), stride=max(1, side // 32))
        row.append(pooled(found, grid, grid))
    row.append(_native(picture))
    return np.concatenate(row)


def _gradients(plane: np.ndarray) -> np.ndarray:
    """Return the share of each orientation in each cell, weighted by the gradient (Dalal and Triggs 2005, unsigned)."""
    down, right = np.gradient(plane)
    size = np.hypot(down, right)
    code = np.floor(np.arctan2(down, right) % np.pi / np.pi * ANGLES).astype(np.int64) % ANGLES
    cell = np.arange(len(plane)) * CELLS // len(plane)
    where = ((cell[:, None] * CELLS + cell[None, :]) * ANGLES + code).ravel()
    sums = np.bincount(where, size.ravel(), minlength=CELLS * CELLS * ANGLES).reshape(-1, ANGLES)
    return np.asarray(sums / (sums.sum(axis=1, keepdims=True) + 0.01 * sums.sum() / len(sums) + 1e-6)).ravel()


def _detail(planes: np.ndarray) -> float:
    return float(np.log(limited(residual(planes)).std() + 1e-3))


def _native_detail(picture: Picture) -> float:
    return _detail(picture.grey_windows / np.float32(255))


def _native(picture: Picture) -> np.ndarray:
    bank = gabors(NATIVE, SIDE, "image at native resolution")
    found = responses(picture.grey_windows / np.float32(255), bank, stride=3)
    return pooled(found.reshape(1, -1, NATIVE), 1, 1)
