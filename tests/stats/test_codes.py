"""Counting in place of sorting: the same answers as numpy's own."""

import numpy as np
import pytest

from audit_pipeline.stats.auc import crossed, stratified_auc
from audit_pipeline.stats.codes import dense, distinct, distinct_pairs


@pytest.mark.parametrize("span", [3, 50, 10**12])
def test_codes_are_renumbered_as_numpy_does(span: int) -> None:
    rng = np.random.default_rng(span)
    codes = rng.integers(-span, span, size=400)
    assert (dense(codes) == np.unique(codes, return_inverse=True)[1]).all()
    assert dense(codes[:0]).shape == (0,)


def test_pairs_and_counts_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(7, size=300), rng.integers(90, size=300)
    expected = np.unique(np.column_stack([first, second]), axis=0)
    assert (np.column_stack(distinct_pairs(first, second)) == expected).all()
    assert distinct(second) == len(np.unique(second))
    assert [len(part) for part in distinct_pairs(first[:0], second[:0])] == [0, 0]


def test_crossed_levels_are_one_stratum_each_and_negative_ones_none() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(-1, 4, size=200), rng.integers(0, 3, size=200) * 1000
    found = crossed(first, second)
    assert ((found < 0) == (first < 0)).all()
    kept = first >= 0
    triples = np.unique(np.column_stack([first, second, found])[kept], axis=0)
    assert len(triples) == len(np.unique(triples[:, :2], axis=0)) == len(np.unique(triples[:, 2]))


@pytest.mark.parametrize("strata", [4, 70_000])
def test_aucs_with_ties_count_pairs_in_few_and_in_very_many_strata(strata: int) -> None:
    rng = np.random.default_rng(2)
    stratum = rng.integers(4, size=120) * (strata // 4)
    score, positive = rng.integers(6, size=120).astype(float), rng.random(120) < 0.4
    auc = stratified_auc(score, positive, stratum)
    pairs = (stratum[:, None] == stratum) & positive[:, None] & ~positive
    wins = (score[:, None] > score) + 0.5 * (score[:, None] == score)
    assert auc is not None
    assert auc.pairs == pairs.sum()
    assert np.isclose(auc.estimate, wins[pairs].mean())
