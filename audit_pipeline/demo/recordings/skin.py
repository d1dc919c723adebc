"""Photographs of moles, and four things that must not decide: the light, the patient's age and sex, the temperature of the room.

The list is that of every lecture on confounders; each of the four leaves a trace that a dermatologist would recognise.

Generating model, for patient *i* with a malignant mole or a harmless one (d_i)::

    light        lamp (2,900 K, from the side) or window (6,000 K, even): colour of the light, shading across the picture
    age          20 to 85 years: furrows are deeper and pigment is patchier by age
    sex          men have more, longer and darker hairs on the forearm
    temperature  16 to 31 degrees of the room: the skin is flushed when it is warm and pale when it is cold
    skin_i       reflectance of melanin and blood: tone of the patient, N(0, .18) in log melanin, on a fine relief
    mole_i       near the middle; harmless: 8 +- 2 pixels wide, round, even; malignant: 13 +- 2 pixels, less regular, patchier
    photo_i      one camera with fixed white balance, automatic exposure off by N(0, .1) in log2

==========  =============  ==============  =============  ================  ===============
design      mole           by lamplight    mean age       men               temperature
==========  =============  ==============  =============  ================  ===============
broken      malignant      75 %            59 years       75 %              25 degrees
broken      harmless       25 %            47 years       25 %              22 degrees
repaired    either         50 %            53 years       50 %              23.5 degrees
==========  =============  ==============  =============  ================  ===============

In the repaired design every malignant mole has a harmless partner of the same light, age, sex and temperature.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.demo.recordings.camera import Camera
from audit_pipeline.demo.recordings.forearm import WARMEST, forearm
from audit_pipeline.demo.recordings.jpeg import Encoder
from audit_pipeline.demo.recordings.storing import store

if TYPE_CHECKING:
    import pandas as pd

SEED = 1_895
PHOTOS = 320
FOLDER = "photos"
MILD = 23.5
"""Degrees Celsius of a room in which skin is neither flushed nor pale."""

LIGHTS = ("window", "lamp")
CAMERA = Camera(sensor=71, uneven=0.008, read=0.003, well=10_000)
ENCODER = Encoder(quality=92)


def patients(*, repaired: bool, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``malignant, lamp, male`` (0 or 1), ``age`` (years) and ``temperature`` (degrees Celsius) of ``n`` patients.

    Ages and temperatures are quantiles, not draws, so that their distribution is the same in every group that shall have it.
    """
    import pandas as pd

    half = n // 2
    groups = []
    for malignant in (0, 1):
        # Repaired, both groups hold the same patients but for the mole.
        lean = 0.0 if repaired else 1.0 if malignant else -1.0
        middle = (np.arange(half) + 0.5) / half
        normal = _normal(middle)
        groups.append(
            pd.DataFrame(
                {
                    "malignant": malignant,
                    "lamp": (middle < 0.5 + 0.25 * lean).astype(np.int64),
                    "male": rng.permutation(middle < 0.5 + 0.25 * lean).astype(np.int64),
                    "age": rng.permutation(np.clip(np.round(53 + 6.0 * lean + 12 * normal), 20, 85)).astype(np.int64),
                    "temperature": rng.permutation(np.clip(np.round(MILD + 1.5 * lean + 3.0 * normal, 1), 15, 32)),
                }
            )
        )
    if repaired:
        groups[1] = groups[0].assign(malignant=1)
    return pd.concat(groups).iloc[rng.permutation(2 * half)].reset_index(drop=True)


def _normal(probability: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return np.asarray(ndtri(probability))


def photographs(*, repaired: bool, n: int = PHOTOS, seed: int = SEED) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Photograph the patients; the module's docstring gives the model.

    Parameters
    ----------
    n : photographs, one a patient; a multiple of 8.

    Returns
    -------
    The table ``photo, patient, light, age, sex, temperature, malignant`` (yes or no), and the files by name.
    """
    import pandas as pd

    if n % 8:
        raise ValueError(f"n is {n}; a multiple of 8 is needed for exact quotas")
    rng = np.random.default_rng(seed)
    who = patients(repaired=repaired, n=n, rng=rng)
    names = [f"{number:04d}.jpg" for number in range(1, n + 1)]
    files = {}
    columns = ("malignant", "lamp", "male", "age", "temperature")
    for name, (malignant, lamp, male, age, temperature) in zip(
        names, zip(*(who[column].tolist() for column in columns), strict=True), strict=True
    ):
        light = forearm(
            rng,
            malignant=malignant == 1,
            lamp=lamp == 1,
            age=age,
            male=male == 1,
            warmth=(temperature - MILD) / (WARMEST - MILD),
        )
        gain = 0.42 / float(light.mean()) * 2 ** (0.10 * rng.standard_normal())
        files[name] = ENCODER.encode(CAMERA.take(gain * light, rng))
    table = pd.DataFrame(
        {
            "photo": [f"{FOLDER}/{name}" for name in names],
            "patient": [f"P{number:04d}" for number in rng.permutation(n) + 1],
            "light": np.array(LIGHTS)[who["lamp"]],
            "age": who["age"],
            "sex": np.where(who["male"] == 1, "male", "female"),
            "temperature": who["temperature"],
            "malignant": np.where(who["malignant"] == 1, "yes", "no"),
        }
    )
    return table, files


def write_data(path: Path, *, repaired: bool) -> None:
    """Write the table as CSV, and the photographs into the folder ``photos`` beside it."""
    table, files = photographs(repaired=repaired)
    store(path, table, FOLDER, files)


def spec_text(*, repaired: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        ("skin_repaired", "Every malignant mole has a harmless partner of equal light, age, sex and temperature.")
        if repaired
        else ("skin", "Malignant moles were photographed by lamplight, in the old, in men and in the warm more often.")
    )
    return f"""\
# {told}
name: {name}
data: skin.csv
image: photo
label: malignant
subject: patient
# What shows in a photograph beside the mole. None of it must influence what the mole is taken for.
nuisance: [light, age, sex, temperature]
# Quick. `baselines: [linear, cnn]` trains a network on the pictures as well.
baselines: [linear]
"""
