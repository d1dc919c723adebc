"""An independent count of what a split is worth, and datasets to split."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

Columns = dict[str, np.ndarray]


def _strata(columns: Columns, cross_with: str | None) -> dict[str, list[np.ndarray]]:
    """Return name -> one boolean (n_records,) mask per stratum."""
    n_records = len(next(iter(columns.values())))
    masks = {"(records)": [np.ones(n_records, dtype=bool)]}
    for name, codes in columns.items():
        masks[name] = [codes == level for level in np.unique(codes)]
        if cross_with and name != cross_with:
            labels = [columns[cross_with] == label for label in np.unique(columns[cross_with])]
            masks[f"{cross_with} x {name}"] = [label & level for label in labels for level in masks[name]]
    return masks


@pytest.fixture(scope="session")
def recount() -> Callable[..., dict[str, float]]:
    """Deviation in records of every name, counted record by record."""

    def count(fold: np.ndarray, columns: Columns, n_folds: int, cross_with: str | None = "label") -> dict[str, float]:
        return {
            name: float(
                sum(abs((mask & (fold == k)).sum() - mask.sum() / n_folds) for mask in masks for k in range(n_folds))
            )
            for name, masks in _strata(columns, cross_with).items()
        }

    return count


@pytest.fixture(scope="session")
def best_by_enumeration() -> Callable[..., float]:
    """Smallest objective over every split of whole subjects without an empty fold."""

    def best(
        columns: Columns, subject: np.ndarray, n_folds: int, weights: Mapping[str, float], cross_with: str | None
    ) -> float:
        codes = np.unique(subject, return_inverse=True)[1]
        n_subjects = int(codes.max()) + 1
        rows, price = [], []
        for name, masks in _strata(columns, cross_with).items():
            crossed = name.removeprefix(f"{cross_with} x ")
            rows += [np.bincount(codes, weights=mask, minlength=n_subjects) for mask in masks]
            price += [weights.get(name, weights.get(crossed, 1.0))] * len(masks)
        bring = np.array(rows).T
        # The first subject is in fold 0 without loss, as folds have no names.
        every = np.indices((n_folds,) * (n_subjects - 1)).reshape(n_subjects - 1, -1).T
        every = np.hstack([np.zeros((len(every), 1), dtype=int), every])
        total = np.zeros(len(every))
        filled = np.ones(len(every), dtype=bool)
        for k in range(n_folds):
            total += np.abs((every == k) @ bring - bring.sum(axis=0) / n_folds) @ np.array(price)
            filled &= (every == k).any(axis=1)
        return float(total[filled].min())

    return best


@pytest.fixture(scope="session")
def clinic() -> Callable[..., tuple[Columns, np.ndarray]]:
    """Five columns over subjects with several records; site and scanner partly follow the label."""

    def make(seed: int, n_subjects: int = 60, sizes: str = "lognormal") -> tuple[Columns, np.ndarray]:
        rng = np.random.default_rng(seed)
        if sizes == "lognormal":
            records = np.maximum(1, np.rint(rng.lognormal(np.log(5), 0.6, n_subjects)).astype(int))
        elif sizes == "zipf":
            records = np.minimum(1 + rng.zipf(2.5, n_subjects), 30)
        else:
            records = np.ones(n_subjects, dtype=int)
        subject = np.repeat(np.arange(n_subjects), records)
        label = rng.integers(0, 2, n_subjects)

        def following(levels: int) -> np.ndarray:
            return np.where(rng.random(n_subjects) < 0.3, label * (levels - 1), rng.integers(0, levels, n_subjects))

        columns = {
            "label": label[subject],
            "site": following(4)[subject],
            "sex": rng.integers(0, 2, n_subjects)[subject],
            "scanner": following(3)[subject],
            "session": rng.integers(0, 2, len(subject)),
        }
        return columns, subject

    return make
