"""The view ``border`` of an image: its outer frame, and nothing inside."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.picture import Picture, resampling
from audit_pipeline.views.recordings.registry import image_view

VERSION = 1
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

    Of the block means (fewer than 256 x 256). Colour is NaN for an image of one channel.

    Contains: padding, collimation, the background, burnt-in marks and text at the edge, light of the room.

    Must not contain: anything that lies farther in than a 16th of a side, but for even padding up to an eighth. What is
    seen there may reach the edge, as a body's outline does: the view may carry label honestly.

    Invariant to whatever happens in the inner 7/8 of both sides, where no padding reaches so far.
    """
    grey = picture.grey
    row: list[float] = []
    pieces: list[float] = []
    padding: list[float] = []
    # Each side is turned to the top; what follows looks at the first lines only.
    for plane in (grey, grey[::-1], grey.T, grey.T[::-1]):
        strip = plane[: max(1, len(plane) // SHARE)]
        rough = np.abs(np.diff(strip, axis=1)).mean()
        row += [float(value) for value in (strip.mean(), strip.std(), strip.min(), strip.max(), rough)]
        pieces += list(resampling(strip.shape[1], PIECES) @ strip.mean(axis=0))
        padding.append(_padding(plane[: max(1, len(plane) // DEEPEST)]) / len(plane))
    return np.array([*row, *pieces, *padding, *_tint(picture.small)])


def _padding(lines: np.ndarray) -> int:
    """Return how many of the first lines are as even as, and of the same brightness as, the outermost one."""
    low, high = lines.min(axis=1), lines.max(axis=1)
    like = (np.minimum.accumulate(low) > high[0] - ALIKE) & (np.maximum.accumulate(high) < low[0] + ALIKE)
    return int(len(like) if like.all() else np.argmin(like))


def _tint(small: np.ndarray) -> list[float]:
    if small.shape[2] == 1:
        return [np.nan, np.nan]
    height, width = max(1, small.shape[0] // SHARE), max(1, small.shape[1] // SHARE)
    parts = (small[:height], small[-height:], small[:, :width], small[:, -width:])
    mean = np.mean([part.mean(axis=(0, 1)) for part in parts], axis=0)
    return [float(mean[0] - mean.mean()), float(mean[2] - mean.mean())]
