"""How a probe looks at a matrix: as it is, by products, by random trees.

Every expansion is a function of the data alone, never of the column under test. So its ridge fit is a linear smoother that is
computed once and applied to all permutations at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MAX_LINEAR = 400
MAX_PRODUCTS_FROM = 24
TREES = 60
LEAVES = 16
CLIP = 4.0
"""Standardised values beyond this many deviations are cut: a few outliers would own every product."""


@dataclass(frozen=True)
class Expansion:
    """A named feature map (n, p) -> (n, q); its second argument are records of which every unit has one, to learn scales from."""

    name: str
    transform: Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def linear(z: np.ndarray, representative: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the standardised columns; beyond 400 their leading principal components, in their sizes."""
    return leading(z, MAX_LINEAR)


def quadratic(z: np.ndarray, representative: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return squares and products of pairs of columns centred in their stratum: variances, covariances, XOR.

    Beyond 24 columns, products of the 24 leading principal components, and the squares of all columns.
    """
    z = np.clip(z, -CLIP, CLIP)
    base = at_unit_deviation(leading(z, MAX_PRODUCTS_FROM)) if z.shape[1] > MAX_PRODUCTS_FROM else z
    rows, cols = np.triu_indices(base.shape[1], k=0 if base is z else 1)
    products = base[:, rows] * base[:, cols]
    return products if base is z else np.column_stack([products, leading(z**2, MAX_LINEAR)])


def trees(z: np.ndarray, representative: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the leaves of totally random trees, one-hot: thresholds, interactions, missing-value patterns.

    Geurts, Ernst and Wehenkel 2006; the trees see no label, so the map depends on the data alone.
    """
    from sklearn.ensemble import RandomTreesEmbedding

    # Grown on one record a unit: copies of records must not grow other trees.
    grown_on = z[representative]
    n = len(grown_on)
    model = RandomTreesEmbedding(
        n_estimators=TREES,
        max_depth=4,
        min_samples_leaf=max(2, min(n // (2 * LEAVES), 50)),
        max_leaf_nodes=LEAVES,
        sparse_output=False,
        random_state=int(rng.integers(2**31)),
        n_jobs=1,
    )
    model.fit(grown_on)
    leaves = np.asarray(model.transform(z), dtype=np.float64)
    return leading(leaves - leaves.mean(axis=0), MAX_LINEAR)


EXPANSIONS = (Expansion("linear", linear), Expansion("quadratic", quadratic), Expansion("trees", trees))


def centre(matrix: np.ndarray, stratum: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the matrix (n, p) minus the weighted mean of each stratum."""
    total = np.bincount(stratum, weight)
    means = np.column_stack(
        [np.bincount(stratum, weight * matrix[:, j]) / np.maximum(total, 1e-300) for j in range(matrix.shape[1])]
        or [np.zeros(len(total))]
    )[:, : matrix.shape[1]]
    return np.asarray(matrix - means[stratum])


def at_unit_deviation(z: np.ndarray) -> np.ndarray:
    """Return the columns of ``z``, each divided by its standard deviation."""
    return np.asarray(z / np.maximum(z.std(axis=0), 1e-12))


def leading(z: np.ndarray, most: int) -> np.ndarray:
    """Return ``z`` itself, or its leading principal components in their sizes where it has more than ``most`` columns."""
    if z.shape[1] <= most:
        return z
    if z.shape[1] <= 3 * len(z):
        _, vectors = np.linalg.eigh(z.T @ z)
        scores = z @ vectors[:, ::-1][:, :most]
    else:
        values, vectors = np.linalg.eigh(z @ z.T)
        scores = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1][:, :most]
    return np.asarray(scores)
