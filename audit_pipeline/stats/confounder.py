"""The partial and the full confounder test, by permutation within strata."""

from __future__ import annotations

import numpy as np

from audit_pipeline.stats.exchange import Exchange

_CHUNK = 8_000_000


def partial_test(
    scores: np.ndarray, column: np.ndarray, exchange: Exchange, draws: np.ndarray
) -> tuple[float, float] | None:
    """Test whether predictions depend on a column given the label.

    Parameters
    ----------
    scores : (n, r) predictions.
    column : (n, d) basis of the column, the part that changes places.
    exchange : strata of the label.
    draws : (b, n) exchanged positions.

    Returns
    -------
    The share of what predictions and column could have in common within label that they do have, beyond what exchanged columns
    have (0 as by chance, 1 complete), and the p-value, never 0. None where predictions or column do not vary within a label.

    Notes
    -----
    The statistic is Pillai's trace of predictions against the column, both centred in their stratum.
    """
    stratum = exchange.record_stratum
    a, b = _whitening(_centred(scores, stratum)), _whitening(_centred(column, stratum))
    if a is None or b is None:
        return None
    # Centred predictions sum to zero in each stratum, so the column's own means drop out, exchanged or not.
    left = _centred(scores, stratum) @ a
    observed = float(np.square(left.T @ (column @ b)).sum())
    null = np.empty(len(draws))
    moved = column @ b
    chunk = max(1, _CHUNK // max(1, moved.size))
    for start in range(0, len(draws), chunk):
        product = np.einsum("nr,knd->krd", left, moved[draws[start : start + chunk]], optimize=True)
        null[start : start + chunk] = np.square(product).sum(axis=(1, 2))
    most, usual = min(left.shape[1], moved.shape[1]), float(null.mean())
    p = float((1 + (null >= observed * (1 - 1e-9) - 1e-12).sum()) / (1 + len(null)))
    return (observed - usual) / max(most - usual, 1e-9), p


def full_test(scores: np.ndarray, label: np.ndarray, stratum: np.ndarray, draws: np.ndarray) -> float:
    """Return the p-value of "predictions are independent of the label given the column", one-sided and never 0.

    Parameters
    ----------
    scores : (n, classes) predictions; a record's own class should be scored high.
    label : (n,) codes, the part that changes places.
    stratum : (n,) level of the column, crossed with the fold.
    draws : (b, n) exchanged positions within the stratum.

    Notes
    -----
    The statistic is the sum of the ranks, inside the stratum, of each record's score for its own class. For two classes it orders
    draws as the AUC within strata does, every stratum counted by its pairs.
    """
    ranks = np.column_stack([_ranks(scores[:, k], stratum) for k in range(scores.shape[1])])
    rows = np.arange(len(label))
    observed = float(ranks[rows, label].sum())
    null = np.array([ranks[rows, label[draw]].sum() for draw in draws])
    return float((1 + (null >= observed - 1e-9 * max(1.0, abs(observed))).sum()) / (1 + len(null)))


def _centred(matrix: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    size = np.bincount(stratum).astype(np.float64)
    means = np.column_stack([np.bincount(stratum, matrix[:, j]) / size for j in range(matrix.shape[1])])
    return np.asarray(matrix - means[stratum])


def _whitening(centred: np.ndarray) -> np.ndarray | None:
    """Return the matrix that turns centred columns into orthonormal ones, or None if they do not vary."""
    values, vectors = np.linalg.eigh(centred.T @ centred)
    kept = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-9)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept])) if kept.any() else None


def _ranks(score: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Return midranks inside strata."""
    order = np.lexsort((score, stratum))
    s, v = stratum[order], score[order]
    first = np.ones(len(s), dtype=bool)
    first[1:] = s[1:] != s[:-1]
    tie = first.copy()
    tie[1:] |= v[1:] != v[:-1]
    group = np.cumsum(tie) - 1
    count = np.bincount(group)
    start = np.cumsum(count) - count
    begin = np.maximum.accumulate(np.where(first, np.arange(len(s)), 0))
    out = np.empty(len(s))
    out[order] = start[group] + (count[group] + 1) / 2 - begin
    return out
