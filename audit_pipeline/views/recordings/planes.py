"""What a convolutional network that is trained from scratch sees: a small plane of bytes of one size for every recording.

Bytes, so that 100,000 planes are 1.2 GB of images or .8 GB of sounds and travel between processes cheaply.
"""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.mel import mel_weights
from audit_pipeline.views.recordings.picture import Picture, resampling
from audit_pipeline.views.recordings.sound import FLOOR, Sound

VERSION = 1
"""Raised whenever planes change; the key of a cached plane holds it beside the preparation's version."""

SIDE = 64
CHANNELS = 3
PICTURE_SHAPE = (SIDE, SIDE, CHANNELS)

BANDS, FRAMES = 64, 128
SOUND_SHAPE = (BANDS, FRAMES, 1)

RANGE = 80.0
"""dB below the loudest band and frame, which are told apart in steps of .3 dB."""

NARROW = 1 / 16
"""Of the range that the file's numbers could span; planes that use less are stretched."""


def plane(recording: Picture | Sound) -> np.ndarray:
    """Return the plane of one recording, (64, 64, 3) uint8 of an image or (64, 128, 1) uint8 of a sound.

    What cannot be measured (fewer than 8 pixels a side, less than 10 ms, numbers that are none) is all 0.

    An image is averaged over equal areas, or interpolated if it is smaller; a grey one fills all channels. Its sides are
    squeezed to a square: cropping would throw away borders and corners, where shortcuts live, and padding would draw the
    aspect ratio. Brightness stays as it is, except where the plane uses less than a sixteenth of the range, as 12 bits in 16
    and Hounsfield units do: those few steps are stretched over all of it, or rounding would leave none.

    A sound is a spectrogram: 64 bands of pitch from 30 Hz (row 0) to 8 kHz, frames of 32 ms every 16 ms, 0 being 80 dB below
    the loudest band and frame and 255 the loudest. The range is the file's own, as is usual for networks on spectrograms:
    soft recordings use all steps. A gain is therefore not in it; the views ``full`` and ``clipping`` have it. Bands beyond
    half the rate are 0. A sound of up to 2 s is followed by zeros; the power of a longer one is averaged over 128 equal times
    (of six stretches of 5 s if it is longer than 30 s): a crop would miss leading and trailing silence, and what happens once.
    """
    if isinstance(recording, Picture):
        return _picture(recording) if recording.measurable else np.zeros(PICTURE_SHAPE, dtype=np.uint8)
    return _sound(recording) if recording.measurable else np.zeros(SOUND_SHAPE, dtype=np.uint8)


def _picture(picture: Picture) -> np.ndarray:
    small = picture.small
    height, width, channels = small.shape
    rows = resampling(height, SIDE) @ small.reshape(height, width * channels)
    square = resampling(width, SIDE) @ rows.reshape(SIDE, width, channels)
    low, high = float(square.min()), float(square.max())
    if 0 < high - low < NARROW:
        square = (square - np.float32(low)) / np.float32(high - low)
    return _bytes(np.broadcast_to(square, PICTURE_SHAPE))


def _sound(sound: Sound) -> np.ndarray:
    weights = np.nan_to_num(mel_weights(len(sound.frequencies), sound.rate, BANDS))
    power = sound.power @ weights
    if len(power) > FRAMES:
        power = resampling(len(power), FRAMES) @ power
    top = float(power.max())
    out = np.zeros((BANDS, FRAMES), dtype=np.float32)
    # Digital silence has no loudest frame.
    if top > FLOOR:
        below = 10 * np.log10(np.maximum(power / top, 10 ** (-RANGE / 10)))
        out[:, : len(power)] = (below / RANGE + 1).T
    return _bytes(out[:, :, None])


def _bytes(unit: np.ndarray) -> np.ndarray:
    """Return 0..1 as 0..255, rounded."""
    return np.asarray(np.rint(np.clip(unit, 0, 1) * 255), dtype=np.uint8)
