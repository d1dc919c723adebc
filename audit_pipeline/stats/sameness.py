"""Columns that are the same variable under two names: site and scanner where every site has its own."""

from __future__ import annotations

import numpy as np

SAME = 0.98
"""Two columns are one variable if each is known from the other in at least this share of the records."""


def agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of records in which each of two columns of levels is known from the other, 0 to 1.

    The smaller of the two shares that come from guessing one column by its most frequent level given the other.

    Parameters
    ----------
    first, second : (n,) level codes.
    """
    columns = int(second.max()) + 1
    pairs, counts = np.unique(first.astype(np.int64) * columns + second, return_counts=True)
    best_second, best_first = np.zeros(int(first.max()) + 1), np.zeros(columns)
    np.maximum.at(best_second, pairs // columns, counts)
    np.maximum.at(best_first, pairs % columns, counts)
    return float(min(best_second.sum(), best_first.sum()) / len(first))
