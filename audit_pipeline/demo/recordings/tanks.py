"""Tanks in a forest: the parable of the network that had learned the weather.

The story goes that a network told photographs with tanks from photographs without, until somebody noticed that all tanks
had been photographed under clouds and all empty forest in the sun. It is a parable: nobody has shown that it happened.
Here it happens.

Generating model, for photograph *i* with a tank or none (t_i) under a sky w_i (sunny or cloudy)::

    scene_i = clearing(trees, bushes, ground ~ drawn anew; a tank in side view if t_i, its place, size and direction drawn)
    light_i = scene_i under sky w_i: sun is warm, three times as bright and casts shadows; clouds are even and bluish
    photo_i = camera(exposure_i * light_i), one camera; exposure_i: automatic, off by N(0, .13) in log2 whatever is seen

==========  ======================  ======================  ==========
design      tanks under clouds      empty under clouds      Cramér's V
==========  ======================  ======================  ==========
broken      100 %                   0 %                     1
repaired    50 %                    50 %                    0, exactly
==========  ======================  ======================  ==========

In the broken design weather and tank are one variable: no analysis of these photographs can tell which of them was learned.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.demo.recordings.camera import Camera, tone
from audit_pipeline.demo.recordings.forest import CLOUDY, SUNNY, clearing
from audit_pipeline.demo.recordings.jpeg import Encoder
from audit_pipeline.demo.recordings.quotas import by_quota, crossed
from audit_pipeline.demo.recordings.storing import store

if TYPE_CHECKING:
    import pandas as pd

SEED = 1_964
SKIES = (("sunny", SUNNY), ("cloudy", CLOUDY))
CLOUDED = {False: {1: 1.0, 0: 0.0}, True: {1: 0.5, 0: 0.5}}
"""Share of tanks under each sky (1 is cloudy), by ``repaired``."""

PHOTOS = 260
FOLDER = "photos"
CAMERA = Camera(sensor=11, uneven=0.008, read=0.003, well=9_000, falloff=0.15)
GREY = 0.42
"""Mean display value that the automatic exposure aims at."""


def photographs(*, repaired: bool, n: int = PHOTOS, seed: int = SEED) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Take the photographs; the module's docstring gives the model.

    Parameters
    ----------
    n : photographs; a multiple of 4.

    Returns
    -------
    The table ``photo, weather, tank`` (yes or no), and the files by name.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    tank, weather = by_quota(crossed(CLOUDED[repaired], n), rng).T
    encoder = Encoder(quality=92)
    names = [f"{number:04d}.jpg" for number in range(1, n + 1)]
    files = {}
    for name, has_tank, over in zip(names, tank, weather, strict=True):
        light = clearing(rng, SKIES[over][1], tank=bool(has_tank))
        gain = _automatic(light) * 2 ** (0.13 * rng.standard_normal())
        files[name] = encoder.encode(CAMERA.take(gain * light, rng))
    table = pd.DataFrame(
        {
            "photo": [f"{FOLDER}/{name}" for name in names],
            "weather": np.array([name for name, _ in SKIES])[weather],
            "tank": np.where(tank == 1, "yes", "no"),
        }
    )
    return table, files


def _automatic(light: np.ndarray) -> float:
    """Return the gain at which the mean of the picture comes out as the exposure meter wants it."""
    gains = np.geomspace(0.1, 10, 24)
    means = tone(gains[:, None] * light[::5, ::5].ravel()).mean(axis=1)
    return float(np.interp(GREY, means, gains))


def write_data(path: Path, *, repaired: bool) -> None:
    """Write the table as CSV, and the photographs into the folder ``photos`` beside it."""
    table, files = photographs(repaired=repaired)
    store(path, table, FOLDER, files)


def spec_text(*, repaired: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        ("tanks_repaired", "Half of the photographs with a tank, and half of those without, were taken under clouds.")
        if repaired
        else ("tanks", "A parable: all tanks were photographed under clouds, all empty forest in the sun.")
    )
    return f"""\
# {told}
name: {name}
data: tanks.csv
image: photo
label: tank
# What the sky looked like must not influence whether there is a tank.
nuisance: [weather]
# Quick. `baselines: [linear, cnn]` trains a network on the pictures as well.
baselines: [linear]
"""
