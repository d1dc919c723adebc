"""What smooth functions of covariates miss: thresholds and covariates that only act together.

Ill people may be those above an age, and above that age the values may come from another system. Smooth functions of age do not
tell the two apart, and the column or view that shows the threshold would be blamed for what age explains. So small boosted trees
predict the column from label and covariates, each unit by trees that never saw it, and their score is one more thing that is
conditioned on, beside the smooth functions: the regression that follows takes from it what is of use (stacked generalisation,
Wolpert, Neural Networks 5, 1992; conditioning on such a score is enough where it is right: Rosenbaum and Rubin 1983).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_Array = tuple[bytes, tuple[int, ...]]

FOLDS = 5
TREES = 40
FEWEST = 80
"""With fewer units trees find no threshold that is not chance."""
MOST_LEVELS = 12
MOST_UNITS = 20_000


def needs_trees(covariates: np.ndarray) -> bool:
    """Tell whether covariates (m, q) can hold thresholds or act together: levels of a single column are modelled exactly."""
    varying = covariates[:, covariates.std(axis=0) > 1e-12]
    marks = ((varying == 0) | (varying == 1)).all() and (varying.sum(axis=1) <= 1).all()
    return len(covariates) >= FEWEST and varying.shape[1] > 0 and not marks


def tree_score(covariates: np.ndarray, stratum: np.ndarray, column: np.ndarray, categorical: bool) -> np.ndarray:
    """Return what out-of-fold trees expect of the column, given stratum and covariates.

    Parameters
    ----------
    covariates : (m, q) of units.
    column : (m,) level codes, or numbers.

    Returns
    -------
    (m, k) log odds of each level but the first seen, or the expected number; k = 0 where it cannot be learned.
    """
    arrays = [np.ascontiguousarray(part, dtype=np.float64) for part in (covariates, stratum, column)]
    # Several probes condition one label on the same columns of the same records; the trees are the same for all of them.
    return _score(*((part.tobytes(), part.shape) for part in arrays), categorical).copy()


@lru_cache(maxsize=8)
def _score(first: _Array, second: _Array, third: _Array, categorical: bool) -> np.ndarray:
    covariates, stratum, column = (np.frombuffer(content).reshape(shape) for content, shape in (first, second, third))
    return _fitted(covariates, stratum, column, categorical)


def _fitted(covariates: np.ndarray, stratum: np.ndarray, column: np.ndarray, categorical: bool) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    m = len(column)
    seen = np.unique(column)
    if (categorical and not 2 <= len(seen) <= MOST_LEVELS) or m > MOST_UNITS:
        return np.zeros((m, 0))
    x = np.column_stack([covariates, stratum]).astype(np.float32)
    options = {
        "max_iter": TREES,
        "learning_rate": 0.15,
        "max_leaf_nodes": 4,
        "min_samples_leaf": max(8, min(50, m // 40)),
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": 0,
    }
    out = np.zeros((m, len(seen) - 1 if categorical else 1))
    # Units stand in an order that has nothing to do with the column; every fifth is left out in turn.
    fold = np.arange(m) % FOLDS
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        if categorical:
            if len(np.unique(column[train])) < len(seen):
                return np.zeros((m, 0))
            model = HistGradientBoostingClassifier(**options).fit(x[train], column[train])
            chance = np.clip(model.predict_proba(x[test]), 0.02, 0.98)
            out[test] = np.log(chance[:, 1:] / chance[:, :1])
        else:
            out[test, 0] = HistGradientBoostingRegressor(**options).fit(x[train], column[train]).predict(x[test])
    return out
