"""Partial and full confounder test: uniform p-values under their nulls, never 0, and power."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom, kstest

from audit_pipeline.stats.auc import combine, pairwise_aucs
from audit_pipeline.stats.confounder import full_test, partial_test
from audit_pipeline.stats.exchange import given_label
from tests.probes.asking import ask_about_predictions, only

RUNS, DRAWS = 200, 99
LEVELS = np.eye(3)


def p_values(kind: str, seed: int, *, per_subject: int = 1, n: int = 120, effect: float = 0.0) -> np.ndarray:
    """Return p-values where label and column go together, and predictions follow the one or the other."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(RUNS if effect == 0 else 20):
        m = n // per_subject
        person = np.repeat(np.arange(m), per_subject)
        column = rng.integers(0, 3, m)
        label = (rng.random(m) < np.array([0.2, 0.5, 0.8])[column]).astype(np.int64)
        follows = label if kind == "partial" else column
        other = column if kind == "partial" else label
        score = (follows + effect * other + rng.standard_normal(m))[person] + 0.3 * rng.standard_normal(n)
        column, label = column[person], label[person]
        if kind == "partial":
            exchange = given_label(column.astype(float), label, person)
            result = partial_test(score[:, None], LEVELS[column], exchange, exchange.draw(DRAWS, rng))
            assert result is not None
            found.append(result[1])
        else:
            exchange = given_label(label.astype(float), column, person)
            found.append(full_test(np.column_stack([-score, score]), label, column, exchange.draw(DRAWS, rng)))
    return np.array(found)


@pytest.mark.parametrize("per_subject", [1, 4])
@pytest.mark.parametrize("kind", ["partial", "full"])
def test_p_values_are_uniform_under_the_null(kind: str, per_subject: int) -> None:
    p = p_values(kind, seed=per_subject, per_subject=per_subject, n=120 * per_subject)
    assert p.min() >= 1 / (1 + DRAWS)
    assert (p <= 0.05).sum() <= binom.ppf(0.999, RUNS, 0.05)
    # Smoothed inside their steps of 1 / (1 + draws).
    smooth = p - np.random.default_rng(0).random(RUNS) / (1 + DRAWS)
    assert kstest(smooth, "uniform").pvalue > 0.001


@pytest.mark.parametrize("kind", ["partial", "full"])
def test_dependence_is_found(kind: str) -> None:
    assert (p_values(kind, seed=9, n=300, effect=1.0) == 1 / (1 + DRAWS)).mean() >= 0.9


def test_the_full_test_orders_draws_as_the_auc_does() -> None:
    """For two labels and one stratum the sum of ranks is an affine function of the AUC."""
    rng = np.random.default_rng(3)
    label, score, one = rng.integers(0, 2, 60), rng.integers(0, 9, 60).astype(float), np.zeros(60, dtype=np.int64)
    draws = np.stack([rng.permutation(60) for _ in range(DRAWS)])
    scores = np.column_stack([-score, score])

    def auc(codes: np.ndarray) -> float:
        found = combine(pairwise_aucs(scores, codes, one))
        assert found is not None
        return found.estimate

    expected = (1 + sum(auc(label[draw]) >= auc(label) - 1e-12 for draw in draws)) / (1 + DRAWS)
    assert full_test(scores, label, one, draws) == expected


def test_a_model_of_the_site_alone_is_told_by_both_tests() -> None:
    rng = np.random.default_rng(4)
    n = 400
    site = rng.integers(0, 2, n)
    ill = rng.random(n) < np.where(site == 1, 0.8, 0.2)
    chance = 1 / (1 + np.exp(-(2 * site - 1 + rng.standard_normal(n))))
    table = pa.table(
        {"ill": np.where(ill, "yes", "no"), "site": site.astype(str), "age": rng.normal(50, 9, n), "x": chance}
    )
    proba = np.column_stack([1 - chance, chance])
    rows = ask_about_predictions(table, "confounder_tests", {"m": proba}, np.arange(n) % 5, covariates=["age"])
    assert only(rows, metric="partial_confounder", column="site").p_value == 0.002
    assert (only(rows, metric="partial_confounder", column="site").estimate or 0) > 0.2
    assert (only(rows, metric="full_confounder", column="site").p_value or 0) > 0.01
    assert (only(rows, metric="partial_confounder", column="age").p_value or 0) > 0.01


def test_an_aliased_column_says_why_it_was_not_tested() -> None:
    rng = np.random.default_rng(5)
    site = rng.integers(0, 2, 60)
    table = pa.table({"ill": site.astype(str), "site": site.astype(str), "x": rng.random(60)})
    proba = np.full((60, 2), 0.5)
    rows = ask_about_predictions(table, "confounder_tests", {"m": proba}, np.arange(60) % 5)
    assert all(row.p_value is None and "no l" in row.detail["reason"] for row in rows)
