"""Clusters of a view: groups that are there, none where there are none, the same ones whatever the unit."""

from __future__ import annotations

import numpy as np
import pytest

from audit_pipeline.models.clusters import find_clusters


def groups(seed: int, k: int, p: int = 6, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, k, n)
    return rng.normal(size=(n, p)) * 0.3 + 2 * np.eye(k, p)[group], group


@pytest.mark.parametrize("k", [2, 3, 4])
def test_groups_are_recovered(k: int) -> None:
    matrix, group = groups(1, k)
    found = find_clusters(matrix[:150], comparable=True, seed=0)
    assert found is not None
    cluster = found.assign(matrix[150:])
    assert len(np.unique(np.column_stack([cluster, group[150:]]), axis=0)) == k == len(np.unique(cluster))


def test_columns_of_different_units_weigh_the_same() -> None:
    matrix, group = groups(2, 2)
    scaled = matrix * np.array([1e-3, 1e-3, 1, 1, 1, 1e4])
    found = find_clusters(scaled, comparable=False, seed=0)
    assert found is not None
    cluster = found.assign(scaled)
    assert max(np.mean(cluster == group), np.mean(cluster != group)) > 0.95


def test_patterns_of_marks_are_the_clusters() -> None:
    marks = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])[np.repeat([0, 1, 2], 50)]
    found = find_clusters(marks, comparable=True, seed=0)
    assert found is not None
    assert len(np.unique(found.assign(marks))) == 3


def test_more_columns_than_records_and_missing_values() -> None:
    matrix, group = groups(3, 2, p=200, n=120)
    matrix[:, :40] += 2 * group[:, None]
    matrix[np.random.default_rng(4).random(matrix.shape) < 0.05] = np.nan
    found = find_clusters(matrix, comparable=True, seed=0)
    assert found is not None
    cluster = found.assign(matrix)
    assert max(np.mean(cluster == group), np.mean(cluster != group)) > 0.95
    assert np.isfinite(found.distances(np.full((1, 200), np.nan))).all()


def test_nothing_to_tell_apart() -> None:
    assert find_clusters(np.ones((100, 3)), comparable=True, seed=0) is None
    assert find_clusters(groups(5, 2, n=30)[0], comparable=True, seed=0) is None
    outlier = np.zeros((100, 2))
    outlier[0] = 9
    assert find_clusters(outlier, comparable=True, seed=0) is None
