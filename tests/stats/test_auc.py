from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm
from sklearn.metrics import roc_auc_score

from audit_pipeline.stats.auc import combine, crossed, difference, pairwise_aucs, stratified_auc


def test_one_stratum_is_the_usual_auc_ties_included() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(200) < 0.3
    score = np.round(rng.standard_normal(200) + y, 1)
    auc = stratified_auc(score, y, np.zeros(200, dtype=int))
    assert auc is not None
    assert auc.estimate == pytest.approx(roc_auc_score(y, score), abs=1e-12)


def test_strata_are_weighted_by_their_pairs() -> None:
    rng = np.random.default_rng(1)
    y, k = rng.random(300) < 0.4, rng.integers(4, size=300)
    score = rng.standard_normal(300) + y + 3 * k
    auc = stratified_auc(score, y, k)
    pairs = np.array([(y & (k == j)).sum() * (~y & (k == j)).sum() for j in range(4)])
    inside = np.array([roc_auc_score(y[k == j], score[k == j]) for j in range(4)])
    assert auc is not None
    assert auc.estimate == pytest.approx(np.average(inside, weights=pairs), abs=1e-12)


def test_influence_is_delong_without_clusters() -> None:
    rng = np.random.default_rng(2)
    y = np.arange(150) < 60
    score = rng.standard_normal(150) + 0.8 * y
    auc = stratified_auc(score, y, np.zeros(150, dtype=int))
    assert auc is not None
    wins = (score[y][:, None] > score[~y][None, :]).astype(float)
    delong = wins.mean(axis=1).var(ddof=1) / 60 + wins.mean(axis=0).var(ddof=1) / 90
    assert auc.standard_error(np.arange(150)) == pytest.approx(np.sqrt(delong), rel=0.02)


def test_no_pairs_is_none_and_negative_strata_are_left_out() -> None:
    score, y = np.arange(4.0), np.array([True, True, False, False])
    assert stratified_auc(score, y, np.array([0, 0, 1, 1])) is None
    auc = stratified_auc(score, y, np.array([0, -1, 0, 0]))
    assert auc is not None
    assert auc.pairs == 2


def test_several_labels_average_over_pairs() -> None:
    rng = np.random.default_rng(3)
    code = rng.integers(3, size=240)
    scores = np.log(rng.dirichlet(np.ones(3), size=240) + np.eye(3)[code])
    found = pairwise_aucs(scores, code, np.zeros(240, dtype=int))
    assert set(found) == {(0, 1), (0, 2), (1, 2)}
    auc = combine(found)
    assert auc is not None
    expected = 0.0
    total = 0
    for a, b in found:
        used = np.isin(code, (a, b))
        w = (code == a).sum() * (code == b).sum()
        expected += w * roc_auc_score(code[used] == b, (scores[:, b] - scores[:, a])[used])
        total += w
    assert auc.estimate == pytest.approx(expected / total, abs=1e-12)


@pytest.mark.parametrize("per_subject", [1, 5])
def test_intervals_cover(per_subject: int) -> None:
    """Coverage of the 95% interval at a true AUC of .76, with and without repeated records."""
    rng = np.random.default_rng(4)
    truth, runs, covered = norm.cdf(1 / np.sqrt(2)), 400, 0
    for _ in range(runs):
        m = 80
        y = np.repeat(np.arange(m) % 2 == 1, per_subject)
        subject = np.repeat(np.arange(m), per_subject)
        within = np.sqrt(0.5) if per_subject > 1 else 0.0
        score = (
            np.sqrt(1 - within**2) * rng.standard_normal(m)[subject] + within * rng.standard_normal(m * per_subject) + y
        )
        auc = stratified_auc(score, y, np.zeros(len(y), dtype=int))
        assert auc is not None
        low, high = auc.interval(subject)
        covered += low <= truth <= high
    # Between 93% and 97% up to the binomial error of the simulation.
    assert binom.ppf(0.001, runs, 0.93) <= covered <= binom.ppf(0.999, runs, 0.97)


def test_perfect_separation_keeps_an_open_interval() -> None:
    y = np.arange(20) < 10
    auc = stratified_auc(y.astype(float), y, np.zeros(20, dtype=int))
    assert auc is not None
    low, high = auc.interval(np.arange(20))
    assert auc.estimate == 1
    assert high == 1
    assert 0.5 < low < 0.95


def test_a_difference_of_equal_aucs_is_zero_without_error() -> None:
    rng = np.random.default_rng(5)
    y, score = rng.random(100) < 0.5, rng.standard_normal(100)
    auc = stratified_auc(score, y, np.zeros(100, dtype=int))
    assert auc is not None
    assert difference(auc, auc, np.arange(100)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("n", "effect", "levels"), [(100, 0.0, 2), (300, 0.8, 4)])
def test_intervals_of_a_difference_cover_where_it_is_chance(n: int, effect: float, levels: int) -> None:
    """Levels that say nothing inflate nothing; without the noise of pairs taken off, 99% would be covered."""
    rng = np.random.default_rng(6)
    runs, covered = 400, 0
    for _ in range(runs):
        y = rng.random(n) < 0.5
        score, level = rng.standard_normal(n) + effect * y, rng.integers(0, levels, n)
        fold = np.arange(n) % 5
        pooled, inside = stratified_auc(score, y, fold), stratified_auc(score, y, crossed(level, fold))
        assert pooled is not None
        assert inside is not None
        _, low, high = difference(pooled, inside, np.arange(n))
        covered += low <= 0 <= high
    assert binom.ppf(0.001, runs, 0.93) <= covered <= binom.ppf(0.999, runs, 0.97)


def test_crossed_codes_tell_all_combinations_apart() -> None:
    a, b = np.array([0, 0, 1, 1, -1]), np.array([0, 1, 0, 1, 0])
    codes = crossed(a, b)
    assert len(set(codes[:4].tolist())) == 4
    assert codes[4] == -1
