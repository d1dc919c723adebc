"""How much of the label's log-loss each of several blocks of columns explains, alone and beyond the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit_pipeline.models.baselines import Scaler
from audit_pipeline.stats.auc import Z95, clustered_standard_error


@dataclass(frozen=True)
class Share:
    """A share of the label's log-loss with its 95% interval by subjects. Out-of-fold, so it can fall below 0."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Decomposition:
    """Explained log-loss: of all blocks together, of each alone, of each beyond the others, and what no single one owns."""

    total: Share
    alone: dict[str, Share]
    unique: dict[str, Share]
    shared: Share


class LogLosses:
    """Out-of-fold log-loss of each record from any set of blocks; every set is fitted once.

    Parameters
    ----------
    blocks : name -> (n, p) columns.
    label : (n,) codes below ``classes``.
    fold : (n,) folds.
    """

    def __init__(self, blocks: Mapping[str, np.ndarray], label: np.ndarray, classes: int, fold: np.ndarray) -> None:
        self.blocks, self.label, self.classes, self.fold = dict(blocks), label, classes, fold
        self._known: dict[frozenset[str], np.ndarray] = {}

    def __call__(self, names: Sequence[str]) -> np.ndarray:
        """Return the log-loss (n,) of a multinomial logistic regression on the named blocks; of the label's shares without."""
        key = frozenset(names)
        if key not in self._known:
            matrix = np.column_stack([self.blocks[name] for name in sorted(key)]) if key else None
            self._known[key] = self._fit(matrix)
        return self._known[key]

    def _fit(self, matrix: np.ndarray | None) -> np.ndarray:
        from sklearn.linear_model import LogisticRegression

        out = np.empty(len(self.label))
        for k in np.unique(self.fold):
            test = self.fold == k
            train = ~test
            counts = np.bincount(self.label[train], minlength=self.classes)
            # One record is added to each class, so that a class unseen in training costs much but not infinitely much.
            proba = np.tile((counts + 1.0) / (counts.sum() + self.classes), (int(test.sum()), 1))
            if matrix is not None and (counts > 0).sum() > 1:
                scaler = Scaler.fit(matrix[train])
                model = LogisticRegression(C=1.0, max_iter=300, tol=1e-5).fit(scaler(matrix[train]), self.label[train])
                proba[:, model.classes_] = model.predict_proba(scaler(matrix[test]))
            chosen = proba[np.arange(int(test.sum())), self.label[test]]
            out[test] = -np.log(np.clip(chosen, 1e-6, None))
        return out


def decompose(losses: LogLosses, names: Sequence[str], subject: np.ndarray) -> Decomposition:
    """Return the decomposition over the named blocks.

    Notes
    -----
    Shares are differences of log-losses over the log-loss of the label's shares (McFadden's R2); log-losses add up, so that
    unique and shared parts sum to the total. The shared part may be negative: blocks can explain more together than apart.
    """
    base, full = losses(()), losses(names)

    def share(gain: np.ndarray) -> Share:
        estimate = float(gain.sum() / base.sum())
        error = clustered_standard_error((gain - estimate * base) / base.sum(), subject)
        return Share(estimate, estimate - Z95 * error, estimate + Z95 * error)

    gains = {name: losses([other for other in names if other != name]) - full for name in names}
    return Decomposition(
        total=share(base - full),
        alone={name: share(base - losses([name])) for name in names},
        unique={name: share(gain) for name, gain in gains.items()},
        shared=share(base - full - sum(gains.values(), np.zeros(len(base)))),
    )
