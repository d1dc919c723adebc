"""The building blocks of the generators: labels that depend on a column by a chosen amount, and sensors that leave a trace of it.

A column is given to both as its *direction*: a number a record with mean 0 and mean square 1 over the population, so that "V" and
"strength" mean the same for two sites, twelve sites and a temperature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.truth.case import LABEL, ColumnTruth

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EFFECT = 0.8
"""Shift of the first feature between the labels, in standard deviations."""


def levels(rng: np.random.Generator, n: int, count: int = 2) -> Ints:
    """Return codes (n,) of ``count`` levels of equal size in random order."""
    return rng.permutation(np.arange(n) % count)


def direction_of(codes: Ints, count: int) -> Floats:
    """Return the direction (n,) of equally frequent levels in the order of their codes."""
    scale = np.linspace(-1, 1, count)
    return np.asarray((scale / np.sqrt(np.mean(scale**2)))[codes])


def uniform_direction(u: Floats) -> Floats:
    """Return the direction (n,) of a number that is uniform on 0..1: linear in its rank."""
    return np.asarray(np.sqrt(3.0) * (2 * u - 1))


def binary(rng: np.random.Generator, direction: Floats, v: float, prevalence: float = 0.5) -> Ints:
    """Return labels (n,) whose association with the column is ``v``: P(1) is linear in the direction.

    Raises
    ------
    ValueError : that association is impossible at this prevalence.
    """
    chance = prevalence + v * np.sqrt(prevalence * (1 - prevalence)) * direction
    if chance.min() < -1e-9 or chance.max() > 1 + 1e-9:
        raise ValueError(f"V = {v} is impossible at prevalence {prevalence}")
    return (rng.random(len(direction)) < chance).astype(np.int64)


def binary_truth(
    v: float, count: int, prevalence: float = 0.5, *, shortcut: bool, readable: float | None = None
) -> ColumnTruth:
    """Return the truth of a column of ``count`` equal levels with labels from :func:`binary`.

    kappa is 1/2 + sum_jk w_j w_k |p_j - p_k| / (4 pi (1 - pi)) for shares w, prevalences p and overall prevalence pi.
    """
    chance = prevalence + v * np.sqrt(prevalence * (1 - prevalence)) * direction_of(np.arange(count), count)
    apart = np.abs(chance[:, None] - chance[None, :]).mean()
    return ColumnTruth(shortcut, v, 0.5 + apart / (4 * prevalence * (1 - prevalence)), readable)


def multiclass(rng: np.random.Generator, direction: Floats, tilt: float, classes: int) -> Ints:
    """Return labels (n,) of equally frequent classes, whose chances tilt with the column: 1 + tilt * direction * class direction."""
    step = direction_of(np.arange(classes), classes)
    chance = np.clip(1 + tilt * direction[:, None] * step[None, :], 0, None) / classes
    edges = np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1)
    return np.minimum((rng.random(len(direction))[:, None] > edges).sum(axis=1), classes - 1)


def number(rng: np.random.Generator, direction: Floats, correlation: float) -> Floats:
    """Return a normal label (n,) whose correlation with the direction is ``correlation``."""
    return np.asarray(correlation * direction + np.sqrt(1 - correlation**2) * rng.standard_normal(len(direction)))


def features(rng: np.random.Generator, y: npt.NDArray[Any], count: int = 8) -> Floats:
    """Return features (n, count): standard normal, the first shifted by the label (0..1, or a standard number)."""
    x = rng.standard_normal((len(y), count))
    x[:, 0] += EFFECT * y
    return x


def mean_shift(x: Floats, direction: Floats, strength: float) -> None:
    """Shift the second feature along the column's direction, by ``strength`` deviations."""
    x[:, 1] += strength * direction


def covariance(rng: np.random.Generator, x: Floats, direction: Floats, correlation: float) -> None:
    """Let features three and four correlate by +c at one end of the column and by -c at the other; no mean moves."""
    signed = np.clip(correlation * direction, -0.99, 0.99)
    x[:, 3] = signed * x[:, 2] + np.sqrt(1 - signed**2) * x[:, 3]


def xor(rng: np.random.Generator, x: Floats, direction: Floats, strength: float) -> None:
    """Let two sensors show two bits whose exclusive or is the column; each alone is a coin."""
    coin = rng.choice([-1.0, 1.0], len(x))
    x[:, 2] += strength * coin
    x[:, 3] += strength * coin * np.sign(direction)


def gain(x: Floats, direction: Floats, factor: float) -> None:
    """Multiply all features: by the root of ``factor`` at one end, divide by it at the other."""
    x *= np.exp(np.log(factor) / 2 * direction)[:, None]


def missing_by(
    rng: np.random.Generator, x: Floats, direction: Floats, chance: float, columns: slice = slice(2, 5)
) -> None:
    """Lose large values of some features where the direction is positive: missing not at random."""
    part = x[:, columns]
    part[(direction[:, None] > 0) & (part > 0) & (rng.random(part.shape) < chance)] = np.nan


def rounded_by(x: Floats, at: npt.NDArray[np.bool_], digits: int = 1, columns: slice = slice(2, 6)) -> None:
    """Round some features to ``digits`` decimals where ``at`` holds, all others to three."""
    part = x[:, columns]
    part[:] = np.where(at[:, None], np.round(part, digits), np.round(part, 3))


def table(
    y: npt.NDArray[Any], x: Floats, metadata: dict[str, Any], *, subject: Ints | None = None, names: str = "f"
) -> pd.DataFrame:
    """Return the table: label, metadata, features; integer codes become words."""
    columns: dict[str, Any] = {LABEL: y if y.dtype.kind == "f" else np.char.add("class ", y.astype(str))}
    if subject is not None:
        columns["subject"] = np.char.add("s", subject.astype(str))
    for name, values in metadata.items():
        values = np.asarray(values)
        columns[name] = np.char.add(f"{name} ", values.astype(str)) if values.dtype.kind == "i" else values
    columns |= {f"{names}{j}": x[:, j] for j in range(x.shape[1])}
    return pd.DataFrame(columns)
