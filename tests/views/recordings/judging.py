"""How well a linear model tells two groups of recordings apart by one view, on recordings that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import rankdata

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import RecordingView, recording_views
from audit_pipeline.views.recordings.sound import Sound

FOLDS = 5


def view(medium: str, name: str) -> RecordingView:
    return next(one for one in recording_views(medium) if one.name == name)  # type: ignore[arg-type]


def rows(medium: str, name: str, recordings: Sequence[Picture | Sound]) -> np.ndarray:
    looked = view(medium, name)
    return np.stack([looked(recording) for recording in recordings]).astype(np.float64)


def cross_fitted_auc(x: np.ndarray, label: np.ndarray) -> float:
    """AUC of a ridge with one penalty a standardised column; missing values are the training mean."""
    score = np.zeros(len(label))
    # Folds in which both groups are equally frequent: otherwise a model without information scores below one half.
    fold = np.empty(len(label), dtype=int)
    for group in (0, 1):
        members = np.flatnonzero(label == group)
        fold[members] = np.arange(len(members)) % FOLDS
    for k in range(FOLDS):
        seen = fold != k
        known = np.isfinite(x[seen])
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, x[seen], 0).sum(axis=0) / count
        filled = np.where(np.isfinite(x), x, mean) - mean
        scale = filled[seen].std(axis=0)
        filled = filled[:, scale > 1e-9] / scale[scale > 1e-9]
        train, y = filled[seen], label[seen] - label[seen].mean()
        kernel = train @ train.T
        weights = np.linalg.solve(kernel + max(1.0, filled.shape[1]) * np.eye(len(train)), y)
        out = filled[~seen] @ (train.T @ weights)
        # Ranks within a fold, since folds have different models.
        score[~seen] = rankdata(out) / len(out)
    ranks = rankdata(score)
    ones = label == 1
    count_ones = int(ones.sum())
    return float((ranks[ones].sum() - count_ones * (count_ones + 1) / 2) / (count_ones * (len(label) - count_ones)))


def chance(n: int) -> float:
    """The AUC that a view without information exceeds once in a thousand, of n recordings in two equal groups."""
    half = n / 2
    return 0.5 + 3.09 * float(np.sqrt((2 * half + 1) / (12 * half**2)))


def told_apart(
    medium: str, make: Callable[[np.random.Generator, int], Picture | Sound], names: Sequence[str], n: int, seed: int
) -> dict[str, float]:
    """Return the AUC of each view between recordings made for group 0 and for group 1."""
    label = np.arange(n) % 2
    recordings = [make(np.random.default_rng([seed, i]), int(label[i])) for i in range(n)]
    return {name: cross_fitted_auc(rows(medium, name, recordings), label) for name in names}
