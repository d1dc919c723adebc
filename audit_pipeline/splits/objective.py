"""How far a split is from perfect: records by which the folds miss an equal share of every stratum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit_pipeline.splits.strata import Floats, Ints, Strata


def residual(strata: Strata, fold: Ints, n_folds: int) -> Ints:
    """Return (n_folds, n_strata) K * S_kl - A_l: K times the records by which a fold misses its share.

    The factor K keeps every figure an integer, so sums do not depend on the order in which they are taken.
    """
    return n_folds * strata.fold_counts(fold, n_folds) - strata.total


def objective(residuals: npt.NDArray[np.number], weight: Floats) -> float:
    """Return sum_kl w_l |S_kl - A_l / K| in records, given the residuals of `residual`."""
    return float((np.abs(residuals).sum(axis=0) * weight).sum() / len(residuals))


def deviation_by_name(strata: Strata, residuals: Ints) -> dict[str, float]:
    """Return the unweighted deviation in records, summed over folds and levels, of every column and crossing."""
    of_stratum = np.abs(residuals).sum(axis=0) / len(residuals)
    total = np.bincount(strata.name_of, weights=of_stratum, minlength=len(strata.names))
    return {name: float(value) for name, value in zip(strata.names, total, strict=True)}
