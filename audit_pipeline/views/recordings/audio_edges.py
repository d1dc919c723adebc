"""The view ``edges`` of a sound: what is before the first and after the last sound, and how it was cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from audit_pipeline.views.recordings.registry import audio_view
from audit_pipeline.views.recordings.sound import FRAME, HOP, Sound, band_weights, decibels

VERSION = 2
BELOW = 25.0
"""dB below the loud frames, under which a frame counts as not yet begun, or over."""

ENOUGH, MOST = 3, 64
"""Frames of silence that are enough, and about as many as its spectrum is taken of, evenly."""

PART = 4096
LONGEST = 10.0
"""Seconds up to which an edge is followed."""

EDGES = np.array([62.5, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000])
COLUMNS = tuple(
    name
    for end in ("leading", "trailing")
    for name in (
        f"log seconds of {end} silence",
        f"log seconds of {end} zeros",
        f"step at the {end} cut (dB of full scale)",
        f"level of {end} silence (dB of full scale)",
        f"rise of {end} silence (dB)",
        *(f"{end} silence, {low:g} to {high:g} Hz (dB)" for low, high in pairwise(EDGES)),
    )
)


@audio_view("edges", version=VERSION, columns=COLUMNS)
def edges(sound: Sound) -> np.ndarray:
    """Measure the leading and the trailing silence: length, exact zeros, level, spectrum, and the step where it was cut.

    Silence ends at the first frame of 32 ms within 25 dB of the loud ones (their 95th percentile). Level and spectrum
    need three frames that lie wholly before it, else they are NaN; a sound at one level has no edges but the cut.

    Contains: how long before and after the sound the recording ran, by whose habit or program it was cut, the noise there.

    Must not contain: what lies between, nor how loud it is. When somebody starts to speak may carry label honestly.

    Lengths, rise and spectrum are invariant to loudness.
    """
    level = sound.level
    loud = float(np.quantile(level, 0.95))
    if loud <= -119:
        return np.full(len(COLUMNS), np.nan)
    rate = sound.rate
    begins, ends = sound.stretches[0], sound.stretches[-1][::-1]
    frames = min(len(level), round(LONGEST / HOP))
    row: list[float] = []
    for samples, order in ((begins, slice(None)), (ends, slice(None, None, -1))):
        levels = level[order][:frames]
        silent = levels < loud - BELOW
        # Frames overlap: the last ones before the onset already hold a part of it.
        length = len(silent) if silent.all() else int(np.argmin(silent))
        clear = max(0, length - round(FRAME / HOP))
        zeros = _zeros(samples)
        row += [
            float(np.log10(length * HOP + HOP)),
            float(np.log10(min(zeros / rate, LONGEST) + 1e-4)),
            float(decibels(samples[0] ** 2)),
        ]
        row += _silence(levels[:clear], sound.power[order][:clear], sound.frequencies)
    return np.array(row)


def _zeros(samples: np.ndarray) -> int:
    """Return how many zeros come first; looked at in parts, since mostly there are few."""
    for start in range(0, len(samples), PART):
        found = np.flatnonzero(samples[start : start + PART])
        if len(found):
            return start + int(found[0])
    return len(samples)


def _silence(levels: np.ndarray, power: np.ndarray, frequencies: np.ndarray) -> list[float]:
    if len(levels) < ENOUGH:
        return [np.nan] * (2 + len(EDGES) - 1)
    middle = float(np.median(levels))
    half = len(levels) // 2
    rise = float(np.median(levels[half:]) - np.median(levels[:half]))
    if middle <= -119:
        return [middle, rise] + [np.nan] * (len(EDGES) - 1)
    mean = np.median(power[:: 1 + len(power) // MOST], axis=0)
    bands = mean @ band_weights(frequencies, EDGES) / mean.sum()
    return [middle, rise, *(float(band) for band in 10 * np.log10(bands + 1e-6))]
