"""Evaluation as if label and column were independent: weights that balance the cells, and scores under weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.stats.auc import Auc, clustered_standard_error, combine


@dataclass(frozen=True)
class Balance:
    """Balancing weights, or what makes them impossible.

    Parameters
    ----------
    weight : (n,) P(y) P(c) / P(y, c), mean 1; None where a cell is empty.
    effective_share : effective sample size over n, (sum w)^2 / (n sum w^2).
    empty : (label, level) codes of the empty cells.
    """

    weight: np.ndarray | None
    effective_share: float | None
    empty: tuple[tuple[int, int], ...]


def balancing_weights(label: np.ndarray, level: np.ndarray) -> Balance:
    """Return the weights under which label and column, both (n,) codes, are independent with the shares that they have now."""
    _, y = np.unique(label, return_inverse=True)
    labels = np.unique(label)
    levels, c = np.unique(level, return_inverse=True)
    table = np.zeros((len(labels), len(levels)))
    np.add.at(table, (y, c), 1.0)
    if (table == 0).any():
        empty = tuple((int(labels[a]), int(levels[k])) for a, k in zip(*np.nonzero(table == 0), strict=True))
        return Balance(None, None, empty)
    n = len(label)
    weight = (np.outer(table.sum(axis=1), table.sum(axis=0)) / (n * table))[y, c]
    return Balance(weight, float(weight.sum() ** 2 / (n * float(weight @ weight))), ())


def weighted_auc(scores: np.ndarray, codes: np.ndarray, stratum: np.ndarray, weight: np.ndarray) -> Auc | None:
    """Return the AUC over pairs of classes and of records of the same stratum, each pair counted by the product of its weights.

    Parameters
    ----------
    scores : (n, classes); class b is told from class a by ``scores[:, b] - scores[:, a]``.
    codes : (n,) classes.
    stratum : (n,) non-negative codes.

    Notes
    -----
    The influence function takes the weights as known. With equal weights this is ``stats.auc.pairwise_aucs``, combined by pairs.
    """
    found = {}
    classes = np.unique(codes)
    for position, a in enumerate(classes):
        for b in classes[position + 1 :]:
            used = np.flatnonzero((codes == a) | (codes == b))
            auc = _one(
                scores[used, b] - scores[used, a], codes[used] == b, stratum[used], weight[used], used, len(codes)
            )
            if auc is not None:
                found[int(a), int(b)] = auc
    return combine(found)


def _one(
    score: np.ndarray, positive: np.ndarray, stratum: np.ndarray, weight: np.ndarray, used: np.ndarray, n: int
) -> Auc | None:
    ones, zeros = np.where(positive, weight, 0.0), np.where(positive, 0.0, weight)
    _, group = np.unique(stratum, return_inverse=True)
    order = np.lexsort((score, group))
    ranked, new = score[order], np.ones(len(order), dtype=bool)
    new[1:] = (ranked[1:] != ranked[:-1]) | (group[order][1:] != group[order][:-1])
    tie = np.empty(len(order), dtype=np.int64)
    tie[order] = np.cumsum(new) - 1
    all_ones, all_zeros = np.bincount(group, ones), np.bincount(group, zeros)

    def below(mass: np.ndarray, total: np.ndarray) -> np.ndarray:
        """Return the weight of what is scored lower in the same stratum, ties by one half."""
        tied = np.bincount(tie, mass)
        start = (np.cumsum(total) - total)[group]
        return np.asarray((np.cumsum(tied) - tied)[tie] + tied[tie] / 2 - start)

    wins = np.where(positive, below(zeros, all_zeros), all_ones[group] - below(ones, all_ones))
    opponents = np.where(positive, all_zeros[group], all_ones[group])
    pairs = float((ones * opponents).sum())
    if pairs <= 0:
        return None
    estimate = float((ones * wins).sum() / pairs)
    influence = np.zeros(n)
    influence[used] = weight * (wins - estimate * opponents) / pairs
    in_play = opponents > 0
    smaller = float(min((positive & in_play).sum(), (~positive & in_play).sum()))
    return Auc(estimate, influence, pairs, smaller, ((1.0, estimate, pairs),))


def weighted_balanced_accuracy(
    right: np.ndarray, label: np.ndarray, weight: np.ndarray, subject: np.ndarray
) -> tuple[float, float, float]:
    """Return the mean over labels of the weighted share of ``right`` (n,) bool answers, with its 95% interval by subjects."""
    estimate, influence = 0.0, np.zeros(len(label))
    classes = np.unique(label)
    for code in classes:
        own = label == code
        mass = float(weight[own].sum())
        recall = float((weight * right)[own].sum() / mass)
        estimate += recall / len(classes)
        influence[own] = weight[own] * (right[own] - recall) / (mass * len(classes))
    error = clustered_standard_error(influence, subject)
    return estimate, max(0.0, estimate - 1.96 * error), min(1.0, estimate + 1.96 * error)
