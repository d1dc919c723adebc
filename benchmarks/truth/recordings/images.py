"""Images of 64 x 64 grey levels: smooth scenes with a faint blob where the label is positive, and a trace of the site.

Bright to a mean of 110 with a deviation of 8 from image to image, an uneven background with a deviation of 6, pixels with
a noise of 4 grey levels. All files of a dataset are written alike, but for the quality where that is the trace.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.truth.draw import Floats, direction_of
from benchmarks.truth.recordings.design import Design

Trace = Literal["none", "sensor", "vignetting", "jpeg", "text"]

SIDE = 64
BATCH = 256
"""Images that are drawn at a time."""

BRIGHTNESS, BACKGROUND, NOISE = 8.0, 6.0, 4.0
"""Grey levels of natural variation: of the whole image, of its background, of each pixel."""

WAVES = 4
"""Half waves along each side, up to which the background varies."""

BLOB, WIDTH = 14.0, 2.0
"""Grey levels and deviation in pixels of the blob, which is about 8 pixels wide."""

PATTERN, SHIFT = 2.0, 1.5
"""Grey levels of a sensor's fixed pattern, and of its brightness for each step of the site's direction (3 between two)."""

FALL, FALLS, STEEPER = 0.12, 0.03, 0.04
"""Share of the light that is lost at the corners: on average, its natural deviation, and for each step of the direction."""

QUALITY, COARSER = 86, 6
"""JPEG quality: on average, and for each step of the direction."""

MARKED, MARK = 0.7, 30.0
"""Share of the images that bear their site's mark, and its grey levels."""

GLYPHS = (
    ("11110", "10001", "11110", "10001", "11110"),
    ("01110", "10001", "10000", "10001", "01110"),
    ("10001", "11011", "10101", "10001", "10001"),
    ("11111", "00100", "00100", "00100", "11111"),
)
"""The marks of up to four sites."""


def ending(trace: Trace) -> str:
    """Return what the names of the files end with."""
    return "jpg" if trace == "jpeg" else "png"


def files(records: Design, seed: int, trace: Trace, strength: float = 1.0) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file, in the order of the records.

    Parameters
    ----------
    trace : what shows the site: a fixed pattern and the brightness of its sensor, the lens's fall-off, JPEG's quality, a
        mark burnt into the border; or nothing.
    strength : times the sizes above; for the mark, times the share of the images that bear it.
    """
    rng = np.random.default_rng([seed, 0])
    drawn = _scenes(rng, records)
    patterns = rng.standard_normal((records.levels, SIDE, SIDE)).astype(np.float32)
    falls = FALL + FALLS * records.natural(rng)[:, 0]
    if trace == "vignetting":
        falls += strength * STEEPER * records.direction
    marked = rng.random(len(records.y)) < min(1.0, strength * MARKED)
    places = rng.integers(0, 3, (len(records.y), 2))
    step = COARSER * direction_of(np.arange(records.levels), records.levels)
    qualities = np.rint(QUALITY - (strength * step if trace == "jpeg" else 0 * step)).astype(int)
    axis = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    distance = ((axis[:, None] ** 2 + axis[None, :] ** 2) / 2).astype(np.float32)
    for start in range(0, len(records.y), BATCH):
        rows = slice(start, start + BATCH)
        light = drawn.images(rows) * (1 - falls[rows].astype(np.float32)[:, None, None] * distance)
        light += NOISE * rng.standard_normal(light.shape, dtype=np.float32)
        if trace == "sensor":
            light += strength * PATTERN * patterns[records.site[rows]]
            light += np.float32(strength * SHIFT) * records.direction[rows].astype(np.float32)[:, None, None]
        elif trace == "text":
            for row in np.flatnonzero(marked[rows]):
                top, left = places[start + row] + 1
                light[row, top : top + 5, left : left + 5] += MARK * _glyph(int(records.site[start + row]))
        pixels = np.clip(np.rint(light), 0, 255).astype(np.uint8)
        for place, image in enumerate(pixels, start):
            quality = int(qualities[records.site[place]])
            yield f"files/{place:06d}.{ending(trace)}", _encoded(image, trace, quality)


class _Scenes:
    """What is seen, before anything is recorded: kept as the weights of few waves, and drawn when it is needed."""

    def __init__(self, brightness: Floats, weights: Floats, blobs: Floats, y: npt.NDArray[np.int64]) -> None:
        self.brightness, self.weights, self.blobs, self.y = brightness, weights, blobs, y

    def images(self, rows: slice) -> npt.NDArray[np.float32]:
        """Return (rows, 64, 64) in grey levels."""
        weights = self.weights[rows].astype(np.float32)
        light = (weights @ _waves().reshape(len(_waves()), -1)).reshape(-1, SIDE, SIDE)
        light += self.brightness[rows].astype(np.float32)[:, None, None]
        axis = np.arange(SIDE)
        for row in np.flatnonzero(self.y[rows]):
            down, right = np.exp(-((axis - self.blobs[rows][row][:, None]) ** 2) / (2 * WIDTH**2))
            light[row] += (BLOB * np.outer(down, right)).astype(np.float32)
        return light


def _scenes(rng: np.random.Generator, records: Design) -> _Scenes:
    brightness = 110 + BRIGHTNESS * records.natural(rng)[:, 0]
    weights = BACKGROUND * records.natural(rng, len(_waves()))
    return _Scenes(brightness, weights, rng.uniform(16, SIDE - 16, (len(records.y), 2)), records.y)


@cache
def _waves() -> npt.NDArray[np.float32]:
    """Return cosines (waves, 64, 64) that weaken with their frequency; their variances sum to 1."""
    k = np.arange(WAVES + 1)
    one = np.cos(np.pi * k[:, None] * (np.arange(SIDE) + 0.5) / SIDE)
    planes = np.einsum("ai,bj->abij", one, one).reshape(-1, SIDE, SIDE)[1:]
    size = 1 / np.hypot(k[:, None], k[None, :]).ravel()[1:]
    planes *= (size / planes.std(axis=(1, 2)) / np.sqrt((size**2).sum()))[:, None, None]
    return planes.astype(np.float32)


@cache
def _glyph(site: int) -> npt.NDArray[np.float32]:
    return np.array([[int(cell) for cell in line] for line in GLYPHS[site]], dtype=np.float32)


def _encoded(pixels: npt.NDArray[np.uint8], trace: Trace, quality: int) -> bytes:
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    if trace == "jpeg":
        image.save(out, "JPEG", quality=quality)
    else:
        image.save(out, "PNG", compress_level=1)
    return out.getvalue()
