"""What maps are drawn from: the leading principal components of a view whose columns were brought to one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST = 50
"""Components that are kept: distances in hundreds of columns are mostly those of what varies by chance."""

CLIP = 5.0
"""Deviations at which a value is cut: one record with a number that was mistyped must not push all others into a corner."""

EXACT = 1_000
"""Up to so many columns the components are exact; of more they are found at random (Halko, Martinsson and Tropp 2011)."""


@dataclass(frozen=True)
class Components:
    """Leading principal components.

    Parameters
    ----------
    scores : (n, k) float64, the component that varies most first; k is 0 where all records are the same.
    share : of the variance of all columns, 0 to 1, that the components hold.
    """

    scores: np.ndarray
    share: float


def components(matrix: np.ndarray, level: np.ndarray | None = None) -> Components:
    """Return the leading components of a view.

    Parameters
    ----------
    matrix : (n, p), NaN for missing: it counts as the column's mean.
    level : (n,) codes. If given, columns are centred at each level and scaled by their deviation inside levels, so that the
        components are directions in which records of one level differ. Differences of records at different levels then mean nothing.
    """
    from sklearn.decomposition import PCA

    z = _standardised(matrix, level)
    n, p = z.shape
    if not p:
        return Components(np.zeros((n, 0)), 0.0)
    most = min(MOST, p, n - 1)
    solver = "covariance_eigh" if p <= EXACT else "randomized"
    model = PCA(most, svd_solver=solver, random_state=0)
    scores = np.asarray(model.fit_transform(z), dtype=np.float64)
    # What is smaller is made of rounding.
    kept = model.explained_variance_ > 1e-10 * max(float(model.explained_variance_[0]), 1e-300)
    share = float(np.sum(model.explained_variance_ratio_[kept]))
    return Components(scores[:, kept], min(1.0, share))


def _standardised(matrix: np.ndarray, level: np.ndarray | None) -> np.ndarray:
    """Return the columns that vary, at mean 0 (of each level) and deviation 1 (inside levels), cut at :data:`CLIP`."""
    known = ~np.isnan(matrix)
    codes = np.zeros(len(matrix), dtype=np.int64) if level is None else level
    z = np.where(known, matrix, 0.0)
    for code in np.unique(codes):
        rows = codes == code
        mean = z[rows].sum(axis=0) / np.maximum(known[rows].sum(axis=0), 1)
        z[rows] = np.where(known[rows], z[rows] - mean, 0.0)
    size = np.abs(np.where(known, matrix, 0.0)).max(axis=0, initial=0.0)
    deviation = np.sqrt(np.square(z).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    varies = deviation > np.maximum(1e-9 * size, 1e-300)
    return np.asarray(np.clip(z[:, varies] / deviation[varies], -CLIP, CLIP))
