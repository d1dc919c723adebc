"""What model and metadata explain, against closed forms; and evaluation on balanced data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from audit_pipeline.models.decomposition import Decomposition, LogLosses, decompose
from audit_pipeline.stats.auc import combine, pairwise_aucs
from audit_pipeline.stats.balance import balancing_weights, weighted_auc, weighted_balanced_accuracy
from tests.probes.asking import ask_about_predictions, only


def entropy(p: np.ndarray | float) -> np.ndarray:
    p = np.asarray(p)
    return -(p * np.log(p) + (1 - p) * np.log(1 - p))


P = 1 / (1 + np.exp(-(-1.5 + 2 * np.array([0, 1])[:, None] + 1.2 * np.array([0, 1])[None, :])))
"""P(label | score, column) with additive log-odds; score and column are independent and even."""

TOTAL, ALONE = 1 - entropy(P).mean() / entropy(P.mean()), 1 - entropy(P.mean(axis=1)).mean() / entropy(P.mean())
UNIQUE = {
    "model": (entropy(P.mean(axis=0)).mean() - entropy(P).mean()) / entropy(P.mean()),
    "metadata": (entropy(P.mean(axis=1)).mean() - entropy(P).mean()) / entropy(P.mean()),
}
"""Every share is a finite sum of conditional entropies."""


def decomposed(n: int, rng: np.random.Generator) -> Decomposition:
    score, column = rng.integers(0, 2, n), rng.integers(0, 2, n)
    label = (rng.random(n) < P[score, column]).astype(np.int64)
    blocks = {"model": score[:, None].astype(float), "metadata": column[:, None].astype(float)}
    return decompose(LogLosses(blocks, label, 2, np.arange(n) % 5), list(blocks), np.arange(n))


def test_the_decomposition_agrees_with_its_closed_form() -> None:
    found = decomposed(60_000, np.random.default_rng(0))
    assert found.total.estimate == pytest.approx(TOTAL, abs=0.008)
    assert found.alone["model"].estimate == pytest.approx(ALONE, abs=0.008)
    for name, share in found.unique.items():
        assert share.estimate == pytest.approx(UNIQUE[name], abs=0.008)
    parts = found.shared.estimate + sum(share.estimate for share in found.unique.values())
    assert parts == pytest.approx(found.total.estimate, abs=1e-12)


def test_intervals_cover() -> None:
    rng, runs = np.random.default_rng(1), 40
    drawn = [decomposed(800, rng) for _ in range(runs)]
    for name, true in UNIQUE.items():
        hits = sum(found.unique[name].low < true < found.unique[name].high for found in drawn)
        assert hits >= binom.ppf(0.001, runs, 0.95), name


def test_what_the_metadata_already_knows_is_shared() -> None:
    rng = np.random.default_rng(1)
    n = 3000
    column = rng.integers(0, 2, n)
    label = (rng.random(n) < np.where(column == 1, 0.8, 0.2)).astype(np.int64)
    copy = column + 0.05 * rng.standard_normal(n)
    noise = rng.standard_normal(n)
    blocks = {"model": copy[:, None], "metadata": column[:, None].astype(float), "covariates": noise[:, None]}
    found = decompose(LogLosses(blocks, label, 2, np.arange(n) % 5), list(blocks), np.arange(n))
    assert abs(found.unique["model"].estimate) < 0.01
    assert found.shared.estimate > 0.9 * found.total.estimate
    assert found.unique["covariates"].low < 0 < found.unique["covariates"].high + 1e-3


def test_copies_of_records_narrow_no_interval() -> None:
    """Ten copies of a record are one record."""
    rng = np.random.default_rng(2)
    score = rng.standard_normal(200)
    label = (rng.random(200) < 1 / (1 + np.exp(-score))).astype(np.int64)
    subject = np.repeat(np.arange(200), 10)
    once = decompose(LogLosses({"model": score[:, None]}, label, 2, np.arange(200) % 5), ["model"], np.arange(200))
    many = decompose(LogLosses({"model": score[subject, None]}, label[subject], 2, subject % 5), ["model"], subject)
    width = once.total.high - once.total.low
    assert many.total.high - many.total.low == pytest.approx(width, rel=0.25)


def test_weights_make_label_and_column_independent() -> None:
    rng = np.random.default_rng(3)
    column = rng.integers(0, 3, 500)
    label = (rng.random(500) < np.array([0.2, 0.5, 0.8])[column]).astype(np.int64)
    balance = balancing_weights(label, column)
    assert balance.weight is not None
    table = np.zeros((2, 3))
    np.add.at(table, (label, column), balance.weight)
    np.testing.assert_allclose(table / 500, np.outer(table.sum(axis=1), table.sum(axis=0)) / 500**2)
    np.testing.assert_allclose(table.sum(axis=0), np.bincount(column))
    assert balance.effective_share == pytest.approx(balance.weight.sum() ** 2 / (500 * (balance.weight**2).sum()))


def test_the_weighted_auc_is_the_share_of_weighted_pairs() -> None:
    rng = np.random.default_rng(4)
    n = 80
    scores, codes, stratum = rng.integers(0, 6, (n, 3)).astype(float), rng.integers(0, 3, n), rng.integers(0, 2, n)
    weight = rng.random(n)
    won = total = 0.0
    for i in range(n):
        for j in range(n):
            if codes[i] < codes[j] and stratum[i] == stratum[j]:
                a, b = codes[i], codes[j]
                first, second = scores[i, b] - scores[i, a], scores[j, b] - scores[j, a]
                total += weight[i] * weight[j]
                won += weight[i] * weight[j] * ((second > first) + 0.5 * (second == first))
    found = weighted_auc(scores, codes, stratum, weight)
    assert found is not None
    # Pairs of classes are combined by their numbers of pairs, here as weighted.
    assert found.estimate == pytest.approx(won / total)
    equal, plain = weighted_auc(scores, codes, stratum, np.ones(n)), combine(pairwise_aucs(scores, codes, stratum))
    assert equal is not None
    assert plain is not None
    assert equal.estimate == pytest.approx(plain.estimate)
    np.testing.assert_allclose(equal.influence, plain.influence, atol=1e-12)


def shortcut_table(rng: np.random.Generator, n: int, v: float) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Draw a model that knows the site alone; return the table, its probabilities and folds."""
    site = rng.integers(0, 2, n)
    ill = rng.random(n) < 0.5 + v * (site - 0.5)
    chance = 1 / (1 + np.exp(-(2 * site - 1 + 0.5 * rng.standard_normal(n))))
    table = pa.table({"ill": np.where(ill, "yes", "no"), "site": np.where(site, "b", "a"), "x": rng.random(n)})
    return table, np.column_stack([1 - chance, chance]), np.arange(n) % 5


