"""Identical records: finding them, and telling whether records could agree by chance."""

from __future__ import annotations

import numpy as np

from audit_pipeline.stats.codes import dense, distinct_pairs

MANY_VALUES, RICH = 10, 3
"""Records that agree by chance are implausible where three features have more than ten values each."""

AGREEING_BY_CHANCE = 0.01
"""Identical records are counted where at most so many pairs of them are expected if features were independent."""


def rich_columns(matrix: np.ndarray) -> np.ndarray:
    """Return the columns with many distinct known values."""

    def many(values: np.ndarray) -> bool:
        return len(np.unique(values[~np.isnan(values)])) > MANY_VALUES

    # A glance at the first records spares sorting long columns.
    return np.array([j for j in range(matrix.shape[1]) if many(matrix[:2000, j]) or many(matrix[:, j])], dtype=np.int64)


def content_groups(matrix: np.ndarray) -> np.ndarray:
    """Return a code (n,) for each distinct record; records with the same code have identical features.

    Rows are told apart by a 64-bit digest, which among a million records mistakes two for one once in ten million audits.
    """
    digest = np.zeros(len(matrix), dtype=np.uint64)
    for j in range(matrix.shape[1]):
        # One bit pattern for all kinds of NaN, and one zero.
        values = np.where(np.isnan(matrix[:, j]), np.nan, matrix[:, j] + 0.0)
        digest = _mixed(digest ^ _mixed(values.view(np.uint64) + np.uint64(j + 1)))
    return np.asarray(np.unique(digest, return_inverse=True)[1]).reshape(-1)


def _mixed(bits: np.ndarray) -> np.ndarray:
    """Spread every bit over all others (the finaliser of splitmix64); arithmetic is modulo 2^64."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def chance_agreement(matrix: np.ndarray, rich: np.ndarray, telling: np.ndarray, group: np.ndarray) -> str | None:
    """Say why identical records need not be copies, or return None."""
    if len(rich) < RICH:
        return f"fewer than {RICH} features with more than {MANY_VALUES} values: records may agree by chance"
    if len(telling) < 2:
        return f"fewer than two records with {RICH} such features known: the others may agree by chance"
    # Copies agree for another reason than chance; and a few thousand records tell how often two agree in a feature.
    distinct = telling[np.unique(group[telling], return_index=True)[1]]
    sample = matrix[distinct[:: max(1, len(distinct) // 5000)]]
    pairs = len(telling) * (len(telling) - 1) / 2
    expected = pairs * float(np.prod([_agreement(sample[:, j]) for j in range(matrix.shape[1])]))
    if expected <= AGREEING_BY_CHANCE:
        return None
    return f"about {expected:.2g} pairs of records agree in all features by chance alone"


def _agreement(values: np.ndarray) -> float:
    """Return the probability that two records agree; missing agrees with missing."""
    count = np.unique(values, return_counts=True, equal_nan=True)[1].astype(np.float64)
    return float((count * (count - 1)).sum() / max(1, len(values) * (len(values) - 1)))


def spread(group: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Return for each group whether its records differ in ``over``."""
    return np.asarray(np.bincount(distinct_pairs(group, dense(over))[0], minlength=int(group.max()) + 1) > 1)


def groups_across(group: np.ndarray, split: np.ndarray) -> int:
    """Return how many groups have records in more than one part."""
    return int(spread(group, split).sum())
