"""A simulated clinic: the same patients and instruments, once with a confounded design and once with a sound one.

Generating model, for patient *i* at site *s* with disease *d* (0 or 1)::

    age_i     = round(N(54 + 6 d_i, 11)), kept within 18..95
    sex_i     = female or male in turn, by quota, within every group of site and disease
    latent_i  = N(0, 1)                                  how ill the patient is, beyond the diagnosis
    z_ij      = effect_j d_i + offset_j s_i + ageing_j (age_i - 57) / 10 + male_j [sex_i = male]
                + .4 latent_i [effect_j > 0] - .4 latent_i [effect_j < 0] + N(0, 1)
    x_ij      = round(mean_j + sd_j z_ij, digits_j)      CRP: round(exp(mean_j + sd_j z_ij), digits_j)

``offset_j`` is the calibration of the second site's instruments, in standard deviations: nothing in a patient differs
between the sites, only how five of the eight quantities are measured. So the measurements reveal the site *given the
diagnosis* (sensor edge) in both designs. What differs is who was recruited where (design edge):

==============  ===================  ===================  ==================
design          diseased at north    diseased at south    Cramér's V
==============  ===================  ===================  ==================
unbalanced      75 %                 25 %                 .50
balanced        50 %                 50 %                 0, exactly
==============  ===================  ===================  ==================

The quotas are exact, not drawn: the balanced case is balanced by design, and its verdict does not hang on luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SITES = ("north", "south")
SEED = 20_260
PREVALENCE = {False: (0.75, 0.25), True: (0.5, 0.5)}
"""Share of diseased patients at each site, by ``balanced``."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One laboratory quantity; ``effect``, ``offset``, ``ageing`` and ``male`` are in standard deviations."""

    name: str
    mean: float
    sd: float
    digits: int
    effect: float = 0.0
    offset: float = 0.0
    ageing: float = 0.0
    male: float = 0.0
    log: bool = False


MEASUREMENTS = (
    Measurement(name="haemoglobin_g_dl", mean=13.6, sd=1.2, digits=1, effect=-0.5, male=0.9),
    Measurement(name="leukocytes_per_nl", mean=7.0, sd=1.7, digits=1, effect=0.5),
    Measurement(name="platelets_per_nl", mean=255.0, sd=55.0, digits=0, offset=0.8),
    Measurement(name="creatinine_mg_dl", mean=0.92, sd=0.18, digits=2, effect=0.3, offset=0.9, ageing=0.2, male=0.6),
    Measurement(name="sodium_mmol_l", mean=140.0, sd=2.4, digits=0, offset=-0.7),
    Measurement(name="albumin_g_l", mean=42.0, sd=3.4, digits=1, effect=-0.6, offset=0.4, ageing=-0.2),
    Measurement(name="crp_mg_l", mean=1.1, sd=0.9, digits=1, effect=0.7, log=True),
    Measurement(name="glucose_mg_dl", mean=98.0, sd=14.0, digits=0, effect=0.2, offset=0.5, ageing=0.2),
)


def clinic(*, balanced: bool, n: int = 600, seed: int = SEED) -> pd.DataFrame:
    """Simulate the clinic; the module's docstring gives the model.

    Parameters
    ----------
    balanced : True: half of the patients are diseased at either site. False: three quarters at one, one quarter at the other.
    n : patients, one record each; a multiple of 8, so that the quotas come out exactly.
    seed : the same seed gives the same table.

    Returns
    -------
    DataFrame with ``patient, site, age, sex``, the measurements and ``disease`` (yes or no), in order of arrival.

    >>> frame = clinic(balanced=False)
    >>> (frame["disease"] == "yes").groupby(frame["site"]).mean().to_dict()
    {'north': 0.75, 'south': 0.25}
    """
    import numpy as np
    import pandas as pd

    if n < 40 or n % 8:
        raise ValueError(f"n is {n}; a multiple of 8 and at least 40 is needed for exact quotas")
    rng = np.random.default_rng(seed)
    site = np.repeat([0, 1], n // 2)
    disease = np.concatenate([np.arange(n // 2) < share * (n // 2) for share in PREVALENCE[balanced]]).astype(np.int64)
    male = np.arange(n) % 2
    arrival = rng.permutation(n)
    site, disease, male = site[arrival], disease[arrival], male[arrival]
    age = np.clip(np.round(rng.normal(54 + 6 * disease, 11)), 18, 95).astype(np.int64)
    latent = rng.normal(size=n)

    columns: dict[str, object] = {
        "patient": [f"P{number:04d}" for number in range(1, n + 1)],
        "site": np.array(SITES)[site],
        "age": age,
        "sex": np.where(male == 1, "male", "female"),
    }
    for m in MEASUREMENTS:
        z = m.effect * disease + m.offset * site + m.ageing * (age - 57) / 10 + m.male * male
        z = z + 0.4 * np.sign(m.effect) * latent + rng.normal(size=n)
        x = m.mean + m.sd * z
        x = np.round(np.exp(x) if m.log else x, m.digits)
        columns[m.name] = x.astype(np.int64) if m.digits == 0 else x
    columns["disease"] = np.where(disease == 1, "yes", "no")
    return pd.DataFrame(columns)


def write_data(path: Path, *, balanced: bool) -> None:
    """Write the simulated table as CSV, the same bytes every time and on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clinic(balanced=balanced).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def spec_text(*, balanced: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        (
            "clinic_balanced",
            "Half of the patients are diseased at either site: the instruments cannot stand in for the disease.",
        )
        if balanced
        else ("clinic", "Three quarters of the patients are diseased at north, one quarter at south.")
    )
    return f"""\
# {told}
name: {name}
data: clinic.csv
label: disease
subject: patient
# The sites calibrate their instruments differently. That must not influence a diagnosis.
nuisance: [site]
# Legitimate: the disease is more frequent among the old. Reported, never failed.
covariates: [age, sex]
"""
