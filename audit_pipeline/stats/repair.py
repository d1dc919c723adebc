"""Which records would repair a design: the missing cells of label and level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cell:
    """``count`` further units with label ``a`` at level ``k``."""

    a: int
    k: int
    count: int


def cells_to_fill(table: np.ndarray, tolerance: float, most: int = 400) -> list[Cell] | None:
    """Return the smallest additions found that bring the upper 95% bound of V inside the tolerance, largest first.

    Parameters
    ----------
    table : (classes, levels) counts of units.
    tolerance : tolerated V.
    most : steps of the search; each adds one step's worth of units to the cell that lowers chi-square / n the most.

    Returns
    -------
    None if ten times the present units would not do.

    Notes
    -----
    Steepest descent on phi^2 = sum n_ak^2 / (n_a n_k) - 1; the bound is approximated by V + 1.645 / sqrt(n dim), which is within
    a few records of the exact one and is only used to plan.
    """
    counts = table.astype(np.float64).copy()
    if counts.sum() == 0 or min(counts.shape) < 2 or not (counts.any(axis=0).all() and counts.any(axis=1).all()):
        return None
    start = counts.sum()
    step = max(1.0, math.ceil(start / 200))
    dim = min(counts.shape) - 1
    added = np.zeros_like(counts)
    for _ in range(most):
        n = counts.sum()
        rows, columns = counts.sum(axis=1), counts.sum(axis=0)
        scaled = counts**2 / np.outer(rows, columns)
        phi2 = float(scaled.sum() - 1)
        df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
        v = math.sqrt(max(0.0, phi2 - df / n) / dim)
        if v + 1.645 / math.sqrt(n * dim) < tolerance:
            cells = [Cell(int(a), int(k), math.ceil(added[a, k])) for a, k in zip(*np.nonzero(added), strict=True)]
            return sorted(cells, key=lambda cell: -cell.count)
        if n > 11 * start:
            return None
        slope = 2 * counts / np.outer(rows, columns) - scaled.sum(axis=1)[:, None] / rows[:, None]
        slope -= scaled.sum(axis=0)[None, :] / columns[None, :]
        a, k = np.unravel_index(int(slope.argmin()), slope.shape)
        counts[a, k] += step
        added[a, k] += step
    return None


def units_to_overlap(share_of_other: float, size: int, overlap: float) -> int | None:
    """Return how many units of a label are needed at a level where the other label has ``share_of_other`` of its units, so
    that their overlap reaches ``overlap``; None if that level alone cannot do it."""
    if share_of_other < overlap:
        return None
    return math.ceil(overlap * size / (1 - overlap))
