"""Does a view predict the label, given what is conditioned on? The sensor test with label and column in each other's place.

The label's residual is regressed on the view, cross-fitted, and the statistic is compared with that after exchanging labels as
the null allows, refitting every time: exact under "the view is independent of the label given the strata".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.models.conditioning import Conditioning
from audit_pipeline.models.expansions import MAX_LINEAR, leading
from audit_pipeline.models.features import prepare
from audit_pipeline.models.permutation_ridge import PermutationRidge
from audit_pipeline.stats.auc import Auc, combine, crossed, pairwise_aucs
from audit_pipeline.stats.basis import ColumnBasis


@dataclass(frozen=True)
class LabelTest:
    """What a view tells of the label.

    Parameters
    ----------
    p_value : of "the view is independent of the label, given what was conditioned on"; None where nothing could be exchanged.
    auc : AUC of the label from out-of-fold predictions, inside the given strata and folds; None without pairs to compare.
    movable : units whose label could change places with another label.
    columns : columns of the view that vary, given what was conditioned on.
    """

    p_value: float | None
    auc: Auc | None
    movable: int
    columns: int


@dataclass(frozen=True)
class Given:
    """What the label is compared at equal values of, and the permutations that this allows; the same for all views.

    Parameters
    ----------
    conditioning : strata and model of the label.
    stratum : (n,) strata inside which records are compared for the AUC; they are crossed with the folds.
    draws : (b, n) exchanged positions.
    movable : units whose label could change places with another label; with none there are no draws.
    """

    conditioning: Conditioning
    stratum: np.ndarray
    draws: np.ndarray
    movable: int

    @classmethod
    def make(
        cls,
        label: ColumnBasis,
        conditioning: Conditioning,
        stratum: np.ndarray,
        rng: np.random.Generator,
        permutations: int,
    ) -> Given:
        """Draw the permutations."""
        movable = conditioning.exchange.movable(label.codes)
        draws = conditioning.draw(permutations, rng) if movable else np.zeros((0, len(stratum)), dtype=np.int64)
        return cls(conditioning, stratum, draws, movable)


def label_basis(label: np.ndarray, classes: tuple[str, ...]) -> ColumnBasis:
    """Return the label as a basis (n, classes), as if it were a column."""
    matrix = np.zeros((len(label), len(classes)))
    matrix[np.arange(len(label)), label] = 1.0
    return ColumnBasis(matrix, label.astype(np.int64), classes, max(1, len(classes) - 1), True)


def label_test(
    matrix: np.ndarray,
    label: ColumnBasis,
    given: Given,
    fold: np.ndarray,
) -> LabelTest:
    """Test whether ``matrix`` (n, p) predicts the label.

    Parameters
    ----------
    fold : (n,) folds that never split a subject and do not depend on metadata.
    """
    conditioning = given.conditioning
    z = prepare(matrix, conditioning)
    if given.movable == 0 or z.shape[1] == 0:
        return LabelTest(None, None, given.movable, z.shape[1])
    seen = prepare(leading(z, MAX_LINEAR), conditioning, components=True) if z.shape[1] > MAX_LINEAR else z
    ridge = PermutationRidge(seen, fold, conditioning.exchange.weight)
    expected = conditioning.expected
    observed = ridge.statistics(label.matrix, expected, None)
    every = np.concatenate([observed, ridge.statistics(label.matrix, expected, given.draws)], axis=1)
    deviation = every.std(axis=1, keepdims=True)
    # The best of several penalties, chosen inside the permutations, so that choosing costs no level.
    best = ((every - every.mean(axis=1, keepdims=True)) / np.where(deviation > 0, deviation, 1.0)).max(axis=0)
    predictions = ridge.predict(label.matrix - expected)
    auc = combine(pairwise_aucs(predictions, label.codes, crossed(given.stratum, fold)))
    return LabelTest(float((best >= best[0] - 1e-12).sum() / len(best)), auc, given.movable, z.shape[1])
