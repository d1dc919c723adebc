"""Points in the plane whose distances come as near as they can to those that were asked for.

Weighted stress, over pairs of points (Borg and Groenen, Modern Multidimensional Scaling, 2005, chapter 8)::

    E(Y) = sum_{i<j} w_ij (t_ij - d_ij)^2,        d_ij = |y_i - y_j|

Its gradient is 2 (V Y - B(Y) Y), where V and B(Y) are the Laplacians of the weights w_ij and of w_ij t_ij / d_ij. A step of SMACOF is
Y <- V^+ B(Y) Y: a gradient step, preconditioned by V. The same preconditioner makes L-BFGS converge in a few dozen
steps, however unlike the weights are: it minimises over Z with Y = L^-T Z and V = L L^T.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOST_STEPS = 300
TOLERANCE = 1e-6
"""Relative decrease of the stress between two steps at which it counts as found."""


@dataclass(frozen=True)
class Asked:
    """What is asked of the distances of pairs, in the order of ``scipy.spatial.distance.pdist``.

    Parameters
    ----------
    weights : (n (n - 1) / 2,) how much a pair counts, >= 0; the pairs with a weight must connect all points.
    targets : (n (n - 1) / 2,) the distance that it should have, >= 0.
    """

    weights: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Placed:
    """Points (n, 2) float64, centred, their stress, and in how many steps it was found."""

    points: np.ndarray
    stress: float
    steps: int


def gradient_of(asked: Asked, n: int) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return the function that gives the stress of points (n, 2), and its gradient (n, 2).

    Where two points that should be apart fall together the stress has no derivative; there the pair is left out of it.
    """
    from scipy.spatial.distance import pdist, squareform

    laplacian = _laplacian(squareform(asked.weights))
    pulls = asked.weights * asked.targets
    constant = float(pulls @ asked.targets)
    ratio = np.empty_like(pulls)

    def at(points: np.ndarray) -> tuple[float, np.ndarray]:
        distance = pdist(points)
        ratio.fill(0.0)
        np.divide(pulls, distance, out=ratio, where=distance > 0)
        smooth = laplacian @ points
        square = squareform(ratio, checks=False)
        back = square.sum(axis=1)[:, None] * points - square @ points
        stress = constant - 2 * float(pulls @ distance) + float(np.sum(points * smooth))
        return max(0.0, stress), 2 * (smooth - back)

    assert len(asked.weights) == n * (n - 1) // 2
    return at


def minimise(asked: Asked, start: np.ndarray, step: Callable[[], None] = lambda: None) -> Placed:
    """Return the points with the least stress that is found from ``start`` (n, 2); the same for the same input.

    Parameters
    ----------
    step : called after every step.

    Notes
    -----
    Memory is quadratic in n: some 60 MB for 1,500 points.
    """
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import minimize
    from scipy.spatial.distance import squareform

    n = len(start)
    laplacian = _laplacian(squareform(asked.weights))
    # A shift of all points changes no distance: it gets a weight of its own, so that the factor exists.
    laplacian += np.trace(laplacian) / n**2
    factor = cholesky(laplacian, lower=True, overwrite_a=True, check_finite=False)
    at = gradient_of(asked, n)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        z = flat.reshape(n, 2)
        value, gradient = at(solve_triangular(factor, z, lower=True, trans="T", check_finite=False))
        return value, solve_triangular(factor, gradient, lower=True, check_finite=False).ravel()

    found = minimize(
        objective,
        (factor.T @ (start - start.mean(axis=0))).ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_STEPS, "ftol": TOLERANCE, "gtol": 1e-12, "maxcor": 10},
        callback=lambda _: step(),
    )
    points = solve_triangular(factor, found.x.reshape(n, 2), lower=True, trans="T", check_finite=False)
    points = points - points.mean(axis=0)
    return Placed(points, float(at(points)[0]), int(found.nit))


def _laplacian(weights: np.ndarray) -> np.ndarray:
    out = -weights
    out[np.diag_indices(len(out))] = weights.sum(axis=1)
    return out
