"""Nulls: datasets in which no column is a shortcut. Whatever else is true of them, none may fail."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.truth import draw
from benchmarks.truth.case import LABEL, Case, ColumnTruth, family, one_column

READABLE, ASSOCIATED, NEITHER = {"v": 0.0, "sensor": 1.0}, {"v": 0.5, "sensor": 0.0}, {"v": 0.0, "sensor": 0.0}
EDGES = (READABLE, ASSOCIATED, NEITHER)
"""The corners of the composite null: one edge, the other, none."""


@family(
    "One site column: readable but independent, associated but invisible, neither",
    kind="null",
    cells=[{**edges, "count": count} for count in (2, 4, 12) for edges in EDGES],
    sizes=(60, 100, 300, 1000, 3000),
)
def one_edge(rng: np.random.Generator, n: int, v: float, sensor: float, count: int) -> Case:
    """Sites of equal size; the site shifts one feature (sensor) or goes with the label (v), never both."""
    site = draw.levels(rng, n, count)
    direction = draw.direction_of(site, count)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    return one_column(draw.table(y, x, {"site": site}), draw.binary_truth(v, count, shortcut=False))


@family(
    "Grouped records: five of a subject, intraclass correlation .2 and .5",
    kind="null",
    cells=[{**edges, "icc": icc} for icc in (0.2, 0.5) for edges in (READABLE, ASSOCIATED)],
    sizes=(300, 1000),
)
def grouped(rng: np.random.Generator, n: int, v: float, sensor: float, icc: float) -> Case:
    """Label and site belong to the subject; its records share a part of every feature's variance."""
    m = n // 5
    site = draw.levels(rng, m)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v)
    who = np.repeat(np.arange(m), 5)
    x = np.sqrt(icc) * rng.standard_normal((m, 8))[who] + np.sqrt(1 - icc) * rng.standard_normal((len(who), 8))
    x[:, 0] += draw.EFFECT * y[who]
    draw.mean_shift(x, direction[who], sensor)
    frame = draw.table(y[who], x, {"site": site[who]}, subject=who)
    return one_column(frame, draw.binary_truth(v, 2, shortcut=False), subject=True)


@family(
    "A legitimate covariate: age drives the label and shows in the data; the site does neither",
    kind="null",
    cells=[{"share": 0.0, "shape": "line"}, {"share": 0.6, "shape": "line"}, {"share": 0.6, "shape": "threshold"}],
)
def covariate(rng: np.random.Generator, n: int, share: float, shape: str) -> Case:
    """``share``: how strongly the site's patients differ in age. Then label and site go together, and age shows the site: at
    equal label and age nothing does. ``shape``: all three follow age itself, or whether it is above a threshold."""
    age = rng.standard_normal(n)
    effect = age if shape == "line" else 2.0 * (age > 0.5) - 1
    site = (rng.random(n) < 1 / (1 + np.exp(-2.5 * share * effect))).astype(np.int64)
    y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * effect))).astype(np.int64)
    x = draw.features(rng, y)
    x[:, 1] += effect
    frame = draw.table(y, x, {"site": site, "age": np.round(50 + 12 * age, 1)})
    return one_column(frame, ColumnTruth(shortcut=False), covariates=["age"])


