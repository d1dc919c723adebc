"""A mole on a forearm: reflectance of skin with its furrows, hairs, blood and pigment, under a lamp or beside a window.

Reflectance: melanin and blood absorb by their amounts (Beer and Lambert), blood mostly green and blue, melanin more the shorter the
wave (Jacques 2013, simplified to three colours).
"""

from __future__ import annotations

import numpy as np

from audit_pipeline.demo.recordings.drawing import Point, ellipse, filled, lines, wobble
from audit_pipeline.demo.recordings.textures import blurred, texture

SIDE = 80
"""Pixels of a side: 40 mm."""

WARMEST = 31.0
"""Degrees Celsius at which ``warmth`` is 1."""

MELANIN = np.array([0.28, 0.52, 0.86])
BLOOD = np.array([0.07, 0.46, 0.38])
"""Absorbances for red, green and blue at one unit."""

DERMIS = np.array([0.80, 0.68, 0.58])
"""What bloodless skin without pigment reflects."""

LAMP = np.array([1.18, 0.98, 0.70])
WINDOW = np.array([0.97, 1.0, 1.05])
"""Colour of the light, for a camera whose white balance is set to daylight."""


def forearm(
    rng: np.random.Generator, *, malignant: bool, lamp: bool, age: float, male: bool, warmth: float
) -> np.ndarray:
    """Return the light (80, 80, 3) from a piece of skin with a mole near its middle.

    Parameters
    ----------
    age : years.
    warmth : -1 (cold) to 1 (warm): how far the skin's vessels are open.
    """
    old = (age - 20) / 60
    melanin = 0.42 * np.exp(0.18 * rng.standard_normal()) * np.ones((SIDE, SIDE))
    # Sun has made the pigment of old skin patchy.
    melanin *= np.exp((0.05 + 0.13 * old) * texture(rng, SIDE, SIDE, slope=1.4, coarsest=0.04))
    blood = 0.50 * np.exp(0.65 * warmth + 0.15 * rng.standard_normal())
    flush = blood * np.exp(0.12 * texture(rng, SIDE, SIDE, slope=1.5))
    relief = _furrows(rng, old)
    mole = _mole(rng, malignant=malignant)
    absorbed = (melanin + mole)[..., None] * MELANIN + flush[..., None] * BLOOD
    reflected = DERMIS * np.exp(-absorbed) * relief[..., None]
    hairs = _hairs(rng, male=male)
    reflected = reflected * (1 - hairs[..., None] * np.array([0.72, 0.78, 0.82]))
    return blurred(reflected * _light(rng, lamp=lamp), 0.5)


def _mole(rng: np.random.Generator, *, malignant: bool) -> np.ndarray:
    """Return the additional melanin of the mole: size, regularity of the outline and evenness differ, darkness does not."""
    radius = max(2.2, rng.normal(6.6, 1.2) if malignant else rng.normal(4.2, 0.9))
    long = np.exp(0.12 * rng.standard_normal())
    outline = ellipse(
        tuple(SIDE * rng.uniform(0.32, 0.68, 2)),
        (radius * long, radius / long),
        rng.uniform(0, np.pi),
        wobble(rng, 0.16 if malignant else 0.06, corners=40),
    )
    inside = blurred(filled(SIDE, SIDE, [outline]), 0.8)
    patches = np.exp((0.30 if malignant else 0.12) * texture(rng, SIDE, SIDE, slope=1.2, coarsest=0.06))
    return np.asarray(inside * patches * 1.15 * np.exp(0.2 * rng.standard_normal()))


def _furrows(rng: np.random.Generator, old: float) -> np.ndarray:
    """Return how much light the relief of the skin throws back, about 1: a net of fine lines, deeper by age."""
    angle = rng.uniform(-0.3, 0.3)
    depth = 0.018 + 0.062 * max(0.0, old)
    net = np.zeros((SIDE, SIDE))
    down, right = np.mgrid[:SIDE, :SIDE].astype(float)
    bent = 2.2 * texture(rng, SIDE, SIDE, slope=1.5)
    for direction in (angle + 0.9, angle - 0.9):
        along = down * np.sin(direction) + right * np.cos(direction) + bent
        net += np.cos(2 * np.pi * along / rng.uniform(5.0, 6.5)) ** 8
    return 1 - depth * net + 0.02 * texture(rng, SIDE, SIDE, slope=0.5, coarsest=0.1)


def _hairs(rng: np.random.Generator, *, male: bool) -> np.ndarray:
    """Return the mask of hairs: many and long on a man's forearm, few and thin on a woman's."""
    count = int(rng.poisson(26 if male else 7))
    lean = rng.uniform(-0.6, 0.6)
    paths: list[tuple[list[Point], float]] = []
    for _ in range(count):
        start = rng.uniform(-5, SIDE + 5, 2)
        angle = lean + rng.normal(0, 0.25)
        length = rng.uniform(10, 24) if male else rng.uniform(6, 13)
        steps = np.linspace(0, 1, 6)[:, None]
        bend = rng.normal(0, 0.15) * length
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        path = start + steps * length * along + steps**2 * bend * across
        paths.append(([(x, y) for x, y in path.tolist()], 0.5 if male else 0.3))
    return (0.8 if male else 0.5) * lines(SIDE, SIDE, paths)


def _light(rng: np.random.Generator, *, lamp: bool) -> np.ndarray:
    """Return the illumination (80, 80, 3): a lamp stands at one side, a window lights evenly."""
    angle = rng.uniform(-0.6, 0.6)
    fall = 0.30 * np.exp(0.25 * rng.standard_normal()) if lamp else 0.06 * rng.standard_normal()
    down, right = np.linspace(-1, 1, SIDE)[:, None], np.linspace(-1, 1, SIDE)[None, :]
    shading = np.exp(-fall * (right * np.cos(angle) + down * np.sin(angle)))
    colour = (LAMP if lamp else WINDOW) * np.exp(0.03 * rng.standard_normal(3))
    return np.asarray(shading[..., None] * colour)
