"""The view ``border`` of an image: its outer frame, and nothing inside."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.picture import Picture, resampling
from audit_pipeline.views.recordings.registry import image_view

VERSION = 2
SHARE = 16
"""The frame is a 16th of each side wide, and at least a pixel."""

DEEPEST = 8
"""Padding is followed inwards for at most an eighth of a side."""

PIECES = 8
SIDES = ("top", "bottom", "left", "right")
ALIKE = 4 / 255
"""Lines that differ by less than four grey levels from the outermost belong to the padding."""

COLUMNS = (
    *(
        f"{statistic} of the {side}"
        for side in SIDES
        for statistic in ("mean", "deviation", "minimum", "maximum", "roughness")
    ),
    *(f"brightness of the {side}, part {part} of {PIECES}" for side in SIDES for part in range(PIECES)),
    *(f"width of even padding at the {side}" for side in SIDES),
    *(f"mean {channel} minus grey" for channel in ("red", "blue")),
)


@image_view("border", version=VERSION, columns=COLUMNS)
def border(picture: Picture) -> np.ndarray:
    """Look at the frame, a 16th of each side wide: brightness by parts, evenness, and how far even padding reaches in.

    Of the block means (fewer than 128 x 128). Colour is NaN for an image of one channel.

    Contains: padding, collimation, the background, burnt-in marks and text at the edge, light of the room.

    Must not contain: anything that lies farther in than a 16th of a side, but for even padding up to an eighth. What is
    seen there may reach the edge, as a body's outline does: the view may carry label honestly.

    Invariant to whatever happens in the inner 7/8 of both sides, where no padding reaches so far.
    """
    statistics, pieces, padding = [], [], []
    # Rows, then columns as rows; of each the first lines and the last ones, outermost first.
    for plane in (picture.grey, picture.grey.T):
        ends = np.stack([plane, plane[::-1]])
        strips = ends[:, : max(1, len(plane) // SHARE)]
        flat = strips.reshape(2, -1)
        mean = flat.mean(axis=1)
        apart = flat - mean[:, None]
        deviation = np.sqrt(np.vecdot(apart, apart) / flat.shape[1])
        steps = np.abs(strips[:, :, 1:] - strips[:, :, :-1]).reshape(2, -1)
        statistics += [mean, deviation, flat.min(axis=1), flat.max(axis=1), steps.mean(axis=1)]
        pieces.append(strips.mean(axis=1) @ resampling(strips.shape[2], PIECES).T)
        deep = ends[:, : max(1, len(plane) // DEEPEST)]
        padding.append(_padding(deep) / len(plane))
    table = np.stack(statistics).reshape(2, -1, 2).transpose(0, 2, 1)
    return np.concatenate([table.ravel(), *map(np.ravel, pieces), *padding, _tint(picture)])


def _padding(ends: np.ndarray) -> np.ndarray:
    """Return how many of the first lines (2, lines, n) are as even as, and of the same brightness as, the outermost one."""
    low, high = ends.min(axis=2), ends.max(axis=2)
    # Where one line is unlike, all that lie farther in are.
    like = (low > high[:, :1] - ALIKE) & (high < low[:, :1] + ALIKE)
    return np.logical_and.accumulate(like, axis=1).sum(axis=1)


def _tint(picture: Picture) -> np.ndarray:
    """Return how far red and blue lie from the mean of the colours, in the mean over the four sides."""
    if len(picture.channels) == 1:
        return np.full(2, np.nan)
    mean = picture.channels[1:] @ _frame(*picture.grey.shape)
    return np.asarray(mean[[0, 2]] - mean.mean())


@lru_cache(maxsize=32)
def _frame(rows: int, columns: int) -> np.ndarray:
    """Return weights (rows * columns,) of a mean over four sides that count alike."""
    height, width = max(1, rows // SHARE), max(1, columns // SHARE)
    weights = np.zeros((rows, columns))
    for side in (weights[:height], weights[-height:], weights[:, :width], weights[:, -width:]):
        side += 1 / (4 * side.size)
    return weights.ravel().astype(np.float32)
