"""The models whose scores an audit explains: a regularised linear one, boosted trees, a small network.

They are baselines, not contenders: what a shortcut does to them it does to larger models too. Everything that is fitted (means
of missing values, scales, early stopping) is fitted on training records alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from audit_pipeline.stats.seeds import generator
from audit_pipeline.stats.thinning import whole_subjects

MAX_FIT = 50_000
"""Records of randomly drawn training subjects that a baseline learns from at most. All records are predicted."""


class Baseline(Protocol):
    """Fits on one part and returns class probabilities (n_test, classes) for the other."""

    def __call__(
        self, train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, subject: np.ndarray, seed: int
    ) -> np.ndarray: ...


@dataclass(frozen=True)
class Scaler:
    """Column means and deviations of training records; missing values become the mean."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, train: np.ndarray) -> Scaler:
        """Learn from (n, p) float64 with NaN for missing."""
        known = ~np.isnan(train)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, train, 0.0).sum(axis=0) / count
        scale = np.sqrt((np.where(known, train - mean, 0.0) ** 2).sum(axis=0) / count)
        return cls(mean, np.where(scale > 1e-12, scale, 1.0))

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Return the matrix standardised, missing values 0, outliers cut at ten deviations."""
        # In place: of wide matrices of recordings every copy is hundreds of megabytes.
        out = np.asarray(matrix - self.mean)
        out /= self.scale
        np.nan_to_num(out, copy=False, nan=0.0)
        return np.clip(out, -10, 10, out=out)


def linear(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, subject: np.ndarray, seed: int
) -> np.ndarray:
    """Logistic regression with ridge penalty 1 on standardised columns."""
    from sklearn.linear_model import LogisticRegression

    scaler = Scaler.fit(train)
    model = LogisticRegression(C=0.1, max_iter=500, tol=1e-5)
    model.fit(scaler(train), label)
    return _spread(model.predict_proba(scaler(test)), model.classes_, classes)


def trees(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, subject: np.ndarray, seed: int
) -> np.ndarray:
    """Histogram-based gradient-boosted trees; missing values are handled by the trees themselves."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.1,
        max_leaf_nodes=8,
        min_samples_leaf=max(3, min(20, len(train) // 20)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(train, label)
    return _spread(model.predict_proba(test), model.classes_, classes)


def network(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, subject: np.ndarray, seed: int
) -> np.ndarray:
    """A small multilayer perceptron in torch; see ``models.network``."""
    from audit_pipeline.models.network import fit_predict

    scaler = Scaler.fit(train)
    return fit_predict(scaler(train), label, scaler(test), classes, subject, seed)


BASELINES: dict[str, Baseline] = {"linear": linear, "trees": trees, "network": network}


def cross_fit(
    model: Baseline,
    matrix: np.ndarray,
    label: np.ndarray,
    classes: int,
    subject: np.ndarray,
    fold: np.ndarray,
    seed: int,
    progress: Callable[[], None] | None = None,
) -> np.ndarray:
    """Return out-of-fold probabilities (n, classes).

    A training part with a single class predicts that class's share for all.
    """
    out = np.empty((len(label), classes))
    for k in range(int(fold.max()) + 1):
        test = fold == k
        train = np.flatnonzero(~test)
        _, whose = np.unique(subject[train], return_inverse=True)
        train = train[whole_subjects(whose, MAX_FIT, generator(seed, "fit", k))]
        if len(np.unique(label[train])) < 2:
            out[test] = np.bincount(label[train], minlength=classes) / max(1, len(train))
        else:
            out[test] = model(matrix[train], label[train], matrix[test], classes, subject[train], seed + k)
        if progress:
            progress()
    return out


def _spread(proba: np.ndarray, seen: np.ndarray, classes: int) -> np.ndarray:
    """Return probabilities with a zero column for classes that the training part lacked."""
    out = np.zeros((len(proba), classes))
    out[:, seen] = proba
    return out
