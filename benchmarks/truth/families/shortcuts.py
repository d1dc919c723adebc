"""Alternatives: datasets in which a column, or two together, are a shortcut to the label."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import norm

from benchmarks.truth import draw
from benchmarks.truth.case import LABEL, Answer, Case, ColumnTruth, family, one_column

STRENGTH = 1.0


@family(
    "Mean shift: the site moves one feature",
    kind="alternative",
    cells=[{"v": v, "sensor": STRENGTH} for v in (0.1, 0.2, 0.3, 0.4, 0.6, 0.8)]
    + [{"v": v, "sensor": 0.3} for v in (0.2, 0.4, 0.6)],
    sizes=(60, 100, 200, 300, 600, 1000),
)
def mean_shift(rng: np.random.Generator, n: int, v: float, sensor: float) -> Case:
    """Two sites of equal size; ``sensor`` is half the distance of the sites in deviations."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    # The likelihood ratio within a label is the shifted feature itself.
    readable = float(norm.cdf(2 * sensor / np.sqrt(2)))
    return one_column(draw.table(y, x, {"site": site}), draw.binary_truth(v, 2, shortcut=True, readable=readable))


@family(
    "Up to complete confounding: V of .9, .98 and 1",
    kind="alternative",
    cells=[{"v": v, "sensor": sensor} for v in (0.9, 0.98, 1.0) for sensor in (0.0, 1.0)],
    sizes=(60, 100, 300),
)
def aliased(rng: np.random.Generator, n: int, v: float, sensor: float) -> Case:
    """Label and site are nearly or quite the same; nothing can tell them apart, whether the site shows or not."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    truth = draw.binary_truth(v, 2, shortcut=True)
    # Overlap of two labels at balanced sites is 1 - V: at the bound where V is .9. Without a sensor that is all that is wrong there.
    answer: Answer = "aliased" if sensor == 0 or 1 - v < 0.1 - 1e-9 else "shortcut"
    case = one_column(draw.table(y, x, {"site": site}), truth)
    return Case(case.frame, case.arguments, answer, case.columns)


SUBTLE = ("covariance", "xor", "gain", "missing", "rounding")


@family(
    "Traces that no mean shows: covariance, exclusive or, gain, missing values, rounding",
    kind="alternative",
    cells=[{"trace": trace, "v": 0.6} for trace in SUBTLE] + [{"trace": "covariance", "v": 0.3}],
    sizes=(300, 1000),
)
def subtle(rng: np.random.Generator, n: int, trace: str, v: float) -> Case:
    """Two sites that differ in how features vary, vanish or are rounded."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    if trace == "covariance":
        draw.covariance(rng, x, direction, 0.7)
    elif trace == "xor":
        draw.xor(rng, x, direction, 1.5)
    elif trace == "gain":
        draw.gain(x, direction, 1.6)
    elif trace == "missing":
        draw.missing_by(rng, x, direction, 0.5)
    else:
        draw.rounded_by(x, site == 1)
    return one_column(draw.table(y, x, {"site": site}), draw.binary_truth(v, 2, shortcut=True))


@family(
    "Drift: a temperature, a date of acquisition",
    kind="alternative",
    cells=[{"column": column, "v": v} for column in ("temperature", "date") for v in (0.3, 0.5)],
    sizes=(300, 1000),
)
def drift(rng: np.random.Generator, n: int, column: str, v: float) -> Case:
    """Features drift with a uniform number, and so do the label's chances."""
    u = rng.random(n)
    direction = draw.uniform_direction(u)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, STRENGTH)
    days = np.datetime64("2024-01-01") + np.floor(700 * u).astype("timedelta64[D]")
    values = days.astype(str) if column == "date" else np.round(15 + 10 * u, 3)
    return one_column(draw.table(y, x, {column: values}), ColumnTruth(shortcut=True, v=v), column)


@family(
    "A mediator: the disease decides the scanner, the scanner shows",
    kind="alternative",
    cells=[{"v": 0.4}],
    sizes=(300,),
)
def mediator(rng: np.random.Generator, n: int, v: float) -> Case:
    """The data shows the label only through the scanner."""
    y = draw.levels(rng, n)
    scanner = np.where(rng.random(n) < (1 + v) / 2, y, 1 - y)
    x = rng.standard_normal((n, 8))
    draw.mean_shift(x, draw.direction_of(scanner, 2), STRENGTH)
    return one_column(draw.table(y, x, {"scanner": scanner}), draw.binary_truth(v, 2, shortcut=True), "scanner")


