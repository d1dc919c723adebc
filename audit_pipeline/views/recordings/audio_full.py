"""The view ``full`` of a sound: what a model hears when nobody brings an encoder."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from audit_pipeline.views.recordings.filters import gabors, pooled, pooled_names, responses
from audit_pipeline.views.recordings.mel import mel_weights
from audit_pipeline.views.recordings.picture import resampling
from audit_pipeline.views.recordings.registry import audio_view
from audit_pipeline.views.recordings.sound import HOP, Sound, decibels

VERSION = 2
BANDS = 40
MODULATIONS = np.array([0.5, 1, 2, 4, 8, 16, 32])
GROUPS = 4
CEPSTRA = 13
TIMES = 64
FILTERS, SIDE, STRIDE = 24, 7, 2
"""Number of filters, bands and frames of a side of each, and bands and frames from patch to patch."""

RANGE = 80.0
"""dB below the loudest band and frame that are told apart."""

COLUMNS = (
    *(
        f"{statistic} of band {band}"
        for statistic in ("mean", "deviation", "deviation of change")
        for band in range(BANDS)
    ),
    *(f"mean of cepstral coefficient {k} in third {third}" for third in range(3) for k in range(1, CEPSTRA)),
    *(
        f"log modulation {low:g} to {high:g} Hz, group {group}"
        for group in range(GROUPS)
        for low, high in pairwise(MODULATIONS)
    ),
    *(f"quantile {q:g} of level" for q in (0.05, 0.25, 0.5, 0.75, 0.95)),
    "log10 seconds, at most 30",
    *pooled_names(4, 3, FILTERS, "whole"),
    *pooled_names(4, 1, FILTERS, "as it runs"),
)


@audio_view("full", version=VERSION, columns=COLUMNS)
def full(sound: Sound) -> np.ndarray:
    """Embed the whole sound: statistics of log-mel bands, and random filters on its spectrogram with a fixed seed.

    40 bands from 30 Hz to 8 kHz, in dB down to 80 below the loudest: means, deviations, deviations of change, cepstral
    coefficients by thirds of the time, modulation; responses of random Gabor filters, rectified both ways, to the spectrogram
    stretched to 64 points (pooled by thirds) and as it is (pooled over all). Bands beyond half the rate are NaN, and
    for filters as loud as the mean band.

    Contains: everything that a linear model on such features can find: the label, and every trace of how it was recorded.

    Must not contain: the file's header. What was not recorded shows the rate nevertheless.

    The same number of columns for every length and rate.
    """
    weights = mel_weights(len(sound.frequencies), sound.rate, BANDS)
    bands = decibels(sound.power @ np.nan_to_num(weights))
    top = float(bands.max())
    if top <= -119:
        return np.full(len(COLUMNS), np.nan)
    bands = np.maximum(bands, top - RANGE)
    recorded = ~np.isnan(weights[0])
    level = sound.level
    change = bands[2:] - bands[:-2] if len(bands) > 2 else np.zeros((1, BANDS))
    statistics = np.stack([bands.mean(axis=0), bands.std(axis=0), change.std(axis=0)])
    statistics[:, ~recorded] = np.nan
    known = bands[:, recorded]
    plane = np.zeros((BANDS, len(bands)), dtype=np.float32)
    plane[recorded] = (known - known.mean()).T / np.float32(RANGE)
    return np.concatenate(
        [
            statistics.ravel(),
            _cepstra(plane),
            _modulation(bands, recorded),
            np.quantile(level, (0.05, 0.25, 0.5, 0.75, 0.95)),
            [np.log10(min(sound.seconds, 30.0))],
            _filtered(plane @ resampling(len(bands), TIMES).T, "whole", 3),
            _filtered(plane, "as it runs", 1),
        ]
    )


def _cepstra(plane: np.ndarray) -> np.ndarray:
    """Return the first cosine coefficients over bands of the mean spectrum of each third of the time."""
    k, band = np.arange(1, CEPSTRA)[:, None], np.arange(BANDS)[None, :]
    thirds = plane @ resampling(plane.shape[1], 3).T
    return np.asarray((np.cos(np.pi * k * (band + 0.5) / BANDS) @ thirds).T).ravel()


def _modulation(bands: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Return the log power of the slow changes of level, in four groups of bands and six octaves of frequency."""
    out = np.full((GROUPS, len(MODULATIONS) - 1), np.nan)
    frequencies = np.fft.rfftfreq(len(bands), HOP)
    for group, members in enumerate(np.array_split(np.arange(BANDS), GROUPS)):
        members = members[recorded[members]]
        if not len(members):
            continue
        course = bands[:, members].mean(axis=1)
        power = np.abs(np.fft.rfft((course - course.mean()) * np.hanning(len(course)))) ** 2 / len(course)
        for octave, (low, high) in enumerate(pairwise(MODULATIONS)):
            inside = (frequencies >= low) & (frequencies < high)
            if inside.any():
                out[group, octave] = np.log(power[inside].mean() + 1e-2)
    return out.ravel()


def _filtered(plane: np.ndarray, name: str, times: int) -> np.ndarray:
    short = max(0, SIDE + STRIDE * (times - 1) - plane.shape[1])
    padded = np.pad(plane, ((0, 0), (0, short)), mode="edge").astype(np.float32)
    return pooled(responses(padded, gabors(FILTERS, SIDE, f"sound {name}"), STRIDE), 4, times)
