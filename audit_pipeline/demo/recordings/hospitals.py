"""Two hospitals, two slide scanners: tissue with and without a tumour, but one hospital is the one that treats it.

As in Camelyon17 (Koh et al. 2021) and in the Cancer Genome Atlas (Howard et al. 2021), where slides tell the hospital better than
anything else: stain, scanner and file format are a hospital's own.

Generating model, for slide *i* at hospital *s* with tumour or none (d_i)::

    tissue_i    stroma: a fibrous texture that takes up eosin; nuclei that take up haematoxylin, at random places
    nuclei      small and round; with a tumour there is a nest in the middle, whose nuclei are fewer, larger and less regular
    stain_i     amount of each dye: the hospital's protocol, off by 12 % from slide to slide
    light_i     Beer and Lambert: 10 ** -(dyes @ absorbances), absorbances after Ruifrok and Johnston (2001)
    slide_i     the hospital's scanner: its colour response, tone curve, sensor pattern, and its own JPEG tables

==========  ====================  ====================  ===========
design      tumours at north      tumours at south      Cramér's V
==========  ====================  ====================  ===========
broken      80 %                  20 %                  .60
repaired    50 %                  50 %                  0, exactly
==========  ====================  ====================  ===========

Hospital and scanner are one variable in both designs, and so are the JPEG tables: the header alone tells the hospital.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.demo.recordings.camera import Camera
from audit_pipeline.demo.recordings.drawing import Point, ellipses, filled, wobble
from audit_pipeline.demo.recordings.jpeg import Encoder, own_tables
from audit_pipeline.demo.recordings.quotas import by_quota, crossed
from audit_pipeline.demo.recordings.storing import store
from audit_pipeline.demo.recordings.textures import blurred, texture

if TYPE_CHECKING:
    import pandas as pd

SEED = 2_017
SIDE = 80
SLIDES = 320
FOLDER = "slides"
TUMOURS = {False: {0: 0.8, 1: 0.2}, True: {0: 0.5, 1: 0.5}}
"""Share of slides with a tumour at each hospital, by ``repaired``."""

ABSORBANCE = np.array([[0.650, 0.704, 0.286], [0.072, 0.990, 0.105]])
"""Of haematoxylin and eosin, for red, green and blue (Ruifrok and Johnston 2001)."""


@dataclass(frozen=True, kw_only=True)
class Hospital:
    """A hospital: its stains (haematoxylin, eosin), its scanner and how that writes files."""

    name: str
    stain: tuple[float, float]
    scanner: Camera
    encoder: Encoder


HOSPITALS = (
    Hospital(
        name="north",
        stain=(1.0, 1.0),
        scanner=Camera(
            sensor=21,
            uneven=0.010,
            columns=0.0015,
            colour=((1.02, -0.02, 0.0), (-0.01, 1.02, -0.01), (0.0, -0.02, 1.02)),
            mosaic=False,
        ),
        encoder=Encoder(quality=88, subsampling="4:2:0"),
    ),
    Hospital(
        name="south",
        stain=(0.92, 1.10),
        scanner=Camera(
            sensor=22,
            uneven=0.012,
            columns=0.0030,
            colour=((0.97, 0.02, 0.01), (0.03, 0.95, 0.03), (0.0, 0.04, 0.90)),
            contrast=1.08,
            mosaic=False,
        ),
        encoder=Encoder(tables=own_tables(2.0, 0.55), subsampling="4:4:4"),
    ),
)


def slides(*, repaired: bool, n: int = SLIDES, seed: int = SEED) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Scan the slides; the module's docstring gives the model.

    Parameters
    ----------
    n : slides, one a patient; a multiple of 20.

    Returns
    -------
    The table ``slide, patient, hospital, tumour`` (yes or no), and the files by name.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    tumour, hospital = by_quota(crossed(TUMOURS[repaired], n), rng).T
    names = [f"{number:04d}.jpg" for number in range(1, n + 1)]
    files = {}
    for name, ill, code in zip(names, tumour, hospital, strict=True):
        place = HOSPITALS[code]
        dyes = tissue(rng, tumour=bool(ill)) * place.stain * np.exp(0.12 * rng.standard_normal(2))
        light = 0.86 * 10 ** -(dyes @ ABSORBANCE)
        files[name] = place.encoder.encode(place.scanner.take(blurred(light, 0.7), rng))
    table = pd.DataFrame(
        {
            "slide": [f"{FOLDER}/{name}" for name in names],
            "patient": [f"P{number:04d}" for number in rng.permutation(n) + 1],
            "hospital": np.array([place.name for place in HOSPITALS])[hospital],
            "tumour": np.where(tumour == 1, "yes", "no"),
        }
    )
    return table, files


def tissue(rng: np.random.Generator, *, tumour: bool) -> np.ndarray:
    """Return the amounts of haematoxylin and eosin (80, 80, 2) in a cut of tissue."""
    fibres = texture(rng, SIDE, SIDE, slope=1.1, stretch=float(rng.choice([0.4, 1.0, 2.5])))
    eosin = 0.31 * np.exp(0.30 * fibres)
    # Cellularity differs from cut to cut more than anything else.
    area = 0.20 * np.exp(0.25 * rng.standard_normal()) * SIDE * SIDE
    outlines = _nuclei(rng, area, size=3.0, spread=0.12, uneven=0.04)
    if tumour:
        # A nest of tumour cells in the middle, the stained area of which is about what it was.
        nest = SIDE * rng.uniform(0.24, 0.32)
        middle = SIDE / 2 + rng.normal(0, 3.0, 2)
        far = np.hypot(*(np.array([np.mean(outline, axis=0) for outline in outlines]) - middle).T) > nest
        others = _nuclei(rng, area, size=3.9, spread=0.22, uneven=0.11)
        near = np.hypot(*(np.array([np.mean(outline, axis=0) for outline in others]) - middle).T) <= nest
        outlines = [o for o, out in zip(outlines, far, strict=True) if out] + [
            o for o, within in zip(others, near, strict=True) if within
        ]
    inside = blurred(filled(SIDE, SIDE, outlines), 0.5)
    chromatin = np.exp(0.22 * texture(rng, SIDE, SIDE, slope=0.5, coarsest=0.1))
    haematoxylin = 0.06 + inside * 0.72 * chromatin
    return np.stack([haematoxylin, eosin * (1 - 0.55 * inside)], axis=2)


def _nuclei(rng: np.random.Generator, area: float, *, size: float, spread: float, uneven: float) -> list[list[Point]]:
    """Return the outlines of nuclei anywhere in the cut, about as many as fill ``area`` square pixels.

    Parameters
    ----------
    size : middle radius in pixels; ``spread``: its deviation, as a share.
    uneven : deviation of the outline from an ellipse, as a share of the radius.
    """
    count = max(3, round(area / (np.pi * 0.9 * size**2 * (1 + spread**2))))
    radius = 0.95 * size * np.exp(spread * rng.standard_normal((count, 1)))
    long = np.exp(0.18 * rng.standard_normal((count, 1)))
    return ellipses(
        rng.uniform(0, SIDE, (count, 2)),
        radius * np.hstack([long, 1 / long]),
        rng.uniform(0, np.pi, count),
        wobble(rng, uneven, count=count, corners=16),
    )


def write_data(path: Path, *, repaired: bool) -> None:
    """Write the table as CSV, and the slides into the folder ``slides`` beside it."""
    table, files = slides(repaired=repaired)
    store(path, table, FOLDER, files)


def spec_text(*, repaired: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        ("hospitals_repaired", "Half of the slides of either hospital show a tumour.")
        if repaired
        else ("hospitals", "Four in five slides of north show a tumour, one in five of south.")
    )
    return f"""\
# {told}
name: {name}
data: hospitals.csv
image: slide
label: tumour
subject: patient
# Each hospital has a scanner of its own. That must not influence a diagnosis.
nuisance: [hospital]
# Quick. `baselines: [linear, cnn]` trains a network on the pictures as well.
baselines: [linear]
"""