@family(
    "Rare labels: 5% and 10%",
    kind="null",
    cells=[{**edges, "prevalence": p} for p in (0.05, 0.1) for edges in (READABLE, {"v": 0.2, "sensor": 0.0})],
    sizes=(300, 1000),
)
def imbalance(rng: np.random.Generator, n: int, v: float, sensor: float, prevalence: float) -> Case:
    """As one column, with a rare label."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v, prevalence)
    y[:3], y[3:6] = 1, 0
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    return one_column(draw.table(y, x, {"site": site}), draw.binary_truth(v, 2, prevalence, shortcut=False))


@family("Many levels with six records each", kind="null", cells=EDGES[:2], sizes=(120, 300, 1200))
def small_cells(rng: np.random.Generator, n: int, v: float, sensor: float) -> Case:
    """As many sites as six records each allow."""
    count = n // 6
    site = draw.levels(rng, n, count)
    direction = draw.direction_of(site, count)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    return one_column(draw.table(y, x, {"site": site}), draw.binary_truth(v, count, shortcut=False))


@family("Rare classes of three to five records, some of which share a site by chance", kind="null", sizes=(100, 300))
def rare_classes(rng: np.random.Generator, n: int) -> Case:
    """Two frequent classes and four rare ones; the site is readable and dealt at random."""
    rare = np.repeat(np.arange(2, 6), rng.integers(3, 6, 4))
    y = np.concatenate([np.arange(n - len(rare)) % 2, rare])
    site = rng.integers(0, 3, n)
    x = draw.features(rng, y / 5)
    draw.mean_shift(x, draw.direction_of(site, 3), 1.0)
    return one_column(draw.table(y, x, {"site": site}), ColumnTruth(shortcut=False, v=0.0))


@family("Twenty columns, none of which matters", kind="null")
def twenty(rng: np.random.Generator, n: int) -> Case:
    """Ten columns are readable and independent, five go with the label and are invisible, five do neither."""
    y = rng.integers(0, 2, n)
    x = draw.features(rng, y, 14)
    metadata: dict[str, Any] = {}
    truth: dict[str, ColumnTruth] = {}
    for j in range(20):
        v = 0.3 if 10 <= j < 15 else 0.0
        column = np.where(rng.random(n) < (1 + v) / 2, y, 1 - y) if v else rng.integers(0, 2, n)
        if j < 10:
            x[:, 2 + j] += 0.8 * (2 * column - 1)
        metadata[f"c{j}"] = column
        truth[f"c{j}"] = ColumnTruth(shortcut=False, v=v, kappa=(1 + v) / 2)
    return Case(draw.table(y, x, metadata), {"label": LABEL, "nuisance": list(metadata)}, "clean", truth)


@family("Two columns that are the same variable", kind="null", cells=EDGES[:2])
def twice(rng: np.random.Generator, n: int, v: float, sensor: float) -> Case:
    """Site and scanner, where every site has its own scanner."""
    site = draw.levels(rng, n, 4)
    direction = draw.direction_of(site, 4)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    truth = draw.binary_truth(v, 4, shortcut=False)
    frame = draw.table(y, x, {"site": site, "scanner": 3 - site})
    return Case(frame, {"label": LABEL, "nuisance": ["site", "scanner"]}, "clean", {"site": truth, "scanner": truth})


@family("Base rates that differ by site, without a trace: scores fall on sites left out", kind="null")
def base_rates(rng: np.random.Generator, n: int) -> Case:
    """Four sites with prevalences .2, .2, .3 and .8, and a label that the data shows strongly."""
    site = draw.levels(rng, n, 4)
    y = (rng.random(n) < np.array([0.2, 0.2, 0.3, 0.8])[site]).astype(np.int64)
    x = draw.features(rng, 2 * y)
    return one_column(draw.table(y, x, {"site": site}), ColumnTruth(shortcut=False))


@family("Labels of five classes, and labels that are numbers", kind="null", cells=[
    {"label": label, **edges} for label in ("five", "number") for edges in (READABLE, {"v": 0.4, "sensor": 0.0})
])  # fmt: skip
def other_labels(rng: np.random.Generator, n: int, label: str, v: float, sensor: float) -> Case:
    """As one column with two sites, for labels of other kinds."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.multiclass(rng, direction, v, 5) if label == "five" else draw.number(rng, direction, v)
    x = draw.features(rng, y / 2 if label == "five" else y)
    draw.mean_shift(x, direction, sensor)
    # P(class | site) = (1 + v s t) / 5 gives phi = v for class directions t of unit variance.
    return one_column(draw.table(y, x, {"site": site}), ColumnTruth(shortcut=False, v=v if label == "five" else None))


@family(
    "A column of numbers (temperature): drifts without the label, or goes with it unseen", kind="null", cells=EDGES[:2]
)
def temperature(rng: np.random.Generator, n: int, v: float, sensor: float) -> Case:
    """A uniform temperature, linear in the label's chances or in a feature."""
    u = rng.random(n)
    direction = draw.uniform_direction(u)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, sensor)
    frame = draw.table(y, x, {"temperature": np.round(15 + 10 * u, 3)})
    return one_column(frame, ColumnTruth(shortcut=False, v=v), "temperature")


@family("Every speaker on both microphones", kind="null", cells=[{"sensor": 0.0}, {"sensor": 1.0}], sizes=(100, 300))
def paired(rng: np.random.Generator, n: int, sensor: float) -> Case:
    """The label belongs to the speaker, the microphone to the record; it shows, and cannot go with the label."""
    m = n // 2
    who = np.repeat(np.arange(m), 2)
    y = draw.levels(rng, m)[who]
    microphone = np.tile([0, 1], m)
    x = 0.8 * rng.standard_normal((m, 8))[who] + 0.6 * rng.standard_normal((2 * m, 8))
    x[:, 0] += y
    draw.mean_shift(x, draw.direction_of(microphone, 2), sensor)
    frame = draw.table(y, x, {"microphone": microphone}, subject=who)
    return one_column(frame, ColumnTruth(shortcut=False, v=0.0, kappa=0.5), "microphone", subject=True)


@family("Heavy tails and mixed features: levels, skewed numbers, missing values", kind="null", cells=EDGES)
def untidy(rng: np.random.Generator, n: int, v: float, sensor: float) -> Case:
    """Cauchy and lognormal features, text levels, values missing at random; three sites of unequal size."""
    site = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    chance = np.array([0.5 - v / 2, 0.5 + v / 2, 0.5])[site]
    y = (rng.random(n) < chance).astype(np.int64)
    x = draw.features(rng, y)
    draw.mean_shift(x, np.asarray(site - 1.0), sensor)
    x[:, 2] = rng.standard_cauchy(n)
    x[:, 3] = np.exp(2 * x[:, 3])
    x[:, 4] = np.round(x[:, 4])
    x[rng.random(n) < 0.2, 5] = np.nan
    frame = draw.table(y, x, {"site": site})
    frame["tissue"] = rng.choice(["fat", "muscle", "bone"], n)
    return one_column(frame, ColumnTruth(shortcut=False))
