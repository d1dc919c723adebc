"""Predictions of the label out of fold, for the peers that judge a model's predictions.

Five folds, stratified by the label where it has classes, never splitting a subject; a standardised linear model, which
is what these peers' own examples use. The metadata columns are not among the features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from .cases import Case

FOLDS = 5


@dataclass(frozen=True)
class Predictions:
    """Out-of-fold predictions.

    Parameters
    ----------
    label : the label of each record, ``classes`` coded 0, 1, ... in sorted order, or numbers.
    classes : names of the classes; empty for a number.
    probability : ``(n, len(classes))``; empty for a number.
    value : the most probable class, or the predicted number.
    """

    label: np.ndarray
    classes: tuple[str, ...]
    probability: np.ndarray
    value: np.ndarray


def cross_fitted(case: Case, frame: pd.DataFrame) -> Predictions:
    """Predict the label of each record by a model that has not seen it, nor its subject.

    Raises
    ------
    ValueError : the label has fewer than two classes, or a class has fewer records than there are folds.
    """
    from sklearn.linear_model import LogisticRegression, RidgeCV

    x = frame[list(case.features)].to_numpy(dtype=float)
    groups = None if case.subject is None else frame[case.subject].astype(str).to_numpy()
    if case.label_kind == "number":
        y = frame[case.label].to_numpy(dtype=float)
        model = RidgeCV(np.logspace(-2, 4, 13))
        value = _out_of_fold(model, x, y, groups, case.seed, "predict")
        return Predictions(y, (), np.empty((len(y), 0)), value)
    names, y = np.unique(frame[case.label].astype(str).to_numpy(), return_inverse=True)
    rarest = int(np.bincount(y).min())
    if len(names) < 2 or rarest < 2:
        raise ValueError(f"label {case.label!r} has {len(names)} classes, the rarest of {rarest} records")
    probability = _out_of_fold(LogisticRegression(max_iter=1000), x, y, groups, case.seed, "predict_proba")
    return Predictions(y, tuple(map(str, names)), probability, probability.argmax(axis=1))


def _out_of_fold(
    model: Any, x: np.ndarray, y: np.ndarray, groups: np.ndarray | None, seed: int, method: str
) -> np.ndarray:
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipe = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), model)
    return cross_val_predict(pipe, x, y, groups=groups, cv=folds(y, groups, seed), method=method)


def folds(y: np.ndarray, groups: np.ndarray | None, seed: int) -> Any:
    """Return scikit-learn's splitter: stratified for whole numbers, never splitting a group."""
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    if np.issubdtype(y.dtype, np.integer):
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        return kind(FOLDS, shuffle=True, random_state=seed)
    return KFold(FOLDS, shuffle=True, random_state=seed) if groups is None else GroupKFold(FOLDS)


def discrete(column: pd.Series, kind: str, bins: int = 4) -> pd.Series:
    """Return the levels of a column as text: a missing value is a level, numbers are cut at their quantiles."""
    import pandas as pd

    if kind == "number":
        column = pd.qcut(column, bins, duplicates="drop")
    return column.astype(str).where(column.notna(), "missing")
