"""What no split can be better than.

Three layers, each cheap and each proven; all sums over folds, in K-fold units (K * records), so that they are integers.

1. One stratum on its own. A subject that brings more than A / K records overfills its fold by the difference. What
   the other folds can then hold are whole multiples of the greatest common divisor of the subjects' counts, so they
   cannot all hit A / K either. For single records this is the well-known 2 r (K - r) / K with r = A mod K.
2. One family: a metadata level together with its label cells. Whoever decides one of them decides the others; where
   few subjects are involved, exhaustive search (`exact.climb`) finds the family's own optimum.
3. All strata together, again by `exact.climb`, with the families' bounds in every partial split.

The sum of the families' bounds is a bound because each family's deviation is at least its own optimum.
"""

from __future__ import annotations

import numpy as np

from audit_pipeline.splits.exact import Problem, climb
from audit_pipeline.splits.strata import Floats, Ints, Strata, dense_codes

_FAMILY_SUBJECTS = 40
_FAMILY_CELLS = 60_000
_FAMILIES = 400
_ALL_SUBJECTS = 300
_CELLS = 500_000
_TINY_SUBJECTS = 24
_TINY_CELLS = 2_000_000


def stratum_floors(strata: Strata, n_folds: int) -> Floats:
    """Return (n_strata,) least deviation of each stratum alone, unweighted, in K-fold units."""
    order = np.argsort(strata.index, kind="stable")
    stratum, count = strata.index[order], strata.count[order]
    copies = np.diff(strata.first_of_kind)[strata.kind_of_entry[order]]
    begin = np.searchsorted(stratum, np.arange(strata.n_strata))
    unit = np.gcd.reduceat(count, begin)
    excess = n_folds * count - strata.total[stratum]
    large = np.where(excess > 0, copies, 0)
    n_large = np.add.reduceat(large, begin)
    surplus = np.add.reduceat(large * np.maximum(excess, 0), begin)
    rest = strata.total - np.add.reduceat(large * count, begin)
    # The folds without a large subject take the rest in whole units: up to the unit below A / K at no surplus, and
    # each further unit overfills one of them.
    below = strata.total // (n_folds * unit) * unit
    further = np.maximum(0, rest - (n_folds - n_large) * below) // unit
    surplus += further * (n_folds * (below + unit) - strata.total)
    floors: Floats = 2.0 * surplus
    return floors


def raise_bound(strata: Strata, fold: Ints, n_folds: int, floors: Floats, spread: Floats) -> tuple[float, Ints | None]:
    """Return (lower bound in K-fold units, (n_subjects,) a better split if one turned up).

    Parameters
    ----------
    fold : (n_subjects,) the split found so far.
    floors : result of `stratum_floors`.
    spread : (n_strata,) unweighted deviation of that split in K-fold units.
    """
    family = dense_codes(strata.family)
    least: Floats = np.bincount(family, weights=floors * strata.weight).astype(np.float64)
    if strata.n_subjects > _ALL_SUBJECTS:
        return float(least.sum()), None
    attained = np.bincount(family, weights=spread * strata.weight)
    _, bring = strata.dense(np.arange(strata.n_subjects))
    improvable = np.flatnonzero(attained > least * (1 + 1e-9) + 1e-9)
    for member in improvable[:_FAMILIES]:
        columns = np.flatnonzero((family == member) & (strata.weight > 0))
        involved = np.flatnonzero(bring[:, columns].any(axis=1))
        if len(involved) <= _FAMILY_SUBJECTS:
            part = Problem(
                bring=bring[np.ix_(involved, columns)],
                weight=strata.weight[columns],
                n_folds=n_folds,
                floor=floors[columns],
                family=np.zeros(len(columns), dtype=np.int64),
                family_floor=np.zeros(1),
                may_be_empty=True,
            )
            least[member] = climb(part, float(attained[member]), _FAMILY_CELLS // (n_folds * len(columns))).bound
    columns = np.flatnonzero(strata.weight > 0)
    if len(columns) == 0:
        return 0.0, None
    used, family = np.unique(family[columns], return_inverse=True)
    whole = Problem(
        bring=bring[:, columns],
        weight=strata.weight[columns],
        n_folds=n_folds,
        floor=floors[columns],
        family=family.reshape(-1),
        family_floor=least[used],
        may_be_empty=False,
    )
    cells = _TINY_CELLS if strata.n_subjects <= _TINY_SUBJECTS else _CELLS
    proof = climb(whole, float(attained.sum()), cells // (n_folds * len(columns)))
    return proof.bound, proof.fold
