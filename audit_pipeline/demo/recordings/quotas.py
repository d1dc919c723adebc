"""Exact quotas: how many records each combination of label and columns has, so that no verdict hangs on luck."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def by_quota(counts: Mapping[tuple[int, int], int], rng: np.random.Generator) -> np.ndarray:
    """Return the pair of codes of each record, (n, 2), each pair as often as ``counts`` says, in random order.

    >>> by_quota({(0, 1): 2, (1, 0): 1}, np.random.default_rng(0)).tolist()
    [[1, 0], [0, 1], [0, 1]]
    """
    rows = np.array([codes for codes, count in counts.items() for _ in range(count)], dtype=np.int64)
    return rows[rng.permutation(len(rows))]


def crossed(share: Mapping[int, float], n: int) -> dict[tuple[int, int], int]:
    """Return counts of (label, level) for ``n`` records, as many at each level, of which a share has label 1.

    Raises
    ------
    ValueError : that gives no whole numbers.
    """
    cell, rest = divmod(n, len(share))
    if rest:
        raise ValueError(f"{n} records at {len(share)} levels: no whole number at each")
    counts = {}
    for level, part in share.items():
        ones = round(part * cell)
        if abs(ones - part * cell) > 1e-9:
            raise ValueError(f"{part:g} of {cell} records is no whole number")
        counts[1, level], counts[0, level] = ones, cell - ones
    return counts
