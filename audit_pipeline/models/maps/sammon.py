"""Sammon mapping: a map that keeps the distances of neighbours above those of strangers.

Sammon, A nonlinear mapping for data structure analysis, IEEE Transactions on Computers 18 (1969): among the maps of points with the
distances d*_ij in the data, the one with the least ::

    E = 1 / sum d*_ij . sum (d*_ij - d_ij)^2 / d*_ij

An error counts by what it is worth beside the distance itself, so that small distances are kept as well as large ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit_pipeline.models.maps.stress import Asked, Placed, minimise

LEAST = 1e-3
"""Of the mean distance: nearer pairs weigh as much as at this distance. Identical records would weigh infinitely much."""


def sammon_map(scores: np.ndarray, step: Callable[[], None] = lambda: None) -> Placed:
    """Return Sammon's map of records, found from their first two components.

    Parameters
    ----------
    scores : (n, k) principal components, the one that varies most first; k >= 1, not all records the same.
    step : called after every step.

    Returns
    -------
    Points (n, 2) in the units of ``scores``, and Sammon's stress E, 0 to 1.
    """
    from scipy.spatial.distance import pdist

    distance = pdist(scores)
    return minimise(Asked(sammon_weights(distance), distance), first_two(scores), step)


def sammon_weights(distance: np.ndarray) -> np.ndarray:
    """Return the weights of pairs at these distances; the stress with them is Sammon's."""
    weights = 1.0 / np.maximum(distance, LEAST * distance.mean())
    return np.asarray(weights / (distance * distance * weights).sum())


def first_two(scores: np.ndarray) -> np.ndarray:
    """Return the first two components (n, 2) of (n, k); the second is 0 where there is only one."""
    out = np.zeros((len(scores), 2))
    out[:, : scores.shape[1]] = scores[:, :2]
    return out
