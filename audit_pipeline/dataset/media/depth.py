"""Integers to numbers between 0 and 1, and how many of their bits were in use."""

from __future__ import annotations

import math

import numpy as np

from audit_pipeline.dataset.media.problems import Unreadable

_FIRST, _BLOCK = 1 << 9, 1 << 16
"""Values that are looked at first, which nearly always settle it, and then at a time."""


def bits_in_use(values: np.ndarray, bits: int) -> int | None:
    """Return how many bits the steps between integer values need; None for a constant, which has no steps.

    16-bit sound that was made from 8 bits, or a picture whose grey levels are all multiples of 17, was recorded with fewer
    bits than it is stored in. The greatest common divisor of all differences tells, however loud or bright it is.

    Parameters
    ----------
    values : (n, ...) integers, of which ``bits`` are stored.
    """
    step = _step(values.reshape(-1))
    return None if step == 0 else (((1 << bits) - 1) // step).bit_length()


def _step(flat: np.ndarray) -> int:
    step = 0
    base = int(flat[0]) if len(flat) else 0
    for start, stop in ((0, _FIRST), *((at, at + _BLOCK) for at in range(_FIRST, len(flat), _BLOCK))):
        block = flat[start:stop].astype(np.int64) - base
        # The remainder is several times faster than the divisor, and nearly always all zero or soon 1.
        if step == 0 or (block % step).any():
            step = math.gcd(step, int(np.gcd.reduce(block)))
        if step == 1:
            break
    return step


def per_step(bits: int) -> float:
    """Return what brings unsigned integers of ``bits`` bits to 0..1."""
    return 1.0 / ((1 << bits) - 1)


def unit_range(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return numbers of no known range as float32 in 0..1, and what 0 and 1 stand for.

    Values that lie in 0..1 stay; others are stretched from the smallest to the largest. What is not finite becomes 0.

    Raises
    ------
    Unreadable : no value is finite.
    """
    pixels = values.astype(np.float64)  # what float32 can hold, its differences may exceed
    known = np.isfinite(pixels)
    if not known.all():
        if not known.any():
            raise Unreadable("corrupt", "no value is a finite number")
        pixels[~known] = pixels[known].min()
    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0.0 and high <= 1.0:
        return pixels.astype(np.float32), 0.0, 1.0
    if high - low == math.inf:
        raise Unreadable("corrupt", "the values reach beyond what can be scaled")
    np.subtract(pixels, low, out=pixels)
    np.divide(pixels, (high - low) or 1.0, out=pixels)
    return pixels.astype(np.float32), low, high
