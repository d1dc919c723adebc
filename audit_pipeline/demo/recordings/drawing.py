"""Masks of shapes with soft edges, drawn four times as large and averaged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

FINER = 4
Point = tuple[float, float]


def filled(height: int, width: int, polygons: Iterable[Sequence[Point]]) -> np.ndarray:
    """Return the mask (height, width), 0 to 1, of polygons whose corners are (x, y) in pixels."""
    from PIL import Image, ImageDraw

    plane = Image.new("L", (width * FINER, height * FINER))
    pen = ImageDraw.Draw(plane)
    for corners in polygons:
        pen.polygon([(x * FINER, y * FINER) for x, y in corners], fill=255)
    return np.asarray(plane.reduce(FINER), dtype=np.float64) / 255


def ellipses(centres: np.ndarray, radii: np.ndarray, angles: np.ndarray, deviations: np.ndarray) -> list[list[Point]]:
    """Return the corners of many ellipses at once.

    Parameters
    ----------
    centres, radii : (k, 2) in pixels; angles : (k,) in radians.
    deviations : (k, corners) relative deviations of the radius around each, as :func:`wobble` gives them.
    """
    turn = np.arange(deviations.shape[1]) * 2 * np.pi / deviations.shape[1]
    x = radii[:, :1] * np.cos(turn) * (1 + deviations)
    y = radii[:, 1:] * np.sin(turn) * (1 + deviations)
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    corners = np.stack([centres[:, :1] + c * x - s * y, centres[:, 1:] + s * x + c * y], axis=2)
    return [[(x, y) for x, y in outline] for outline in corners.tolist()]


def lines(height: int, width: int, paths: Iterable[tuple[Sequence[Point], float]]) -> np.ndarray:
    """Return the mask (height, width) of open paths, each with its thickness in pixels."""
    from PIL import Image, ImageDraw

    plane = Image.new("L", (width * FINER, height * FINER))
    pen = ImageDraw.Draw(plane)
    for corners, thickness in paths:
        scaled = [(x * FINER, y * FINER) for x, y in corners]
        pen.line(scaled, fill=255, width=max(1, round(thickness * FINER)), joint="curve")
    return np.asarray(plane.reduce(FINER), dtype=np.float64) / 255


def ellipse(centre: Point, radii: Point, angle: float = 0.0, deviations: np.ndarray | None = None) -> list[Point]:
    """Return the corners of one ellipse, of 32 corners if its radius does not deviate."""
    around = np.zeros((1, 32)) if deviations is None else np.atleast_2d(deviations)
    return ellipses(np.array([centre]), np.array([radii]), np.array([angle]), around)[0]


def wobble(
    rng: np.random.Generator, size: float, *, count: int = 1, corners: int = 32, slope: float = 1.0
) -> np.ndarray:
    """Return smooth random deviations (count, corners) of closed outlines, with deviation ``size``: 2 to 7 bulges around each."""
    bulges = np.arange(2, 8)
    weights = bulges**-slope * rng.standard_normal((count, 6))
    weights /= np.sqrt(np.sum(bulges ** (-2 * slope)) / 2)
    turn = np.arange(corners) * 2 * np.pi / corners
    waves = np.cos(bulges[:, None] * turn + rng.uniform(0, 2 * np.pi, (count, 6, 1)))
    return np.asarray(size * np.einsum("kb,kbc->kc", weights, waves))
