"""Codes of levels, renumbered and paired, without sorting or hashing a million records where counting does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def dense(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return integer codes (n,) renumbered 0, 1, ... in their order, none unused; int64."""
    if len(codes) == 0:
        return np.zeros(0, dtype=np.int64)
    least, most = int(codes.min()), int(codes.max())
    if most - least > 4 * len(codes) + 1000:
        return np.unique(codes, return_inverse=True)[1].reshape(-1).astype(np.int64)
    shifted = codes.astype(np.int64) - least
    seen = np.zeros(most - least + 1, dtype=bool)
    seen[shifted] = True
    renumbered: npt.NDArray[np.int64] = (np.cumsum(seen) - 1)[shifted]
    return renumbered


def distinct_pairs(
    first: npt.NDArray[np.integer], second: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return every pair of two codes >= 0 (n,) that occurs, once, in ascending order."""
    columns = int(second.max(initial=0)) + 1
    # Sorting is much faster here than the hashing that numpy.unique does for plain integers.
    pairs = np.sort(first.astype(np.int64) * columns + second)
    pairs = pairs[np.concatenate([np.ones(min(1, len(pairs)), dtype=bool), pairs[1:] != pairs[:-1]])]
    return pairs // columns, pairs % columns


def distinct(codes: np.ndarray) -> int:
    """Return how many different codes >= 0 there are in (n,)."""
    return int(np.count_nonzero(np.bincount(codes)))
