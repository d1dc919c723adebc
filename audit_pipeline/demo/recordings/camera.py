"""A camera, from light on the sensor to 8-bit pixels: photon noise, the sensor's own pattern, mosaic, colour and tone.

Model, for light L (linear, 1 saturates) at pixel p behind its colour filter::

    e_p = L_p * (1 + k_p)                     k: photo-response non-uniformity, fixed for a sensor (Lukas et al. 2006)
    s_p = e_p + N(0, e_p / well) + N(0, read) + c_column(p) + d_p       photon and read-out noise, columns, dark pattern
    rgb = demosaic(s) @ colour                bilinear, from a Bayer mosaic (RGGB)
    out = round(255 * tone(rgb))              tone: the sRGB curve raised to ``contrast``

Two sensors of one model differ in k, c and d only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

NEUTRAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Camera:
    """One camera.

    Parameters
    ----------
    sensor : seed of the sensor's pattern: what makes this one camera and no other of its model.
    uneven : deviation of k, as a share of the light.
    read : deviation of the read-out noise, as a share of full scale.
    well : electrons at full scale; photon noise is sqrt(light / well).
    columns : deviation of the columns' offsets, as a share of full scale.
    dark : deviation of the pixels' own offsets (dark current), as a share of full scale.
    colour : (3, 3) from sensor colours to output colours, columns are outputs.
    contrast : exponent of the tone curve; above 1 is harder.
    falloff : loss of light in the corners (vignetting), 0 to 1.
    mosaic : False for a scanner with three sensors or none of colour.
    """

    sensor: int
    uneven: float = 0.01
    read: float = 0.004
    well: float = 8_000.0
    columns: float = 0.0
    dark: float = 0.0
    colour: tuple[tuple[float, float, float], ...] = NEUTRAL
    contrast: float = 1.0
    falloff: float = 0.0
    mosaic: bool = True

    def take(self, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the photograph (h, w, 3) uint8 of light (h, w, 3); ``rng`` draws the noise of this exposure."""
        height, width = light.shape[:2]
        uneven, dark, columns = pattern(self.sensor, height, width)
        layers = (slice(None),) * 2 + (None,) if not self.mosaic else (slice(None),) * 2
        seen = np.clip(light, 0, None) * _falloff(height, width, self.falloff)[..., None]
        raw = _behind_filters(seen) if self.mosaic else seen
        electrons = raw * (1 + self.uneven * uneven[layers])
        noise = np.sqrt(np.maximum(electrons, 0) / self.well + self.read**2) * rng.standard_normal(raw.shape)
        offset = self.dark * dark + self.columns * columns[None, :]
        signal = electrons + noise + offset[layers]
        colours = (demosaiced(signal) if self.mosaic else signal) @ np.array(self.colour)
        return np.rint(255 * tone(colours, self.contrast)).astype(np.uint8)


@lru_cache(maxsize=64)
def pattern(sensor: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the fixed pattern of a sensor, each of deviation 1: response and dark (height, width), columns (width,)."""
    rng = np.random.default_rng([sensor, height, width])
    return rng.standard_normal((height, width)), rng.standard_normal((height, width)), rng.standard_normal(width)


def tone(linear: np.ndarray, contrast: float = 1.0) -> np.ndarray:
    """Return display values 0..1 of linear light by the curve of sRGB (IEC 61966-2-1), steeper about middle grey by ``contrast``."""
    linear = np.clip(linear, 0, 1)
    shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055)
    if contrast == 1.0:
        return np.asarray(shown)
    # A curve through black, middle grey and white, with this slope in the middle.
    high, low = np.power(shown, contrast), np.power(1 - shown, contrast)
    return np.asarray(high / (high + low))


@lru_cache(maxsize=16)
def _falloff(height: int, width: int, loss: float) -> np.ndarray:
    down, right = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    # Natural vignetting: cos^4 of the angle of view, here scaled to the loss in the corner.
    radius = (down**2 + right**2) / 2
    return np.asarray(1 / (1 + radius * ((1 - loss) ** -0.5 - 1)) ** 2)


def _behind_filters(light: np.ndarray) -> np.ndarray:
    raw = light[:, :, 1].copy()
    raw[::2, ::2] = light[::2, ::2, 0]
    raw[1::2, 1::2] = light[1::2, 1::2, 2]
    return raw


def demosaiced(raw: np.ndarray) -> np.ndarray:
    """Return colours (h, w, 3) of an RGGB mosaic (h, w), by bilinear interpolation; pixels beyond the edge are mirrored."""
    padded = np.pad(raw, 1, mode="reflect")
    height, width = raw.shape

    def at(down: int, right: int) -> np.ndarray:
        return padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]

    sides = (at(0, -1) + at(0, 1)) / 2
    ends = (at(-1, 0) + at(1, 0)) / 2
    corners = (at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)) / 4
    out = np.stack([corners, (sides + ends) / 2, corners], axis=2)
    # Each colour is known at its own pixels; beside them it is the mean of the two or four nearest.
    out[::2, 1::2, 0], out[1::2, ::2, 0] = sides[::2, 1::2], ends[1::2, ::2]
    out[::2, 1::2, 2], out[1::2, ::2, 2] = ends[::2, 1::2], sides[1::2, ::2]
    out[::2, ::2, 0], out[1::2, 1::2, 2] = raw[::2, ::2], raw[1::2, 1::2]
    out[::2, 1::2, 1], out[1::2, ::2, 1] = raw[::2, 1::2], raw[1::2, ::2]
    return out
