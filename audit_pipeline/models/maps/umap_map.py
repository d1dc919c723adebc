"""UMAP (McInnes, Healy and Melville 2018), where the package umap-learn is installed: the extra ``maps``."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from audit_pipeline.models.maps.sammon import first_two

NEIGHBOURS = 15
LEAST_DISTANCE = 0.1
"""Both are the package's defaults."""


def umap_installed() -> bool:
    """Tell whether the map can be drawn, without importing anything."""
    return find_spec("umap") is not None


def umap_map(scores: np.ndarray, seed: int) -> np.ndarray:
    """Return UMAP's points (n, 2) float64, turned so that they lie as those of the first two components as far as they can.

    Parameters
    ----------
    scores : (n, k) principal components.
    seed : of the search; with a seed it runs in one thread and gives the same points on the same machine.
    """
    from scipy.linalg import orthogonal_procrustes
    from umap import UMAP

    neighbours = max(2, min(NEIGHBOURS, len(scores) - 1))
    model = UMAP(n_neighbors=neighbours, min_dist=LEAST_DISTANCE, random_state=seed, n_jobs=1)
    points = np.asarray(model.fit_transform(scores), dtype=np.float64)
    points -= points.mean(axis=0)
    return np.asarray(points @ orthogonal_procrustes(points, first_two(scores))[0])
