"""Positivity: do two labels share levels of a column at all?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audit_pipeline.stats.multiplicity import holm


@dataclass(frozen=True)
class PairOverlap:
    """Overlap of two labels over the levels of a column.

    ``overlap`` = sum_k min(P(k | a), P(k | b)), 1 when the column is independent of the label and 0 when the labels never
    share a level; for two balanced classes it is 2 sum_k min(n_ak, n_bk) / n. ``p_value``: probability of so little overlap
    if the labels were dealt over the levels at random, with these counts. ``p_adjusted``: Holm over the column's pairs.
    """

    a: int
    b: int
    overlap: float
    p_value: float
    p_adjusted: float
    pairs: float


def pair_overlaps(table: np.ndarray, rng: np.random.Generator, draws: int = 4999) -> list[PairOverlap]:
    """Return the overlap of every pair of labels of a (classes, levels) table of units.

    Notes
    -----
    The p-value is exact up to Monte Carlo error: the row of one label is a multivariate hypergeometric draw from the two
    rows' sum. It is only computed where the overlap is below one half; it is 1 elsewhere, where no tolerance reaches.
    """
    sizes = table.sum(axis=1)
    found: list[tuple[int, int, float, float]] = []
    for a, b in combinations(range(len(table)), 2):
        if sizes[a] == 0 or sizes[b] == 0:
            continue
        value = float(np.minimum(table[a] / sizes[a], table[b] / sizes[b]).sum())
        found.append((a, b, value, _p_value(table[a], table[b], value, rng, draws) if value < 0.5 else 1.0))
    adjusted = holm([p for *_, p in found])
    return [
        PairOverlap(a, b, value, p, q, float(sizes[a] * sizes[b]))
        for (a, b, value, p), q in zip(found, adjusted, strict=True)
    ]


def _p_value(first: np.ndarray, second: np.ndarray, value: float, rng: np.random.Generator, draws: int) -> float:
    # Shares of subjects are rounded to whole subjects: the test needs counts.
    total = np.rint(first + second).astype(np.int64)
    n = int(np.clip(np.rint(first.sum()), 1, max(1, total.sum() - 1)))
    rest = int(total.sum()) - n
    if rest < 1:
        return 1.0
    drawn = rng.multivariate_hypergeometric(total, n, size=draws, method="marginals")
    null = np.minimum(drawn / n, (total - drawn) / rest).sum(axis=1)
    return float((1 + (null <= value + 1e-9).sum()) / (1 + draws))
