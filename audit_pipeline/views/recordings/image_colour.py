"""The view ``colour`` of an image: how often each brightness and colour occurs, and not where."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.picture import Picture, quantiles
from audit_pipeline.views.recordings.registry import image_view

VERSION = 2
BINS = 16
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
CHANNELS = ("red", "green", "blue")
EVEN = 1e-6
"""Deviation up to which a channel is constant."""

COLUMNS = (
    *(f"share of grey in bin {b} of {BINS}" for b in range(BINS)),
    *(f"quantile {q:g} of grey" for q in QUANTILES),
    *(f"{moment} of grey" for moment in ("mean", "deviation", "skewness")),
    "share of black pixels",
    "share of white pixels",
    "share of grey levels in range that no pixel has",
    *(f"{moment} of {channel}" for channel in CHANNELS for moment in ("mean", "deviation", "skewness")),
    *(f"share of {channel} in bin {b} of 8" for channel in CHANNELS for b in range(8)),
    *(f"correlation of {pair}" for pair in ("red and green", "green and blue", "red and blue")),
    "mean saturation",
)


@image_view("colour", version=VERSION, columns=COLUMNS)
def colour(picture: Picture) -> np.ndarray:
    """Count brightness and colour: histograms, quantiles and moments of each channel, clipped and unused levels.

    Histograms and moments are of the block means (fewer than 128 x 128); black, white and unused levels are counted in
    the windows at native resolution. An image of one channel has no colour: those columns are NaN.

    Contains: exposure, contrast, white balance, gamma, windowing of grey levels; stain and skin, hence often the label.

    Must not contain: where something is, texture, noise of the sensor.

    Invariant to mirroring and turning (but for the windows' places).
    """
    ordered, moments = picture.ordered, _moments(picture)
    row = [
        _shares(ordered[0], BINS),
        quantiles(ordered[0], QUANTILES),
        moments[0],
        _levels(picture.grey_windows),
    ]
    if len(ordered) == 1:
        return np.concatenate([*row, np.full(len(COLUMNS) - sum(map(len, row)), np.nan)])
    row.append(moments[1:].ravel())
    row += [_shares(channel, 8) for channel in ordered[1:]]
    products = picture.centred[1:] @ picture.centred[1:].T / picture.centred.shape[1]
    # A constant channel goes with nothing.
    deviations = np.where(moments[1:, 1] > EVEN, moments[1:, 1], np.nan)
    correlation = products / np.outer(deviations, deviations)
    red, green, blue = picture.channels[1:]
    brightest, darkest = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    saturation = np.mean((brightest - darkest) / np.maximum(brightest, np.float32(1 / 255)))
    row.append(np.array([correlation[0, 1], correlation[1, 2], correlation[0, 2], saturation]))
    return np.concatenate(row)


def _shares(ordered: np.ndarray, bins: int) -> np.ndarray:
    """Return the shares of equal bins of 0..1 from numbers in ascending order."""
    edges = np.arange(bins + 1, dtype=np.float32) / np.float32(bins)
    edges[0], edges[-1] = -np.inf, np.inf
    below = np.searchsorted(ordered, edges)
    return np.asarray((below[1:] - below[:-1]) / len(ordered))


def _moments(picture: Picture) -> np.ndarray:
    """Return mean, deviation and skewness of each row of ``channels``, (1 or 4, 3)."""
    centred, deviation = picture.centred, picture.moments[:, 1]
    third = np.vecdot(centred * centred, centred) / centred.shape[1]
    # A constant image has no skewness; its deviation is not exactly 0 after averaging.
    skewness = np.where(deviation > EVEN, third / np.maximum(deviation, EVEN) ** 3, np.nan)
    return np.concatenate([picture.moments, skewness[:, None]], axis=1)


def _levels(windows: np.ndarray) -> np.ndarray:
    """Return the shares of black and white, and of the levels between the 5% and 95% quantile that do not occur."""
    codes = np.clip((windows + np.float32(0.5)).astype(np.int16), 0, 255)
    counts = np.bincount(codes.ravel(), minlength=256)
    shares = counts / counts.sum()
    low, high = np.searchsorted(np.cumsum(shares), [0.05, 0.95])
    unused = float(np.mean(counts[low : high + 1] == 0)) if high - low >= 8 else np.nan
    return np.array([shares[0], shares[255], unused])
