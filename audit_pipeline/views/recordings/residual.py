"""The remainder of a denoiser: what of an image is too fine to be of anything seen.

The denoiser is the Savitzky-Golay smoother of third degree over 5 x 5 pixels (Savitzky and Golay 1964), which leaves every
surface that is cubic along both axes as it is. The remainder is linear in the image, so that adding something smooth to
an image changes nothing; edges, which no smoother follows, are held down by a limit on their size.
"""

from __future__ import annotations

import numpy as np

SMOOTHER = (-3 / 35, 12 / 35, 17 / 35, 12 / 35, -3 / 35)
REACH = 2
"""Pixels lost at each edge."""

LIMIT = 2.0
"""Times the 90% quantile of a window's remainders, beyond which one is cut: about 3.3 deviations of Gaussian noise."""


def residual(planes: np.ndarray, step: int = 1) -> np.ndarray:
    """Return what the smoother takes away, (..., h - 4 * step, w - 4 * step), from (..., h, w).

    With ``step`` 2 it looks at every second pixel of 9 x 9: of a smoothed image it takes what is a little coarser.
    """
    reach = REACH * step
    smooth = _smooth(_smooth(planes, step, axis=-2), step, axis=-1)
    return planes[..., reach:-reach, reach:-reach] - smooth


def limited(remainders: np.ndarray) -> np.ndarray:
    """Cut remainders (k, h, w) to a multiple of each window's 90% quantile."""
    size = np.abs(remainders).reshape(len(remainders), -1)
    position = int(0.9 * (size.shape[1] - 1))
    limit = LIMIT * np.partition(size, position, axis=1)[:, position, None, None]
    return np.clip(remainders, -limit, limit)


def _smooth(planes: np.ndarray, step: int, axis: int) -> np.ndarray:
    length = planes.shape[axis] - 2 * REACH * step

    def moved(taps: int) -> np.ndarray:
        start = taps * step
        return planes[..., start : start + length, :] if axis == -2 else planes[..., start : start + length]

    # The smoother is symmetric: three products instead of five.
    out = moved(2) * np.float32(SMOOTHER[2])
    out += (moved(1) + moved(3)) * np.float32(SMOOTHER[1])
    out += (moved(0) + moved(4)) * np.float32(SMOOTHER[0])
    return np.asarray(out)
