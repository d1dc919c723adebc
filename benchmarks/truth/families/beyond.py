"""What no declared column says: confounders that nobody recorded, and splits that leak."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.truth import draw
from benchmarks.truth.case import LABEL, Answer, Case, ColumnTruth, family


@family(
    "An unrecorded site that leaves its mark on missing values or on rounding",
    kind="alternative",
    question="unrecorded",
    cells=[{"trace": "missing", "v": 0.6}, {"trace": "rounding", "v": 0.6}],
    sizes=(300, 1000),
)
def unrecorded(rng: np.random.Generator, n: int, trace: str, v: float) -> Case:
    """The site stands in no column. The scanner that does is harmless."""
    site = draw.levels(rng, n)
    direction = draw.direction_of(site, 2)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    if trace == "missing":
        x[:, 2:5][(site[:, None] == 1) & (rng.random((n, 3)) < 0.4)] = np.nan
        view = "missingness"
    else:
        draw.rounded_by(x, site == 1)
        view = "rounding"
    frame = draw.table(y, x, {"scanner": draw.levels(rng, n)})
    arguments = {"label": LABEL, "nuisance": ["scanner"], "label_free": [view]}
    return Case(frame, arguments, "unrecorded", {"scanner": draw.binary_truth(0.0, 2, shortcut=False)})


@family(
    "Missing values and rounding that hide no confounder",
    kind="null",
    question="unrecorded",
    cells=[{"why": why} for why in ("chance", "two habits", "covariate", "recorded site", "rare label")],
    sizes=(300, 1000),
)
def habits(rng: np.random.Generator, n: int, why: str) -> Case:
    """Values are missing and rounded at random, by two habits that have nothing to do with the label, by age (a covariate that
    drives the label), or by a recorded site with the same share of ill people."""
    age = rng.standard_normal(n)
    site = draw.levels(rng, n)
    chance = {
        "covariate": 1 / (1 + np.exp(-1.2 * age)),
        "rare label": np.full(n, 0.08),
    }.get(why, np.full(n, 0.5))
    y = (rng.random(n) < chance).astype(np.int64)
    y[:3], y[3:6] = 1, 0
    x = draw.features(rng, y)
    habit = {
        "chance": np.full(n, 0.5),
        "two habits": draw.levels(rng, n).astype(float),
        "covariate": 1 / (1 + np.exp(-1.5 * age)),
        "recorded site": site.astype(float),
        "rare label": draw.levels(rng, n).astype(float),
    }[why]
    careless = rng.random(n) < habit
    draw.rounded_by(x, careless)
    x[:, 2:5][careless[:, None] & (rng.random((n, 3)) < 0.3)] = np.nan
    frame = draw.table(y, x, {"site": site, "age": np.round(50 + 12 * age, 1)})
    arguments = {
        "label": LABEL,
        "nuisance": ["site"],
        "covariates": ["age"],
        "label_free": ["missingness", "rounding"],
    }
    return Case(frame, arguments, "clean", {"site": ColumnTruth(shortcut=False)})


@family(
    "A given split that leaks: subjects, copies or near-copies in both parts",
    kind="alternative",
    question="leakage",
    cells=[{"leak": leak} for leak in ("subjects", "copies", "near-copies")],
    sizes=(300, 1000),
)
def leaking(rng: np.random.Generator, n: int, leak: str) -> Case:
    """Three records a subject. In a tenth of the subjects the split is not kept (subjects), or a twentieth of the test part is
    a copy of training records under another subject's name."""
    frame, who = _three_a_subject(rng, n)
    m = n // 3
    test = np.isin(who, rng.choice(m, m // 4, replace=False))
    if leak == "subjects":
        torn = rng.choice(m, max(2, m // 10), replace=False)
        moved = np.isin(who, torn) & (rng.random(len(who)) < 0.5)
        test = test ^ moved
    else:
        names = [name for name in frame.columns if name.startswith("f")]
        targets = rng.choice(np.flatnonzero(test), max(3, int(test.sum()) // 20), replace=False)
        sources = rng.choice(np.flatnonzero(~test), len(targets), replace=False)
        copied = frame.loc[sources, names].to_numpy()
        if leak == "near-copies":
            copied = copied + 1e-3 * rng.standard_normal(copied.shape)
        frame.loc[targets, names] = copied
        frame.loc[targets, LABEL] = frame.loc[sources, LABEL].to_numpy()
    frame["part"] = np.where(test, "test", "train")
    return _split_case(frame, "leakage")


@family("A given split that keeps subjects apart", kind="null", question="leakage", sizes=(300, 1000))
def keeping(rng: np.random.Generator, n: int) -> Case:
    """As above, without a leak."""
    frame, who = _three_a_subject(rng, n)
    test = np.isin(who, rng.choice(n // 3, n // 12, replace=False))
    frame["part"] = np.where(test, "test", "train")
    return _split_case(frame, "clean")


def _three_a_subject(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, draw.Ints]:
    m = n // 3
    who = np.repeat(np.arange(m), 3)
    y = draw.levels(rng, m)[who]
    x = np.sqrt(0.5) * (rng.standard_normal((m, 8))[who] + rng.standard_normal((3 * m, 8)))
    x[:, 0] += draw.EFFECT * y
    return draw.table(y, x, {"site": draw.levels(rng, m)[who]}, subject=who), who


def _split_case(frame: pd.DataFrame, answer: Answer) -> Case:
    arguments = {"label": LABEL, "nuisance": ["site"], "subject": "subject", "split": "part"}
    return Case(frame, arguments, answer, {"site": ColumnTruth(shortcut=False, v=0.0)})
