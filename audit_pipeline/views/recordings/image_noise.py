"""The view ``noise`` of an image: the remainder of a denoiser, and nothing of the scene."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view
from audit_pipeline.views.recordings.residual import REACH, limited, residual

VERSION = 1
TILE = 8
QUANTILES = (0.05, 0.25, 0.5, 0.75)
LAGS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (2, 2), (2, -2), (0, 3), (3, 0))
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

    Of at most nine windows of 96 x 96 pixels, never scaled. Tiles of 8 x 8 with an edge, known by remainders that
    had to be cut or by a second, coarser remainder, are left out where a quarter of the tiles remains. Sizes are quantiles over tiles; everything else is of remainders divided
    by their tile's deviation, so that no place weighs more than another. Patterns of rows and columns are the variance of
    their means over what independent pixels would have.

    Contains: noise of the sensor and of the film, its reduction and sharpening, demosaicing, interpolation, resizing,
    compression, lines of the read-out.

    Must not contain: brightness, colour, layout, anything larger than a few pixels. A fine texture of what was recorded
    survives in any remainder, and so may label; an edge weaker than the noise survives a little.

    Invariant to adding anything that is cubic over five pixels (a smooth image), but for rounding to whole grey levels.
    """
    whole = residual(picture.grey_windows)
    height, width = (side - side % TILE for side in whole.shape[1:])
    if min(height, width) < TILE:
        return np.full(len(COLUMNS), np.nan)
    remainders = whole[:, :height, :width]
    main = limited(remainders)
    deviation = np.sqrt(_tiles(main * main))
    noisy = deviation > FAINT
    blank = float(1 - noisy.mean())
    plain = noisy & (_tiles((main != remainders).astype(np.float32)) == 0) & ~_edged(picture.grey_windows, whole, noisy)
    # Where texture is everywhere, it cannot be avoided.
    noisy = plain if plain.sum() > noisy.sum() / 4 else noisy
    if noisy.sum() < max(1, noisy.size // 50):
        return np.array([blank] + [np.nan] * (len(COLUMNS) - 1))
    scale = np.repeat(np.repeat(np.where(noisy, 1 / np.maximum(deviation, FAINT), 0), TILE, axis=1), TILE, axis=2)
    evened = main * scale.astype(np.float32)
    share = float(noisy.mean())
    squares = evened * evened
    row = [
        blank,
        *np.log(np.quantile(deviation[noisy], QUANTILES)),
        float((squares * squares).mean()) / share,
        float((squares * evened).mean()) / share,
        *(_correlation(evened, down, right) / share for down, right in LAGS),
    ]
    spectra = [_spectrum(evened), _spectrum(evened.transpose(0, 2, 1))]
    for spectrum in spectra:
        row += _bands(spectrum)
    for spectrum in spectra:
        row += [_peak(spectrum, period) for period in PERIODS]
    row += [_pattern(evened, axis) for axis in (1, 2)]
    return np.array(row + _colours(picture.windows, noisy))


def _tiles(values: np.ndarray) -> np.ndarray:
    """Return the means of tiles (k, rows, columns)."""
    windows, height, width = values.shape
    return values.reshape(windows, height // TILE, TILE, width // TILE, TILE).mean(axis=(2, 4))


def _edged(planes: np.ndarray, whole: np.ndarray, noisy: np.ndarray) -> np.ndarray:
    """Return which tiles hold something coarser than noise: edges too weak to need a cut, seen after smoothing.

    What is smoothed away and what is left are nearly uncorrelated in noise, so that a choice by the one hardly bends the other;
    and as no cubic surface is left of the second smoothing either, the choice is the same when something smooth is added.
    """
    smooth = planes[:, REACH:-REACH, REACH:-REACH] - whole
    if min(smooth.shape[1:]) <= 4 * REACH:
        return np.zeros(noisy.shape, dtype=bool)
    coarse = np.pad(residual(smooth, step=2), ((0, 0), (2 * REACH,) * 2, (2 * REACH,) * 2), mode="edge")
    height, width = (TILE * side for side in noisy.shape[1:])
    energy = _tiles((coarse * coarse)[:, :height, :width])
    return np.asarray(energy > EDGED * np.median(energy[noisy])) if noisy.any() else ~noisy


def _correlation(evened: np.ndarray, down: int, right: int) -> float:
    height, width = evened.shape[1:]
    first = evened[:, : height - down, max(0, -right) : width - max(0, right)]
    second = evened[:, down:, max(0, right) : width - max(0, -right)]
    return float(np.einsum("kij,kij->", first, second) / first.size)


def _spectrum(evened: np.ndarray) -> np.ndarray:
    """Return the mean power along rows, (bins,); the length is a multiple of 8, so that periods 2, 4 and 8 have bins."""
    from scipy.fft import rfft

    transformed = rfft(evened, axis=2)
    return np.asarray((transformed.real**2 + transformed.imag**2).mean(axis=(0, 1)) + 1e-6)


def _bands(spectrum: np.ndarray) -> list[float]:
    """Return the log mean power of bands of equal width, relative to all; without period 2, 4 and 8, which have their peaks."""
    bins = np.arange(1, len(spectrum))
    length = 2 * (len(spectrum) - 1)
    kept = bins[(bins * 8) % length != 0]
    code = np.minimum(kept * BANDS // len(spectrum), BANDS - 1)
    if not len(kept):
        return [np.nan] * BANDS
    total = spectrum[kept].mean()
    return [
        float(np.log(spectrum[kept[code == band]].mean() / total)) if np.any(code == band) else np.nan
        for band in range(BANDS)
    ]


def _peak(spectrum: np.ndarray, period: int) -> float:
    """Return the log power at a period over that of its neighbours."""
    middle = 2 * (len(spectrum) - 1) // period
    around = [spectrum[i] for i in (middle - 2, middle - 1, middle + 1, middle + 2) if 0 < i < len(spectrum)]
    return float(np.log(spectrum[middle] / np.mean(around)))


def _pattern(evened: np.ndarray, axis: int) -> float:
    """Return the log variance of the means along an axis, times their number: 0 for independent pixels."""
    means = evened.mean(axis=axis)
    return float(np.log((means**2).mean() * evened.shape[axis] / (evened**2).mean() + 1e-6))


def _colours(windows: np.ndarray, noisy: np.ndarray) -> list[float]:
    """Compare the channels' remainders in the same tiles; of nine windows three are enough for it."""
    if windows.shape[3] == 1:
        return [np.nan] * 4
    chosen = slice(0, None, 4) if len(windows) == 9 else slice(None)
    if not noisy[chosen].any():
        return [np.nan] * 4
    height, width = (TILE * side for side in noisy.shape[1:])
    planes = np.moveaxis(windows[chosen], 3, 0) * np.float32(255)
    red, green, blue = (limited(residual(plane)[:, :height, :width]) for plane in planes)
    sizes = [float(np.median(np.sqrt(_tiles(plane * plane))[noisy[chosen]])) for plane in (red, green, blue)]

    def together(one: np.ndarray, other: np.ndarray) -> float:
        return float((one * other).mean() / np.sqrt((one * one).mean() * (other * other).mean()))

    ratios = [float(np.log((sizes[i] + FAINT) / (sizes[1] + FAINT))) for i in (0, 2)]
    return [*ratios, together(red, green), together(blue, green)]
