"""Too little data: the audit says how much more it needs, and is held to it."""

from __future__ import annotations

import numpy as np

from benchmarks.truth import draw
from benchmarks.truth.case import Case, family, one_column


@family(
    "Too little data: what it says would decide",
    kind="decision",
    cells=[{"v": v, "count": count} for v in (0.0, 0.4) for count in (2, 4)],
    sizes=(30, 60),
)
def too_little(rng: np.random.Generator, n: int, v: float, count: int) -> Case:
    """A readable site with V = 0 or .4. The runner draws the same family again at the number of records that was asked for."""
    site = draw.levels(rng, n, count)
    direction = draw.direction_of(site, count)
    y = draw.binary(rng, direction, v)
    x = draw.features(rng, y)
    draw.mean_shift(x, direction, 1.0)
    frame = draw.table(y, x, {"site": site})
    return one_column(frame, draw.binary_truth(v, count, shortcut=v > 0))


@family("Large tables", kind="decision", cells=[{"v": 0.0}, {"v": 0.3}], sizes=(10_000, 20_000))
def large(rng: np.random.Generator, n: int, v: float) -> Case:
    """Two sites that show; V = 0 or .3."""
    return too_little(rng, n, v, 2)
