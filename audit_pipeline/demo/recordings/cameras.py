"""Four cameras of one model, told apart by nothing but the noise of their sensors.

A production line inspects brushed metal for scratches. Its four stations have cameras of one model with equal settings,
light and compression; nobody can tell their pictures apart. Their sensors can: each has its own fixed pattern (photo-response
non-uniformity and dark pattern), by which forensics identifies cameras (Lukas, Fridrich and Goljan 2006).

Generating model, for photograph *i* of station *s* with or without a scratch (d_i)::

    plate_i   = .40 * exp(grain_i + shading_i)           brushed along rows; shading and its slope drawn anew
    scratch_i = a thin, slightly bent line across the middle of the plate if d_i, lighter or darker, of contrast 8 to 20 %
    photo_i   = camera_s(plate_i)                        equal but for the pattern of its sensor

==========  =====================================  ===========
design      plates with a scratch at stations 1-4  Cramér's V
==========  =====================================  ===========
broken      80 %, 60 %, 40 %, 20 %                 .45
repaired    50 % everywhere                        0, exactly
==========  =====================================  ===========
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.demo.recordings.camera import Camera
from audit_pipeline.demo.recordings.drawing import lines
from audit_pipeline.demo.recordings.jpeg import Encoder
from audit_pipeline.demo.recordings.quotas import by_quota, crossed
from audit_pipeline.demo.recordings.storing import store
from audit_pipeline.demo.recordings.textures import blurred, texture

if TYPE_CHECKING:
    import pandas as pd

SEED = 2_006
SIDE = 96
PHOTOS = 320
FOLDER = "photos"
STATIONS = ("A", "B", "C", "D")
SCRATCHED = {False: {0: 0.8, 1: 0.6, 2: 0.4, 3: 0.2}, True: {0: 0.5, 1: 0.5, 2: 0.5, 3: 0.5}}
"""Share of scratched plates at each station, by ``repaired``."""

CAMERAS = tuple(Camera(sensor=41 + k, uneven=0.020, read=0.004, dark=0.003) for k in range(4))
ENCODER = Encoder(quality=95, subsampling="4:4:4")


def photographs(*, repaired: bool, n: int = PHOTOS, seed: int = SEED) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Inspect the plates; the module's docstring gives the model.

    Parameters
    ----------
    n : photographs; a multiple of 40.

    Returns
    -------
    The table ``photo, camera, scratch`` (yes or no), and the files by name.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    scratch, camera = by_quota(crossed(SCRATCHED[repaired], n), rng).T
    names = [f"{number:04d}.jpg" for number in range(1, n + 1)]
    files = {
        name: ENCODER.encode(CAMERAS[code].take(plate(rng, scratched=bool(bad)), rng))
        for name, bad, code in zip(names, scratch, camera, strict=True)
    }
    table = pd.DataFrame(
        {
            "photo": [f"{FOLDER}/{name}" for name in names],
            "camera": np.array(STATIONS)[camera],
            "scratch": np.where(scratch == 1, "yes", "no"),
        }
    )
    return table, files


def plate(rng: np.random.Generator, *, scratched: bool) -> np.ndarray:
    """Return the light (96, 96, 3) of a plate of brushed metal under a lamp."""
    grain = 0.05 * texture(rng, SIDE, SIDE, slope=0.5, stretch=0.04)
    down, right = np.linspace(-1, 1, SIDE)[:, None], np.linspace(-1, 1, SIDE)[None, :]
    slope = rng.normal(0, 0.10, 2)
    shading = 0.08 * texture(rng, SIDE, SIDE, slope=2.0) + slope[0] * down + slope[1] * right
    light = 0.40 * np.exp(grain + shading + 0.12 * rng.standard_normal())
    if scratched:
        angle = rng.uniform(-0.5, 0.5) + rng.choice([-1, 1]) * np.pi / 4
        half = rng.uniform(0.20, 0.34) * SIDE
        middle = np.array([0.5, 0.5]) * SIDE + rng.uniform(-8, 8, 2)
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        bend = rng.normal(0, 0.06) * SIDE
        steps = np.linspace(-1, 1, 12)[:, None]
        path = middle + steps * half * along + (1 - steps**2) * bend * across
        line = blurred(lines(SIDE, SIDE, [([(x, y) for x, y in path], rng.uniform(1.0, 1.8))]), 0.5)
        light = light * (1 + rng.choice([-1, 1]) * rng.uniform(0.14, 0.30) * line)
    tint = np.array([1.0, 0.99, 0.96]) * np.exp(0.01 * rng.standard_normal(3))
    return light[..., None] * tint


def write_data(path: Path, *, repaired: bool) -> None:
    """Write the table as CSV, and the photographs into the folder ``photos`` beside it."""
    table, files = photographs(repaired=repaired)
    store(path, table, FOLDER, files)


def spec_text(*, repaired: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        ("cameras_repaired", "Half of the plates at each of four stations have a scratch.")
        if repaired
        else ("cameras", "From station to station four, three, two and one plates of five have a scratch.")
    )
    return f"""\
# {told}
name: {name}
data: cameras.csv
image: photo
label: scratch
# Four cameras of one model: nobody can tell their pictures apart, and no model may.
nuisance: [camera]
# Quick. `baselines: [linear, cnn]` trains a network on the pictures as well.
baselines: [linear]
"""
