"""Natural textures: Gaussian random fields whose spectrum falls with frequency, as that of photographs does."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=64)
def _amplitude(height: int, width: int, slope: float, stretch: float, coarsest: float) -> np.ndarray:
    """Return amplitudes (height, width // 2 + 1) proportional to frequency ** -slope, 0 at frequency 0."""
    down = np.fft.fftfreq(height)[:, None] * stretch
    right = np.fft.rfftfreq(width)[None, :]
    frequency = np.maximum(np.hypot(down, right), coarsest)
    amplitude = frequency**-slope
    amplitude[0, 0] = 0.0
    return amplitude


def texture(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    slope: float = 1.0,
    stretch: float = 1.0,
    coarsest: float = 0.0,
) -> np.ndarray:
    """Return a random field (height, width) of mean 0 and deviation 1.

    Parameters
    ----------
    slope : of the amplitude spectrum, f ** -slope; about 1 for photographs (Field 1987), 0 is white noise.
    stretch : above 1 the texture is longer down than across, below 1 the reverse (shadows on the ground, clouds far away).
    coarsest : cycles per pixel below which the spectrum is flat: 0.1 leaves nothing much larger than ten pixels.
    """
    amplitude = _amplitude(height, width, slope, stretch, max(coarsest, 0.5 / max(height, width)))
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) * amplitude, s=(height, width))
    field -= field.mean()
    return np.asarray(field / field.std())


def blurred(plane: np.ndarray, radius: float) -> np.ndarray:
    """Return (h, w) or (h, w, c) smoothed by a Gaussian of a deviation in pixels: the point spread of a lens."""
    from scipy.ndimage import gaussian_filter

    sigma = (radius, radius, 0.0)[: plane.ndim]
    return np.asarray(gaussian_filter(plane, sigma, mode="nearest"))


def mixed(under: np.ndarray, over: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lay ``over`` (..., c) on ``under`` (h, w, c) where ``mask`` (h, w) is 1."""
    return under + mask[..., None] * (over - under)
