"""A forest clearing, with or without a tank, under any sky: from geometry to the light that reaches a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.demo.recordings.drawing import Point, ellipse, filled, lines, wobble
from audit_pipeline.demo.recordings.textures import blurred, mixed, texture

SIDE = 80
"""Pixels of a side."""

FOLIAGE = np.array([0.060, 0.095, 0.035])
GRASS = np.array([0.105, 0.145, 0.050])
SOIL = np.array([0.150, 0.115, 0.075])
STEEL = np.array([0.110, 0.120, 0.070])
"""Reflectances in linear light: leaves, grass, earth and olive paint are dark."""


@dataclass(frozen=True, kw_only=True)
class Sky:
    """A sky and the light that it gives.

    Parameters
    ----------
    light : (3,) illumination of the ground.
    overhead : (3,) what the camera sees of the sky itself.
    clouds : how much of a cloud's structure is seen in it.
    shadow : how much light is left in a cast shadow, 1: there are none.
    haze : share of the sky's light that the air adds to the far trees.
    """

    light: tuple[float, float, float]
    overhead: tuple[float, float, float]
    clouds: float
    shadow: float
    haze: float


SUNNY = Sky(light=(3.3, 3.0, 2.5), overhead=(0.33, 0.50, 0.86), clouds=0.05, shadow=0.34, haze=0.05)
CLOUDY = Sky(light=(1.75, 1.85, 2.0), overhead=(0.66, 0.69, 0.74), clouds=0.09, shadow=1.0, haze=0.10)


def clearing(rng: np.random.Generator, sky: Sky, *, tank: bool) -> np.ndarray:
    """Return the light (80, 80, 3) of a scene: sky, three rows of conifers, grass and bushes, and perhaps a tank among them.

    Where the trees, bushes and shadows are is drawn anew for every scene, and does not depend on the tank.
    """
    light = np.array(sky.light)
    horizon = rng.uniform(0.40, 0.50) * SIDE
    reflected = _ground(rng, horizon)
    shade = np.ones((SIDE, SIDE))
    scene = _heaven(rng, sky)
    # One texture of leaves for all trees and bushes, each time from another place.
    grain = np.exp(0.45 * texture(rng, SIDE, SIDE, slope=0.6, coarsest=0.08))
    for row, (distance, count) in enumerate(((1.0, 11), (0.6, 8), (0.25, 4))):
        trees = filled(SIDE, SIDE, _trees(rng, horizon + 1.5 * row, size=0.20 + 0.10 * row, count=count))
        leaves = FOLIAGE * np.roll(grain, rng.integers(SIDE, size=2), axis=(0, 1))[..., None]
        veil = sky.haze * distance
        scene = mixed(scene, leaves * light * (1 - veil) + veil * np.array(sky.overhead), trees)
    dapple = blurred((texture(rng, SIDE, SIDE, slope=1.3, stretch=0.4) > 0.35).astype(float), 0.7)
    # The sun stands to the left and behind the camera.
    where = (rng.uniform(0.25, 0.75) * SIDE, horizon + rng.uniform(0.16, 0.38) * SIDE)
    length = rng.uniform(0.30, 0.40) * SIDE
    facing = rng.choice([-1.0, 1.0])
    bushes = [(rng.uniform(0, SIDE), horizon + rng.uniform(0.06, 0.45) * SIDE) for _ in range(int(rng.integers(3, 9)))]
    if tank:
        shade = shade * (1 - (1 - sky.shadow) * _shadow_below(where, length))
        parts = _tank(where, length, facing)
        paint = STEEL * np.exp(0.28 * texture(rng, SIDE, SIDE, slope=0.6, coarsest=0.05))[..., None]
        reflected = mixed(reflected, paint * 0.66, filled(SIDE, SIDE, parts["top"]))
        reflected = mixed(reflected, paint * 0.62, filled(SIDE, SIDE, parts["side"]))
        reflected = mixed(reflected, paint * 0.28, filled(SIDE, SIDE, parts["track"]))
        reflected = mixed(reflected, paint * 0.55, filled(SIDE, SIDE, parts["wheel"]))
        reflected = mixed(reflected, paint * 0.7, lines(SIDE, SIDE, [(parts["barrel"][0], 0.05 * length)]))
        stands = filled(SIDE, SIDE, parts["top"] + parts["side"] + parts["track"])
    else:
        stands = np.zeros((SIDE, SIDE))
    for x, y in bushes:
        bush = ellipse(
            (x, y), (rng.uniform(3, 9), rng.uniform(2, 4.5)), deviations=wobble(rng, 0.25, corners=40, slope=0.5)
        )
        leaves = FOLIAGE * rng.uniform(0.7, 1.5) * np.roll(grain, rng.integers(SIDE, size=2), axis=(0, 1))[..., None]
        reflected = mixed(reflected, leaves, filled(SIDE, SIDE, [bush]))
    shade = shade * (1 - (1 - sky.shadow) * dapple * (1 - 0.5 * stands))
    below = np.clip(np.arange(SIDE)[:, None] - horizon, 0, 1) * np.ones((1, SIDE))
    # A tank in front of the trees is taller than the horizon. The lens was focused by hand.
    seen = mixed(scene, reflected * light * shade[..., None], np.maximum(below, stands))
    return blurred(seen, rng.uniform(0.40, 0.80))


def _heaven(rng: np.random.Generator, sky: Sky) -> np.ndarray:
    high = np.linspace(1.0, 0.0, SIDE)[:, None, None]
    clear = np.array(sky.overhead) * (1.0 - 0.12 * high)
    clouds = texture(rng, SIDE, SIDE, slope=1.6, stretch=0.5)[..., None]
    return np.asarray(clear * (1 + sky.clouds * clouds))


def _ground(rng: np.random.Generator, horizon: float) -> np.ndarray:
    """Return the reflectance of grass with bare patches; blades are finer far away."""
    near = texture(rng, SIDE, SIDE, slope=0.6, coarsest=0.05)
    far = texture(rng, SIDE, SIDE, slope=0.3, stretch=0.4)
    depth = np.clip((np.arange(SIDE)[:, None] - horizon) / (SIDE - horizon), 0, 1)
    blades = depth * near + (1 - depth) * far
    bare = np.clip(0.45 * texture(rng, SIDE, SIDE, slope=1.5, stretch=0.5) + rng.uniform(0.05, 0.35), 0, 1)
    return mixed(GRASS * np.ones((SIDE, SIDE, 1)), SOIL * np.ones((SIDE, SIDE, 1)), bare) * np.exp(
        0.28 * blades[..., None]
    )


def _trees(rng: np.random.Generator, foot: float, *, size: float, count: int) -> list[list[Point]]:
    """Return conifers: tiers of triangles that overlap, standing side by side."""
    out: list[list[Point]] = []
    for place in (np.arange(count) + rng.uniform(-0.4, 0.4, count)) * SIDE / (count - 1):
        height = SIDE * size * rng.uniform(0.75, 1.6)
        width = height * rng.uniform(0.20, 0.28)
        for tier in range(5):
            top, bottom = foot - height * (1 - 0.18 * tier), foot - height * (0.68 - 0.17 * tier)
            half = width * (0.30 + 0.18 * tier) * rng.uniform(0.85, 1.15)
            out.append([(place, top), (place + half, bottom), (place - half, bottom)])
    # The undergrowth closes the row.
    out.append([(-2.0, foot - 2.5), (SIDE + 2.0, foot - 2.5), (SIDE + 2.0, foot + 3.0), (-2.0, foot + 3.0)])
    return out


def _tank(where: Point, length: float, facing: float) -> dict[str, list[list[Point]]]:
    """Return the polygons of a tank seen from its side: hull, turret, barrel, track and road wheels."""

    def at(*corners: Point) -> list[Point]:
        return [(where[0] + facing * x * length, where[1] - y * length) for x, y in corners]

    wheels = [
        ellipse(at((x, 0.085))[0], (0.062 * length, 0.062 * length)) for x in (-0.36, -0.22, -0.08, 0.06, 0.20, 0.34)
    ]
    return {
        "track": [at((-0.50, 0.13), (-0.43, 0.0), (0.40, 0.0), (0.52, 0.15), (0.46, 0.21), (-0.46, 0.21))],
        "wheel": wheels,
        "side": [at((-0.50, 0.18), (-0.46, 0.31), (0.38, 0.31), (0.56, 0.22), (0.52, 0.18))],
        "top": [at((-0.26, 0.30), (-0.20, 0.45), (0.10, 0.46), (0.22, 0.38), (0.20, 0.30))],
        "barrel": [at((0.16, 0.395), (0.82, 0.425))],
    }


def _shadow_below(where: Point, length: float) -> np.ndarray:
    cast = ellipse((where[0] + 0.10 * length, where[1] + 0.02 * length), (0.58 * length, 0.09 * length))
    return blurred(filled(SIDE, SIDE, [cast]), 0.8)
