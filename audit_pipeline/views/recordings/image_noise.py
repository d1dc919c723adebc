"""The view ``noise`` of an image: the remainder of a denoiser, and nothing of the scene."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from audit_pipeline.views.recordings.picture import Picture, quantiles
from audit_pipeline.views.recordings.registry import image_view
from audit_pipeline.views.recordings.residual import REACH, limited, residual

VERSION = 2
TILE = 8
QUANTILES = (0.05, 0.25, 0.5, 0.75)
LAGS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (2, 2), (2, -2), (0, 3), (3, 0))
FARTHEST = 3
"""Pixels of the longest lag along either axis."""

BANDS = 8
PERIODS = (2, 4, 8)
CHANNELS = ("red", "green", "blue")
FAINT = 0.02
"""Grey levels of a tile's deviation, below which it is taken for noiseless: padding, saturation, a drawing."""

EDGED = 1.7
"""Times the median tile's energy after smoothing, above which a tile holds an edge; of noise alone about one in twenty does."""

COLUMNS = (
    "share of tiles without noise",
    *(f"log deviation, quantile {q:g} of tiles" for q in QUANTILES),
    "kurtosis",
    "skewness",
    *(f"correlation at rows {down}, columns {right}" for down, right in LAGS),
    *(
        f"log spectrum {axis}, band {band} of {BANDS}"
        for axis in ("along rows", "along columns")
        for band in range(BANDS)
    ),
    *(f"peak {axis} at period {period}" for axis in ("along rows", "along columns") for period in PERIODS),
    "pattern of columns",
    "pattern of rows",
    *(f"log deviation of {channel} to green" for channel in ("red", "blue")),
    *(f"correlation of {pair}" for pair in ("red and green", "blue and green")),
)


