"""The remainder of a denoiser: what of an image is too fine to be of anything seen.

The denoiser is the Savitzky-Golay smoother of third degree over 5 x 5 pixels (Savitzky and Golay 1964), which leaves every
surface that is cubic along both axes as it is. The remainder is linear in the image, so that adding something smooth to
an image changes nothing; edges, which no smoother follows, are held down by a limit on their size.
"""

from __future__ import annotations

from functools import lru_cache

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
    return planes[..., reach:-reach, reach:-reach] - smoothed(planes, step)


def smoothed(planes: np.ndarray, step: int = 1) -> np.ndarray:
    """Return the smoother's own output, as large as :func:`residual`."""
    height, width = planes.shape[-2:]
    return smoother(height, step) @ planes @ smoother(width, step).T


def limited(remainders: np.ndarray) -> np.ndarray:
    """Cut remainders (k, h, w) to a multiple of each window's 90% quantile."""
    size = np.abs(remainders).reshape(len(remainders), -1)
    position = int(0.9 * (size.shape[1] - 1))
    limit = LIMIT * np.partition(size, position, axis=1)[:, position, None, None]
    return np.minimum(np.maximum(remainders, -limit), limit)


@lru_cache(maxsize=64)
def smoother(length: int, step: int = 1) -> np.ndarray:
    """Return the smoother along one axis as a matrix (length - 4 * step, length): a product is faster than five shifts."""
    shorter = max(0, length - 2 * REACH * step)
    matrix = np.zeros((shorter, length), dtype=np.float32)
    for tap, weight in enumerate(SMOOTHER):
        matrix[np.arange(shorter), np.arange(shorter) + tap * step] = weight
    return matrix
