"""The view ``vignetting`` of an image: how brightness falls off from the centre, and to the sides."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view

VERSION = 2
SIDE = 32
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

    Medians, so that a bright or dark thing that fills less than half of a ring is not seen. Of the luminance at 32 x 32.

    Contains: the lens's fall-off, uneven light, round apertures and black corners; the body's outline where it fills rings.

    Must not contain: exposure, small things, texture, noise.

    Invariant to gain (brightness multiplied by a number). An image that is black nearly everywhere has none: NaN.
    """
    medians = _medians(picture.square(SIDE).ravel())
    rings, corners, (left, right, top, bottom) = np.split(medians, [RINGS, RINGS + 4])
    unit = rings.mean()
    if unit <= 1e-6:
        return np.full(len(COLUMNS), np.nan)
    return np.array([*rings, *corners, left - right, top - bottom]) / unit


def _medians(grey: np.ndarray) -> np.ndarray:
    """Return the median of each area of :func:`_areas`: all are sorted at once."""
    members, sizes = _areas()
    ordered = np.sort(np.append(grey, np.float32(np.inf))[members], axis=1)
    each = np.arange(len(sizes))
    return np.asarray((ordered[each, (sizes - 1) // 2] + ordered[each, sizes // 2]) / 2)


@lru_cache(maxsize=1)
def _areas() -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (areas, longest) of rings, corners and halves, filled up with the place behind the last pixel, and their numbers.

    Rings are of equal width in the radius; the last one holds the corners.
    """
    axis = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    radius = np.hypot(axis[:, None], axis[None, :]).ravel()
    code = np.minimum((radius / np.sqrt(2) * RINGS).astype(np.int64), RINGS - 1)
    plane, edge, half = np.arange(SIDE * SIDE).reshape(SIDE, SIDE), SIDE // 8, SIDE // 2
    areas = [np.flatnonzero(code == ring) for ring in range(RINGS)]
    areas += [plane[:edge, :edge], plane[:edge, -edge:], plane[-edge:, :edge], plane[-edge:, -edge:]]
    areas += [plane[:, :half], plane[:, half:], plane[:half], plane[half:]]
    sizes = np.array([area.size for area in areas])
    members = np.full((len(areas), sizes.max()), SIDE * SIDE)
    for row, area in zip(members, areas, strict=True):
        row[: area.size] = area.ravel()
    return members, sizes
