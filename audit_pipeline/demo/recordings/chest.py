"""A chest between an X-ray tube and a detector: attenuation of its parts, opacities of pneumonia, and the scanner's picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit_pipeline.demo.recordings.camera import pattern
from audit_pipeline.demo.recordings.drawing import Point, ellipse, filled, lines, wobble
from audit_pipeline.demo.recordings.radiography import Scanner
from audit_pipeline.demo.recordings.textures import blurred, texture

SIDE = 80
"""Pixels of a side."""

SIDES = (-1, 1)
Place = Callable[[float, float], Point]
"""From a place in the chest, in parts of its height from the middle, to pixels."""


def chest(rng: np.random.Generator, *, pneumonia: bool) -> np.ndarray:
    """Return the attenuation (80, 80), in natural logarithms, of a chest seen from the front."""
    scale = SIDE * np.exp(0.05 * rng.standard_normal())
    x0, y0 = SIDE / 2 + rng.normal(0, 1.5), SIDE * 0.50 + rng.normal(0, 2.0)

    def at(x: float, y: float) -> Point:
        return x0 + x * scale, y0 + y * scale

    def soft(outlines: list[list[Point]], blur: float) -> np.ndarray:
        return blurred(filled(SIDE, SIDE, outlines), blur)

    body = soft(
        [ellipse(at(0, 0.12), (0.50 * scale, 0.66 * scale)), ellipse(at(0, -0.5), (0.11 * scale, 0.25 * scale))], 1.6
    )
    lungs = [
        ellipse(
            at(0.215 * side, -0.06),
            ((0.165 - 0.012 * (side > 0)) * scale, 0.31 * scale * np.exp(0.05 * rng.standard_normal())),
            -0.12 * side,
            wobble(rng, 0.05),
        )
        for side in SIDES
    ]
    air = soft(lungs, 1.0)
    # Vessels branch in the lungs: a texture on which the air hangs.
    out = 1.75 * body - air * (1.05 + 0.07 * texture(rng, SIDE, SIDE, slope=1.2, coarsest=0.04))
    out += 0.55 * soft([ellipse(at(0.075, 0.13), (0.150 * scale, 0.155 * scale), 0.5, wobble(rng, 0.04))], 1.2)
    spine = ellipse(at(0, 0.0), (0.045 * scale, 0.75 * scale))
    domes = [ellipse(at(0.215 * side, 0.40 + 0.02 * (side > 0)), (0.20 * scale, 0.16 * scale)) for side in SIDES]
    out += 0.48 * soft([spine, *domes], 1.0)
    out += _bones(rng, at, scale)
    out = out + 0.04 * texture(rng, SIDE, SIDE, slope=1.6)
    # The beam is weaker on the side of the tube's anode: by how much depends on how the tube stands.
    out = out + rng.normal(0, 0.10) * np.linspace(-1, 1, SIDE)[:, None] + rng.normal(0, 0.04) * np.linspace(-1, 1, SIDE)
    if pneumonia:
        out = out + _opacities(rng, at, scale) * air
    return np.asarray(out)


def _bones(rng: np.random.Generator, at: Place, scale: float) -> np.ndarray:
    """Return the attenuation of the ribs, seven a side, and of the collar bones."""
    ribs: list[tuple[list[Point], float]] = []
    collar: list[tuple[list[Point], float]] = []
    drop = rng.normal(0, 0.01)
    turn = np.linspace(0, 1, 12)
    for side in SIDES:
        for rib in range(7):
            x = side * (0.05 + 0.33 * np.sin(turn * np.pi / 2))
            y = -0.34 + 0.092 * rib + drop - 0.06 * np.sin(turn * np.pi) + 0.14 * turn**2
            ribs.append(([at(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)], 0.020 * scale))
        collar.append(([at(side * 0.03, -0.36), at(side * 0.18, -0.41), at(side * 0.36, -0.42)], 0.024 * scale))
    return blurred(0.14 * lines(SIDE, SIDE, ribs) + 0.2 * lines(SIDE, SIDE, collar), 0.6)


def _opacities(rng: np.random.Generator, at: Place, scale: float) -> np.ndarray:
    """Return the attenuation of ground glass: soft clouds with a fine grain, in the lower and outer fields of both lungs."""
    clouds = np.zeros((SIDE, SIDE))
    for number in range(int(rng.integers(2, 5))):
        side = -1 if number % 2 else 1
        centre = at(side * rng.uniform(0.20, 0.30), rng.uniform(0.00, 0.20))
        radii = (rng.uniform(0.06, 0.11) * scale, rng.uniform(0.06, 0.12) * scale)
        cloud = blurred(filled(SIDE, SIDE, [ellipse(centre, radii, deviations=wobble(rng, 0.25))]), 2.5)
        clouds = np.maximum(clouds, cloud * rng.uniform(0.16, 0.36))
    return clouds * np.exp(0.25 * texture(rng, SIDE, SIDE, slope=1.3, coarsest=0.05))


def radiograph(attenuation: np.ndarray, scanner: Scanner, rng: np.random.Generator) -> np.ndarray:
    """Return the picture (80, 80) uint8 that a scanner makes: bright where much was absorbed.

    The exposure is automatic, off by 6 % whoever is scanned; photons scatter by their number.
    """
    photons = scanner.dose * np.exp(1.0 - attenuation)
    uneven, _, columns = pattern(scanner.sensor, SIDE, SIDE)
    counted = photons * (1 + 0.01 * uneven) + np.sqrt(photons) * rng.standard_normal(photons.shape)
    log_exposure = np.log(np.maximum(counted, 1) / scanner.dose)
    log_exposure = log_exposure - float(np.median(log_exposure)) + 0.06 * rng.standard_normal()
    sharp = log_exposure + scanner.sharpening * (log_exposure - blurred(log_exposure, 1.5))
    shown = 1 / (1 + np.exp(2.2 * scanner.latitude * (sharp - scanner.middle)))
    shown = shown + scanner.columns * columns[None, :]
    edge = scanner.collimated
    if edge:
        covered = np.ones((SIDE, SIDE), dtype=bool)
        covered[edge:-edge, edge:-edge] = False
        # Behind the shutters hardly any photon arrives.
        shown = np.where(covered, 0.985 + 0.004 * rng.standard_normal(shown.shape), shown)
    return np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)
