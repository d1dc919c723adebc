"""Groups of records in a view, found without the label: principal components, k-means, and as many groups as stand apart best.

The few components in which a view varies most are clustered, since a condition of recording moves several columns at once while
chance moves each by itself. The number of clusters is the one with the largest mean silhouette. Nothing here sees a label or a
metadata column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COMPONENTS = 3
MOST_CLUSTERS = 5
MIN_SHARE = 0.03
"""A cluster with a smaller share of the records is a handful of outliers, which no column would be declared for."""

MIN_RECORDS = 40
"""With fewer records to look for clusters in, a cluster would hold a handful of them."""

SILHOUETTE_RECORDS = 1_000
STARTS = 5


@dataclass(frozen=True)
class Clusters:
    """Clusters of a view, ready to be looked up for further records.

    Parameters
    ----------
    centre, scale : (p,) what is subtracted from a view's columns, and what they are divided by.
    axes : (p, d) the components.
    middles : (k, d) middles of the clusters, the largest cluster first.
    silhouette : mean silhouette of the records that the clusters were found in, -1 to 1.
    """

    centre: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    middles: np.ndarray
    silhouette: float

    def distances(self, matrix: np.ndarray) -> np.ndarray:
        """Return the squared distances (n, k) of records to the middles; ``matrix`` (n, p), a missing value counts as average."""
        scores = _filled(matrix, self.centre, self.scale) @ self.axes
        return np.asarray(np.square(scores[:, None, :] - self.middles[None, :, :]).sum(axis=2))

    def assign(self, matrix: np.ndarray) -> np.ndarray:
        """Return the cluster (n,) of each record."""
        return self.distances(matrix).argmin(axis=1)


def find_clusters(matrix: np.ndarray, *, comparable: bool, seed: int) -> Clusters | None:
    """Look for clusters.

    Parameters
    ----------
    matrix : (n, p) columns of a view, NaN for missing.
    comparable : whether the columns are in the same unit, as marks of yes or no are; if not, each is taken at unit deviation.
        Marks are not: a rare one at unit deviation would outweigh the frequent ones that tell groups apart.
    seed : of the starting points.

    Returns
    -------
    The clusters, or None where records are too few or too alike to be told apart.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    n = len(matrix)
    known = ~np.isnan(matrix)
    centre = np.where(known, matrix, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    deviation = _filled(matrix, centre, np.ones(matrix.shape[1])).std(axis=0)
    if n < MIN_RECORDS or not (deviation > 1e-9).any():
        return None
    scale = np.where(deviation > 1e-9, np.ones_like(deviation) if comparable else deviation, np.inf)
    z = _filled(matrix, centre, scale)
    axes = _leading(z)
    scores = z @ axes
    # Distinct points only: three patterns cannot make four clusters.
    distinct = len(np.unique(np.round(scores, 9), axis=0))
    part = np.random.default_rng(seed).permutation(n)[:SILHOUETTE_RECORDS]
    best: tuple[float, np.ndarray] | None = None
    for k in range(2, min(MOST_CLUSTERS, distinct) + 1):
        found = KMeans(k, n_init=STARTS, random_state=seed).fit(scores)
        size = np.bincount(found.labels_, minlength=k)
        shown = found.labels_[part]
        if size.min() < MIN_SHARE * n or len(np.unique(shown)) < 2:
            continue
        value = 1.0 if k == distinct else float(silhouette_score(scores[part], shown))
        if best is None or value > best[0] + 1e-9:
            best = value, found.cluster_centers_[np.argsort(-size, kind="stable")]
    return Clusters(centre, scale, axes, best[1], best[0]) if best else None


def _filled(matrix: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(matrix), 0.0, matrix - centre) / scale


def _leading(z: np.ndarray) -> np.ndarray:
    """Return the axes (p, d) along which ``z`` (n, p), centred, varies most; signs do not depend on the machine."""
    n, p = z.shape
    if p <= n:
        values, vectors = np.linalg.eigh(z.T @ z)
    else:
        values, left = np.linalg.eigh(z @ z.T)
        vectors = z.T @ left / np.sqrt(np.maximum(values, 1e-300))
    kept = np.flatnonzero(values > 1e-9 * values[-1])[::-1][:COMPONENTS]
    axes = vectors[:, kept]
    return np.asarray(axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(kept))]))
