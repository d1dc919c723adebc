"""Chest scans of one epidemic: patients from three scanners of one region, the healthy from three scanners of others.

As in the early collections of radiographs for COVID-19, whose positive and negative images came from different places
(DeGrave et al. 2021; Roberts et al. 2021): a model that reads the scanner is right without looking at a lung.

Generating model, for scan *i* on scanner *s* of region *r(s)* with pneumonia or none (d_i)::

    chest_i   attenuation of a body's outline, lungs, heart, spine and ribs, each of its own size and place
    d_i       ground-glass opacities: two to four soft clouds in the lower and outer lung fields, on both sides
    film_i    film_s(chest_i): tone curve, sharpening, noise, pattern of columns, collimation of scanner s
    file_i    grey JPEG of equal quality everywhere

==========  ==============================  ==============================  ============================
design      the region's three scanners     three scanners elsewhere        label and region, Cramér's V
==========  ==============================  ==============================  ============================
broken      100 % with pneumonia            0 %                             1
repaired    50 % at each scanner            50 % at each scanner            0, exactly
==========  ==============================  ==============================  ============================

In the broken design neither scanner nor region can be told from the disease by any analysis.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.demo.recordings.chest import chest, radiograph
from audit_pipeline.demo.recordings.jpeg import Encoder
from audit_pipeline.demo.recordings.quotas import by_quota, crossed
from audit_pipeline.demo.recordings.radiography import SCANNERS
from audit_pipeline.demo.recordings.storing import store

if TYPE_CHECKING:
    import pandas as pd

SEED = 2_020
SCANS = 312
FOLDER = "scans"
ENCODER = Encoder(quality=90)


def scans(*, repaired: bool, n: int = SCANS, seed: int = SEED) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Take the scans; the module's docstring gives the model.

    Parameters
    ----------
    n : scans, one a patient; a multiple of 12.

    Returns
    -------
    The table ``scan, patient, scanner, region, covid`` (yes or no), and the files by name.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    share = {code: 0.5 if repaired else float(scanner.region == "valley") for code, scanner in enumerate(SCANNERS)}
    covid, used = by_quota(crossed(share, n), rng).T
    names = [f"{number:04d}.jpg" for number in range(1, n + 1)]
    files = {
        name: ENCODER.encode(radiograph(chest(rng, pneumonia=bool(ill)), SCANNERS[code], rng))
        for name, ill, code in zip(names, covid, used, strict=True)
    }
    table = pd.DataFrame(
        {
            "scan": [f"{FOLDER}/{name}" for name in names],
            "patient": [f"P{number:04d}" for number in rng.permutation(n) + 1],
            "scanner": [SCANNERS[code].name for code in used],
            "region": [SCANNERS[code].region for code in used],
            "covid": np.where(covid == 1, "yes", "no"),
        }
    )
    return table, files


def write_data(path: Path, *, repaired: bool) -> None:
    """Write the table as CSV, and the scans into the folder ``scans`` beside it."""
    table, files = scans(repaired=repaired)
    store(path, table, FOLDER, files)


def spec_text(*, repaired: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        ("covid_repaired", "Half of the scans of each of six scanners show the disease.")
        if repaired
        else ("covid", "The ill were scanned in one region, the healthy in others.")
    )
    return f"""\
# {told}
name: {name}
data: covid.csv
image: scan
label: covid
subject: patient
# Where and on what somebody was scanned must not influence a diagnosis.
nuisance: [scanner, region]
# Quick. `baselines: [linear, cnn]` trains a network on the pictures as well.
baselines: [linear]
"""
