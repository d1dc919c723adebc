"""Recordings as trained networks expect them: images of one size, sounds in one channel at one rate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound

VERSION = 1
"""Raised whenever the inputs change; part of the version of every encoder."""


def images(pictures: Sequence[Picture], height: int, width: int) -> np.ndarray:
    """Return (n, 3, height, width) float32 in 0..1, by Pillow's bicubic filter over areas; grey fills all channels.

    Sides are squeezed: a crop, which is usual where a subject stands in the middle, would lose borders and corners.
    """
    from PIL import Image

    out = np.empty((len(pictures), 3, height, width), dtype=np.float32)
    for row, picture in zip(out, pictures, strict=True):
        channels = picture.shape[2]
        for channel in range(channels):
            plane = np.ascontiguousarray(picture.stored[:, :, channel], dtype=np.float32) * np.float32(picture.scale)
            row[channel] = np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC))
        row[channels:] = row[0]
    return np.clip(out, 0, 1, out=out)


def stretches(sound: Sound, rate: int) -> list[np.ndarray]:
    """Return the stretches of a sound, (samples,) float32 in -1..1 at ``rate``; at most 30 s altogether."""
    from scipy.signal import resample_poly

    factor = Fraction(rate / sound.rate).limit_denominator(1_000)
    if factor == 1:
        return sound.stretches
    up, down = max(1, factor.numerator), factor.denominator
    return [np.asarray(resample_poly(part, up, down), dtype=np.float32) for part in sound.stretches]