def test_balanced_evaluation_takes_a_shortcut_away() -> None:
    table, proba, fold = shortcut_table(np.random.default_rng(5), 1500, 0.6)
    rows = ask_about_predictions(table, "contributions", {"m": proba}, fold)
    balanced = only(rows, metric="balanced_auc", column="site")
    pooled = balanced.detail["unweighted"]
    # Classes may be numbered either way round; a model of the site alone is as far from .5 in both.
    assert abs(pooled - 0.5) > 0.15
    assert balanced.ci_low is not None
    assert balanced.ci_high is not None
    assert balanced.ci_low < 0.5 < balanced.ci_high
    assert only(rows, metric="balanced_accuracy", column="site").estimate == pytest.approx(0.5, abs=0.06)
    assert abs(only(rows, metric="unique", level="model").estimate or 1) < 0.02


@pytest.mark.parametrize(("v", "word"), [(1.0, "never recorded"), (0.97, "effective")])
def test_balanced_evaluation_is_refused_with_a_reason(v: float, word: str) -> None:
    table, proba, fold = shortcut_table(np.random.default_rng(6), 600, v)
    rows = ask_about_predictions(table, "contributions", {"m": proba}, fold)
    share = only(rows, metric="effective_share")
    assert word in share.detail["reason"]
    assert not [row for row in rows if row.metric.startswith("balanced")]


def test_balanced_accuracy_counts_labels_alike() -> None:
    label, right = np.r_[np.zeros(90, int), np.ones(10, int)], np.r_[np.ones(90, bool), np.zeros(10, bool)]
    estimate, low, high = weighted_balanced_accuracy(right, label, np.ones(100), np.arange(100))
    assert (estimate, low, high) == (0.5, 0.5, 0.5)
