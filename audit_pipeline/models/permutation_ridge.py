"""Cross-fitted ridge regression under many permutations of its target at once.

With features Z fixed, the fit for a fold needs the target R only through the sums S_k = Z_k' W R_k of each fold. For a
permuted target R* only these sums change, so all permutations are one matrix product, and the statistic

    T = sum_i w_i <r_i, f_-k(i)(z_i)> = sum_k <S_k, (G - G_k + penalty)^-1 (S - S_k)>

needs no prediction at all. Sums over rows are all that is ever needed of the data, so memory does not grow with n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PENALTIES = (0.01, 0.1, 1.0)
"""Ridge penalties as multiples of the training records' weight. Features are standardised, so these are shares of a feature's
variance: from nearly least squares to nearly the difference of means. All are tried, the best inside the permutations."""

_CHUNK = 30_000_000


@dataclass(frozen=True)
class _Fold:
    rows: np.ndarray
    values: np.ndarray
    vectors: np.ndarray


class PermutationRidge:
    """Ridge smoothers of one feature matrix for every fold and penalty.

    Parameters
    ----------
    z : (n, q) features, centred.
    fold : (n,) fold codes.
    weight : (n,) weights of records.
    """

    def __init__(self, z: np.ndarray, fold: np.ndarray, weight: np.ndarray) -> None:
        self.z, self.fold, self.weight = z, fold, weight
        self.weighted = z * weight[:, None]
        self.folds: list[_Fold] = []
        grams = []
        for k in range(int(fold.max()) + 1):
            rows = np.flatnonzero(fold == k)
            grams.append((rows, z[rows].T @ self.weighted[rows]))
        total = sum((gram for _, gram in grams), np.zeros((z.shape[1], z.shape[1])))
        for rows, gram in grams:
            values, vectors = np.linalg.eigh(total - gram)
            training = float(weight.sum() - weight[rows].sum())
            self.folds.append(_Fold(rows, np.maximum(values, 0.0) / training, vectors / np.sqrt(training)))

    def statistics(self, column: np.ndarray, expected: np.ndarray, draws: np.ndarray | None) -> np.ndarray:
        """Return T for every penalty and draw.

        Parameters
        ----------
        column : (n, d) basis of the column, the part that changes places.
        expected : (n, d) what is expected of it at each record, which stays; the target is their difference.
        draws : (b, n) exchanged positions, or None for the column as it is.

        Returns
        -------
        (penalties, b) array, b = 1 without draws.
        """
        if draws is None:
            return self._statistics((column - expected)[:, None, :])
        n, d = column.shape
        chunk = max(1, _CHUNK // (n * d))
        parts = [
            self._statistics(column[draws[start : start + chunk].T] - expected[:, None, :])
            for start in range(0, len(draws), chunk)
        ]
        return np.concatenate(parts, axis=1)

    def _statistics(self, target: np.ndarray) -> np.ndarray:
        n, b, d = target.shape
        flat = np.ascontiguousarray(target.reshape(n, b * d))
        sums = [self.weighted[part.rows].T @ flat[part.rows] for part in self.folds]
        total = np.sum(sums, axis=0)
        out = np.zeros((len(PENALTIES), b))
        for part, own in zip(self.folds, sums, strict=True):
            product = (part.vectors.T @ own) * (part.vectors.T @ (total - own))
            for j, penalty in enumerate(PENALTIES):
                # Summed over eigen directions first, then over the d columns of each draw.
                out[j] += ((1 / (part.values + penalty)) @ product).reshape(b, d).sum(axis=1)
        return out / float(self.weight.sum())

    def predict(self, target: np.ndarray) -> np.ndarray:
        """Return out-of-fold predictions (n, d) of the target: the mean over penalties, each at unit deviation.

        Choosing the penalty that looks best would bias the predictions' AUC upwards (to .52 at 100 records without any signal).
        """
        out = np.zeros_like(target)
        sums = [self.weighted[part.rows].T @ target[part.rows] for part in self.folds]
        total = np.sum(sums, axis=0)
        for part, own in zip(self.folds, sums, strict=True):
            features, sides = self.z[part.rows] @ part.vectors, part.vectors.T @ (total - own)
            for penalty in PENALTIES:
                fitted = features @ (sides / (part.values + penalty)[:, None])
                deviation = np.sqrt(np.mean(fitted**2))
                out[part.rows] += fitted / (deviation if deviation > 0 else 1.0)
        return out
