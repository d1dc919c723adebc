"""More columns than records, as the embedding of a recording has: components keep their sizes, or nothing can be learnt."""

from __future__ import annotations

import numpy as np
import pytest

from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.models.conditional import ConditionalTest, conditional_test, label_fold_strata, within_label_auc
from audit_pipeline.models.conditioning import given_strata
from audit_pipeline.models.crossfit import label_folds
from audit_pipeline.models.features import prepare
from audit_pipeline.models.label_test import Given, label_basis, label_test
from audit_pipeline.stats.basis import column_basis
from audit_pipeline.stats.exchange import given_label
from audit_pipeline.stats.seeds import generator

N, P = 180, 785


def embedding(rng: np.random.Generator, shift: np.ndarray) -> np.ndarray:
    """Return columns (N, P) that vary together in 30 directions, as an embedding's do, and by themselves; ``shift`` (N,)."""
    together = rng.standard_normal((N, 30)) @ rng.standard_normal((30, P))
    direction = np.where(np.arange(P) < 200, rng.standard_normal(P), 0.0)
    return np.asarray(together + rng.standard_normal((N, P)) + shift[:, None] * direction)


def sensor(seed: int, strength: float) -> tuple[ConditionalTest, float]:
    """Return the test of a site that shifts 200 of the columns, and the AUC of its linear probe within label."""
    rng = np.random.default_rng(seed)
    site, label, subject = np.arange(N) % 2, (np.arange(N) // 2) % 3, np.arange(N)
    matrix = embedding(rng, strength * (site - 0.5))
    basis = column_basis(MetadataColumn("site", "nuisance", "categorical", ("a", "b"), site.astype(np.int32)), subject)
    fold = label_folds(label, subject, 5, seed)
    given = given_strata(basis, given_label(basis.codes, label, subject))
    found = conditional_test(matrix, basis, given, fold, generator(seed, "wide"), 199)
    linear = next(fit for fit in found.fits if fit.name == "linear")
    auc = within_label_auc(linear.predictions, basis, None, label_fold_strata(label, fold))
    assert auc is not None
    return found, auc.estimate


def test_the_linear_probe_reads_a_site_from_more_columns_than_records() -> None:
    aucs = [sensor(seed, 1.0)[1] for seed in range(5)]
    # A logistic regression with ridge penalty on the same columns reaches .97 and more.
    assert min(aucs) > 0.9


def test_nothing_is_read_where_there_is_nothing() -> None:
    found = [sensor(seed, 0.0) for seed in range(20)]
    # 20 draws at level .05: five rejections or more have probability .003.
    assert sum(test.p_value <= 0.05 for test, _ in found) < 5
    assert abs(np.mean([auc for _, auc in found]) - 0.5) < 0.04


def test_a_view_with_many_columns_predicts_the_label() -> None:
    rng = np.random.default_rng(3)
    label, subject = (np.arange(N) % 2).astype(np.int64), np.arange(N)
    basis = label_basis(label, ("no", "yes"))
    nothing = np.zeros(N, dtype=np.int64)
    given = Given.make(
        basis, given_strata(basis, given_label(label, nothing, subject)), nothing, generator(3, "wide"), 199
    )
    found = label_test(embedding(rng, 1.0 * (label - 0.5)), basis, given, label_folds(label, subject, 5, 0))
    assert found.auc is not None
    assert found.auc.estimate > 0.9
    assert found.p_value == pytest.approx(1 / 200)


def test_components_keep_their_proportions() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([10.0, 3.0, 1.0])
    basis = label_basis((np.arange(N) % 2).astype(np.int64), ("no", "yes"))
    given = given_strata(basis, given_label(basis.codes, np.zeros(N, dtype=np.int64), np.arange(N)))
    z = prepare(rng.standard_normal((N, 3)) * sizes, given, components=True)
    assert np.mean(z**2) == pytest.approx(1.0, rel=0.05)
    assert z.std(axis=0)[0] / z.std(axis=0)[2] == pytest.approx(10, rel=0.2)