@family("One shortcut among twenty columns", kind="alternative", cells=[{"v": 0.4}, {"v": 0.6}], sizes=(300, 1000))
def among_twenty(rng: np.random.Generator, n: int, v: float) -> Case:
    """Nineteen coins, and a column that goes with the label and shows."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, STRENGTH)
    metadata = {f"c{j}": rng.integers(0, 2, n) for j in range(20)}
    metadata["c7"] = site
    truth = {name: draw.binary_truth(0.0, 2, shortcut=False) for name in metadata}
    truth["c7"] = draw.binary_truth(v, 2, shortcut=True)
    return Case(draw.table(y, x, metadata), {"label": LABEL, "nuisance": list(metadata)}, "shortcut", truth)


@family("Two columns, harmless alone, a shortcut together", kind="alternative", cells=[{"v": 0.6}], sizes=(300, 1000))
def together(rng: np.random.Generator, n: int, v: float) -> Case:
    """The label goes with the exclusive or of site and scanner; the data shows both."""
    site, scanner = draw.levels(rng, n), draw.levels(rng, n)
    both = draw.direction_of((site + scanner) % 2, 2)
    y = draw.binary(rng, both, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, draw.direction_of(site, 2), STRENGTH)
    x[:, 2] += STRENGTH * draw.direction_of(scanner, 2)
    truth = {name: draw.binary_truth(0.0, 2, shortcut=False) for name in ("site", "scanner")}
    frame = draw.table(y, x, {"site": site, "scanner": scanner})
    return Case(frame, {"label": LABEL, "nuisance": ["site", "scanner"]}, "shortcut", truth)


@family(
    "Twelve sites; labels of five classes; labels that are numbers",
    kind="alternative",
    cells=[{"kind": "twelve sites"}, {"kind": "five classes"}, {"kind": "number"}],
    sizes=(300, 1000),
)
def other_kinds(rng: np.random.Generator, n: int, kind: str) -> Case:
    """V = .5, mean shift."""
    count = 12 if kind == "twelve sites" else 2
    site = draw.levels(rng, n, count)
    direction = draw.direction_of(site, count)
    v = 0.5
    if kind == "twelve sites":
        y: Any = draw.binary(rng, direction, v)
        truth = draw.binary_truth(v, 12, shortcut=True)
    elif kind == "five classes":
        y = draw.multiclass(rng, direction, v, 5)
        truth = ColumnTruth(shortcut=True, v=v)
    else:
        y = draw.number(rng, direction, v)
        truth = ColumnTruth(shortcut=True)
    x = draw.features(rng, y / 2 if kind == "five classes" else y)
    draw.mean_shift(x, direction, STRENGTH)
    return one_column(draw.table(y, x, {"site": site}), truth)


@family(
    "Several records: five of a subject, and tumour and normal tissue of one patient",
    kind="alternative",
    cells=[{"design": "grouped"}, {"design": "paired"}],
    sizes=(300, 1000),
)
def subjects(rng: np.random.Generator, n: int, design: str) -> Case:
    """V = .5 between subjects, or within them: the scanner is chosen by the tissue."""
    per = 5 if design == "grouped" else 2
    m = n // per
    who = np.repeat(np.arange(m), per)
    x = np.sqrt(0.5) * (rng.standard_normal((m, 8))[who] + rng.standard_normal((per * m, 8)))
    if design == "grouped":
        site = draw.levels(rng, m)
        y = draw.binary(rng, draw.direction_of(site, 2), 0.5)[who]
        site = site[who]
    else:
        y = np.tile([0, 1], m)
        site = np.where(rng.random(2 * m) < 0.75, y, 1 - y)
    x[:, 0] += draw.EFFECT * y
    draw.mean_shift(x, draw.direction_of(site, 2), STRENGTH)
    frame = draw.table(y, x, {"site": site}, subject=who)
    return one_column(frame, ColumnTruth(shortcut=True, v=0.5, kappa=0.75), subject=True)


@family("A site that shows beyond a declared covariate", kind="alternative", sizes=(300, 1000))
def beyond_covariate(rng: np.random.Generator, n: int) -> Case:
    """Age drives label and data as it may; the site goes with age and the label, and shows by itself."""
    age = rng.standard_normal(n)
    site = (rng.random(n) < 1 / (1 + np.exp(-1.2 * age))).astype(np.int64)
    y = (rng.random(n) < 1 / (1 + np.exp(-age - 1.2 * (2 * site - 1)))).astype(np.int64)
    x = draw.features(rng, y)
    x[:, 2] += age
    draw.mean_shift(x, np.asarray(2.0 * site - 1), 0.8)
    frame = draw.table(y, x, {"site": site, "age": np.round(50 + 12 * age, 1)})
    return one_column(frame, ColumnTruth(shortcut=True), covariates=["age"])
