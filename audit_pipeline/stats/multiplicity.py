"""Several questions asked of the same data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MAX_INTERACTING = 10
"""With more nuisance columns pairs are not examined: there would be more questions than any data answers."""


def questions(columns: int) -> int:
    """Return how many questions nuisance columns raise: each by itself, and each pair while there are at most ten columns."""
    return columns + (columns * (columns - 1) // 2 if columns <= MAX_INTERACTING else 0)


def permutations_for(columns: int, least: int) -> int:
    """Return how many permutations Holm's smallest threshold over all questions needs, with room to be below it.

    The smallest p-value of B permutations is 1 / (B + 1); times the number of questions it must stay well below .05.
    """
    return max(least, 60 * questions(columns))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm-adjusted p-values: reject where adjusted <= alpha to bound the family-wise error by alpha (Holm 1979)."""
    p = np.asarray(p_values, dtype=np.float64)
    m = len(p)
    if m == 0:
        return []
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1.0, np.maximum.accumulate(p[order] * (m - np.arange(m))))
    out = np.empty(m)
    out[order] = adjusted
    return [float(value) for value in out]