@image_view("noise", version=VERSION, columns=COLUMNS)
def noise(picture: Picture) -> np.ndarray:
    """Describe a denoiser's remainder at native resolution: its size, distribution, correlation, spectrum and patterns.

    Of at most 128 x 128 pixels (four windows of 64 x 64 of a larger image), never scaled. Tiles of 8 x 8 with an edge, known by
    remainders that had to be cut or by a second, coarser remainder, are left out where a quarter of the tiles remains.
    Sizes are quantiles over tiles; everything else is of remainders divided by their tile's deviation, so that no place weighs
    more than another. Patterns of rows and columns are the variance of their means over what independent pixels would have.

    Contains: noise of the sensor and of the film, its reduction and sharpening, demosaicing, interpolation, resizing,
    compression, lines of the read-out.

    Must not contain: brightness, colour, layout, anything larger than a few pixels. A fine texture of what was recorded
    survives in any remainder, and so may label; an edge weaker than the noise survives a little.

    Invariant to adding anything that is cubic over five pixels (a smooth image), but for rounding to whole grey levels.
    """
    height, width = (side - 2 * REACH - (side - 2 * REACH) % TILE for side in picture.grey_windows.shape[1:])
    if min(height, width) < TILE:
        return np.full(len(COLUMNS), np.nan)
    remainders = np.ascontiguousarray(picture.remainders[:, :height, :width])
    main = limited(remainders)
    power = _tiles(main * main)
    deviation = np.sqrt(power)
    noisy = deviation > FAINT
    blank = float(1 - noisy.mean())
    plain = noisy & (_tiles(remainders * remainders) == power) & ~_edged(picture.smooth_windows, noisy)
    # Where texture is everywhere, it cannot be avoided.
    noisy = plain if plain.sum() > noisy.sum() / 4 else noisy
    if noisy.sum() < max(1, noisy.size // 50):
        return np.array([blank] + [np.nan] * (len(COLUMNS) - 1))
    scale = np.where(noisy, 1 / np.maximum(deviation, FAINT), 0).astype(np.float32)
    evened = _evened(main, scale)
    inner = np.ascontiguousarray(evened[:, :height, :width])
    share = float(noisy.mean()) * inner.size
    squares = inner.ravel() ** 2
    row = [
        blank,
        *np.log(quantiles(np.sort(deviation[noisy]), QUANTILES)),
        float(squares @ squares) / share,
        float(squares @ inner.ravel()) / share,
        *_correlations(evened, height, width, float(noisy.mean())),
    ]
    along_rows = inner.reshape(-1, width)
    grams = [along_rows.T @ along_rows, (inner @ inner.transpose(0, 2, 1)).sum(axis=0)]
    counts = (len(along_rows), len(inner) * width)
    spectra = [_spectrum(gram) / count + 1e-6 for gram, count in zip(grams, counts, strict=True)]
    for spectrum in spectra:
        everything, bands = _bands(len(spectrum))
        row += np.log(spectrum @ bands / (spectrum @ everything)).tolist()
    for spectrum in spectra:
        powers = spectrum.tolist()
        row += [_peak(powers, period) for period in PERIODS]
    # The sum of a Gram matrix is that of the squared sums along the axis, its trace that of all squares.
    row += [float(np.log(max(gram.sum(), 0) / np.trace(gram) + 1e-6)) for gram in grams[::-1]]
    return np.array(row + _colours(picture.windows, scale))


def _tiles(values: np.ndarray) -> np.ndarray:
    """Return the means of tiles (k, rows, columns)."""
    windows, height, width = values.shape
    # A product along the contiguous axis, then sums of whole rows: several times as fast as a mean over both axes.
    across = values.reshape(-1, TILE) @ np.full(TILE, 1 / TILE**2, dtype=np.float32)
    return across.reshape(windows, height // TILE, TILE, width // TILE).sum(axis=2)


def _edged(smooth: np.ndarray, noisy: np.ndarray) -> np.ndarray:
    """Return which tiles hold something coarser than noise: edges too weak to need a cut, seen after smoothing.

    What is smoothed away and what is left are nearly uncorrelated in noise, so that a choice by the one hardly bends the other;
    and as no cubic surface is left of the second smoothing either, the choice is the same when something smooth is added.
    """
    if min(smooth.shape[1:]) <= 4 * REACH:
        return np.zeros(noisy.shape, dtype=bool)
    coarse = residual(smooth, step=2)
    coarse *= coarse
    down, right = (_spread(count, length) for count, length in zip(noisy.shape[1:], coarse.shape[1:], strict=True))
    energy = down @ coarse @ right.T
    among = energy[noisy]
    if not len(among):
        return ~noisy
    middle = len(among) // 2
    return np.asarray(energy > EDGED * np.partition(among, middle)[middle])


@lru_cache(maxsize=32)
def _spread(tiles: int, length: int) -> np.ndarray:
    """Return the matrix (tiles, length) of means over tiles of a line that misses four pixels at each end: its last ones stand for them."""
    place = np.clip(np.arange(tiles * TILE) - 2 * REACH, 0, length - 1)
    matrix = np.zeros((tiles, length), dtype=np.float32)
    np.add.at(matrix, (np.arange(tiles * TILE) // TILE, place), 1 / TILE)
    return matrix


def _evened(main: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return remainders times their tile's scale, (k, h + 3, w + 3) with zeros below and to the right."""
    windows, rows, columns = scale.shape
    out = np.zeros((windows, rows * TILE + FARTHEST, columns * TILE + FARTHEST), dtype=np.float32)
    tiled = main.reshape(windows, rows, TILE, columns, TILE)
    inside = out[:, : rows * TILE, : columns * TILE].reshape(tiled.shape, copy=False)
    np.multiply(tiled, scale[:, :, None, :, None], out=inside)
    return out


def _correlations(padded: np.ndarray, height: int, width: int, share: float) -> list[float]:
    """Return the mean product of neighbours at each lag; with zeros between rows and windows each is one product of vectors."""
    flat = padded.ravel()
    out = []
    for down, right in LAGS:
        offset = down * padded.shape[2] + right
        pairs = len(padded) * (height - down) * (width - abs(right))
        out.append(float(flat[offset:] @ flat[: len(flat) - offset]) / (pairs * share))
    return out


def _spectrum(gram: np.ndarray) -> np.ndarray:
    """Return the summed power along an axis, (bins,), from the products (n, n) of the places along it.

    The length is a multiple of 8, so that periods 2, 4 and 8 have bins.
    """
    length = len(gram)
    # Skewed, so that diagonals become columns: their sums are the autocorrelation, whose transform is the power.
    skewed = np.zeros((length, 2 * length), dtype=np.float32)
    skewed[:, :length] = gram[:, ::-1]
    diagonals = skewed.ravel()[: length * (2 * length - 1)].reshape(length, -1).sum(axis=0)
    return np.maximum(_cosines(length) @ diagonals[:length][::-1], 0)


@lru_cache(maxsize=32)
def _cosines(length: int) -> np.ndarray:
    """Return the matrix (bins, lags) that makes power of an autocorrelation whose negative lags are its positive ones."""
    angles = 2 * np.pi / length * np.outer(np.arange(length // 2 + 1), np.arange(length))
    matrix = 2 * np.cos(angles)
    matrix[:, 0] = 1
    return matrix


@lru_cache(maxsize=32)
def _bands(bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (bins,) of the mean power and (bins, 8) of bands of equal width, without periods 2, 4 and 8, which have their peaks.

    A band without bins has NaN.
    """
    place = np.arange(bins)
    kept = (place > 0) & ((place * 8) % (2 * (bins - 1)) != 0)
    band = np.minimum(place * BANDS // bins, BANDS - 1)
    members = (kept[:, None] & (band[:, None] == np.arange(BANDS))).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return kept / kept.sum(), members / members.sum(axis=0)


def _peak(powers: list[float], period: int) -> float:
    """Return the log power at a period over that of its neighbours."""
    middle = 2 * (len(powers) - 1) // period
    around = [powers[i] for i in (middle - 2, middle - 1, middle + 1, middle + 2) if 0 < i < len(powers)]
    return math.log(powers[middle] * len(around) / sum(around)) if around else math.nan


def _colours(windows: np.ndarray, scale: np.ndarray) -> list[float]:
    """Compare the channels' remainders in the same tiles, evened as their grey is; of four windows two are enough for it."""
    if windows.shape[3] == 1:
        return [np.nan] * 4
    chosen = slice(0, None, 3) if len(windows) == 4 else slice(None)
    scale = scale[chosen]
    count, rows, columns = scale.shape
    planes = np.ascontiguousarray(np.moveaxis(windows[chosen], 3, 0))
    rest = residual(planes)[:, :, : rows * TILE, : columns * TILE]
    tiled = rest.reshape(3, count, rows, TILE, columns, TILE) * scale[:, :, None, :, None]
    flat = tiled.reshape(3, -1)
    # Of what a deviation of 1 gives, so that channels without noise do not differ by their rounding.
    gram = flat @ flat.T + np.eye(3) * (1e-3 * np.count_nonzero(scale) * TILE**2)
    if not gram[1, 1] > 0:
        return [np.nan] * 4
    logs = np.log(np.diag(gram)) / 2
    together = [float(gram[i, 1] / np.sqrt(gram[i, i] * gram[1, 1])) for i in (0, 2)]
    return [float(logs[0] - logs[1]), float(logs[2] - logs[1]), *together]
