"""The view ``vignetting`` of an image: how brightness falls off from the centre, and to the sides."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view

VERSION = 1
SIDE = 64
RINGS = 8
COLUMNS = (
    *(f"relative brightness of ring {ring} of {RINGS}" for ring in range(RINGS)),
    *(
        f"relative brightness of the {side} corner"
        for side in ("upper left", "upper right", "lower left", "lower right")
    ),
    "left minus right",
    "top minus bottom",
)


@image_view("vignetting", version=VERSION, columns=COLUMNS)
def vignetting(picture: Picture) -> np.ndarray:
    """Take the radial profile of brightness: the median of each of eight rings, of corners and halves, by their mean.

    Medians, so that a bright or dark thing that fills less than half of a ring is not seen. Of the luminance at 64 x 64.

    Contains: the lens's fall-off, uneven light, round apertures and black corners; the body's outline where it fills rings.

    Must not contain: exposure, small things, texture, noise.

    Invariant to gain (brightness multiplied by a number). An image that is black nearly everywhere has none: NaN.
    """
    grey = picture.square(SIDE).ravel()
    rings = np.array([np.median(grey[members]) for members in _rings()])
    unit = rings.mean()
    if unit <= 1e-6:
        return np.full(len(COLUMNS), np.nan)
    plane, edge, half = grey.reshape(SIDE, SIDE), SIDE // 8, SIDE // 2
    corners = [plane[:edge, :edge], plane[:edge, -edge:], plane[-edge:, :edge], plane[-edge:, -edge:]]
    sides = [
        np.median(plane[:, :half]) - np.median(plane[:, half:]),
        np.median(plane[:half]) - np.median(plane[half:]),
    ]
    return np.array([*rings, *(np.median(corner) for corner in corners), *sides]) / unit


@lru_cache(maxsize=1)
def _rings() -> list[np.ndarray]:
    """Return the pixels of rings of equal width in the radius; the last one holds the corners."""
    axis = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    radius = np.hypot(axis[:, None], axis[None, :]).ravel()
    code = np.minimum((radius / np.sqrt(2) * RINGS).astype(np.int64), RINGS - 1)
    return [np.flatnonzero(code == ring) for ring in range(RINGS)]
