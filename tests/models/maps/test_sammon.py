"""Sammon's map: the least stress, found from its gradient, beside figures that others have published."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist

from audit_pipeline.models.maps.components import components
from audit_pipeline.models.maps.sammon import first_two, sammon_map, sammon_weights
from audit_pipeline.models.maps.stress import Asked, gradient_of, minimise


def records(seed: int, n: int = 60, p: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, p)) @ rng.standard_normal((p, p))


def stress_of(points: np.ndarray, scores: np.ndarray) -> float:
    """Sammon's formula, written as in the paper."""
    wanted, found = pdist(scores), pdist(points)
    return float(np.sum((wanted - found) ** 2 / wanted) / wanted.sum())


def test_the_gradient_is_that_of_the_stress() -> None:
    rng = np.random.default_rng(1)
    n = 9
    pairs = n * (n - 1) // 2
    # Pairs without a weight and pairs that shall fall together are among them.
    asked = Asked(rng.uniform(0, 1, pairs) * (rng.uniform(size=pairs) < 0.8), rng.uniform(-1, 1, pairs).clip(0))
    at, points = gradient_of(asked, n), rng.standard_normal((n, 2))

    value, gradient = at(points)

    assert value == pytest.approx(float(asked.weights @ (asked.targets - pdist(points)) ** 2))
    numeric = approx_fprime(points.ravel(), lambda flat: at(flat.reshape(n, 2))[0], 1e-7)
    assert gradient.ravel() == pytest.approx(numeric, abs=1e-5)


def test_points_that_fall_together_have_a_gradient() -> None:
    at = gradient_of(Asked(np.ones(3), np.ones(3)), 3)

    value, gradient = at(np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))

    assert value == pytest.approx(1.0)
    assert np.isfinite(gradient).all()


def test_irises_as_others_found_them() -> None:
    """``sammon`` of the R package MASS on the distinct irises: 0.00678 where it starts, 0.00402 where it ends."""
    from sklearn.datasets import load_iris

    irises = np.unique(load_iris().data, axis=0)
    centred = irises - irises.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    scores = left * sizes

    found = sammon_map(scores)

    assert len(irises) == 149
    assert stress_of(first_two(scores), scores) == pytest.approx(0.00678, abs=5e-6)
    assert found.stress == pytest.approx(stress_of(found.points, scores), rel=1e-9)
    assert found.stress <= 0.00402


@pytest.mark.parametrize("seed", range(5))
def test_no_move_of_a_point_makes_it_better(seed: int) -> None:
    scores = components(records(seed)).scores
    found = sammon_map(scores)

    assert found.stress < stress_of(first_two(scores), scores)
    rng = np.random.default_rng(seed)
    for size in (0.02, 0.2):
        moved = found.points + size * rng.standard_normal(found.points.shape)
        assert stress_of(moved, scores) > found.stress
    assert sammon_map(scores).points.tobytes() == found.points.tobytes()


def test_what_is_flat_is_kept_as_it_is() -> None:
    rng = np.random.default_rng(2)
    flat = rng.uniform(size=(80, 2))
    turn = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    scores = (flat - flat.mean(axis=0)) @ turn[:2]

    # Not from its own answer: from points that have nothing to do with it.
    asked = Asked(sammon_weights(pdist(scores)), pdist(scores))
    found = minimise(asked, rng.standard_normal((80, 2)) * 0.01 + flat)

    assert found.stress < 1e-5
    assert procrustes(flat, found.points)[2] < 1e-5


def test_near_records_stay_near_where_components_cannot_show_it() -> None:
    """Three far groups in space lie on two lines of sight; Sammon keeps apart what the first two components lay on each other."""
    rng = np.random.default_rng(3)
    middles = np.array([[10.0, 0, 0], [-10, 0, 0], [0, 9, 0], [0, -9, 0], [0, 0, 8], [0, 0, -8]])
    group = np.repeat(np.arange(6), 20)
    scores = middles[group] + 0.5 * rng.standard_normal((120, 3))

    def smallest_gap(points: np.ndarray) -> float:
        found = np.array([points[group == code].mean(axis=0) for code in range(6)])
        return float(pdist(found).min())

    assert smallest_gap(first_two(scores)) < 0.5
    assert smallest_gap(sammon_map(scores).points) > 3


def test_identical_records_share_a_point() -> None:
    scores = records(4)
    scores[:10] = scores[0]

    points = sammon_map(scores).points

    assert pdist(points[:10]).max() < 0.02 * np.median(pdist(points))


def test_one_component_is_a_line() -> None:
    scores = np.random.default_rng(5).standard_normal((30, 1))

    found = sammon_map(scores)

    assert found.stress < 1e-12
    assert pdist(found.points) == pytest.approx(pdist(scores))
