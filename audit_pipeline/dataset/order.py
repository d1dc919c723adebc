"""A canonical order of the records, so that shuffled rows give the same audit.

Folds and permutations are drawn by position. In the order of the file, the same table with its rows shuffled would be
audited with other folds; in an order that the content decides, it is not. Only numbers take part (names of levels may
change without changing what is audited); records that tie keep the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def canonical_order(columns: Sequence[np.ndarray], n: int) -> np.ndarray:
    """Return the permutation (n,) that sorts records by a 64-bit hash of their numbers.

    Parameters
    ----------
    columns : float64 arrays (n,), NaN for missing.
    n : number of records.

    Notes
    -----
    The mixing function is splitmix64 (Steele, Lea and Flood 2014).
    """
    state = np.zeros(n, dtype=np.uint64)
    # One bit pattern for NaN: the payload differs between csv and Parquet.
    missing = np.float64("nan")
    for values in columns:
        bits = np.where(np.isnan(values), missing, values).astype(np.float64).view(np.uint64)
        state = _mix(state ^ _mix(bits + _GOLDEN))
    return np.argsort(state, kind="stable")


def _mix(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = z + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
