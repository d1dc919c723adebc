"""How far a split is from perfect: records by which the folds miss their share of every stratum.

Shares are whole numbers: fold k should hold shares[k] / U of every stratum, with U = sum(shares). Equal folds have
shares of one and U = K. Everything is counted in U-fold units, U * S_kl - shares[k] * A_l, which keeps every figure an
integer, so that sums do not depend on the order in which they are taken.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit_pipeline.splits.strata import Floats, Ints, Strata


def residual(strata: Strata, fold: Ints, shares: Ints) -> Ints:
    """Return (n_folds, n_strata) U * S_kl - shares[k] * A_l: U times the records by which a fold misses its share."""
    missed: Ints = shares.sum() * strata.fold_counts(fold, len(shares)) - shares[:, None] * strata.total
    return missed


def objective(residuals: npt.NDArray[np.number], weight: Floats, unit: int) -> float:
    """Return sum_kl w_l |S_kl - A_l shares[k] / U| in records, given the residuals of `residual` and U."""
    return float((np.abs(residuals).sum(axis=0) * weight).sum() / unit)


def deviation_by_name(strata: Strata, residuals: Ints, unit: int) -> dict[str, float]:
    """Return the unweighted deviation in records, summed over folds and levels, of every column and crossing."""
    of_stratum = np.abs(residuals).sum(axis=0) / unit
    total = np.bincount(strata.name_of, weights=of_stratum, minlength=len(strata.names))
    return {name: float(value) for name, value in zip(strata.names, total, strict=True)}
