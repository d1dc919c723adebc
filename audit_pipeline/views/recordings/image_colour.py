"""The view ``colour`` of an image: how often each brightness and colour occurs, and not where."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view

VERSION = 1
BINS = 16
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
CHANNELS = ("red", "green", "blue")

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

    Histograms and moments are of the block means (fewer than 256 x 256); black, white and unused levels are counted in
    the windows at native resolution. An image of one channel has no colour: those columns are NaN.

    Contains: exposure, contrast, white balance, gamma, windowing of grey levels; stain and skin, hence often the label.

    Must not contain: where something is, texture, noise of the sensor.

    Invariant to mirroring and turning (but for the windows' places).
    """
    grey = picture.grey.ravel()
    row = [*_shares(grey, BINS), *np.quantile(grey, QUANTILES), *_moments(grey), *_levels(picture.grey_windows)]
    if picture.small.shape[2] == 1:
        return np.array(row + [np.nan] * (len(COLUMNS) - len(row)))
    channels = np.ascontiguousarray(picture.small.reshape(-1, 3).T)
    for channel in channels:
        row += _moments(channel)
    for channel in channels:
        row += _shares(channel, 8)
    correlation = np.atleast_2d(np.corrcoef(channels.astype(np.float64)))
    brightest, darkest = channels.max(axis=0), channels.min(axis=0)
    saturation = np.mean((brightest - darkest) / np.maximum(brightest, 1 / 255))
    return np.array([*row, correlation[0, 1], correlation[1, 2], correlation[0, 2], saturation])


def _shares(values: np.ndarray, bins: int) -> list[float]:
    codes = np.clip((values * bins).astype(np.int64), 0, bins - 1)
    return list(np.bincount(codes, minlength=bins) / len(codes))


def _moments(values: np.ndarray) -> list[float]:
    mean, deviation = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    unit = (values - np.float32(mean)) / np.float32(max(deviation, 1e-6))
    # A constant image has no skewness; its deviation is not exactly 0 after averaging.
    skewness = float((unit * unit * unit).mean()) if deviation > 1e-6 else np.nan
    return [mean, deviation, skewness]


def _levels(windows: np.ndarray) -> list[float]:
    """Return the shares of black and white, and of the levels between the 5% and 95% quantile that do not occur."""
    counts = np.bincount(np.clip(np.rint(windows), 0, 255).astype(np.int64).ravel(), minlength=256)
    shares = counts / counts.sum()
    total = np.cumsum(shares)
    low, high = np.searchsorted(total, [0.05, 0.95])
    unused = float(np.mean(counts[low : high + 1] == 0)) if high - low >= 8 else np.nan
    return [float(shares[0]), float(shares[255]), unused]
