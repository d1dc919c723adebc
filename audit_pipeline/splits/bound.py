"""What no split can be better than.

Three layers, each cheap and each proven; all sums over folds, in U-fold units (`objective`), so that they are integers.

1. One stratum on its own. A subject that brings more than A / K records overfills its fold by the difference. What
   the other folds can then hold are whole multiples of the greatest common divisor of the subjects' counts, so they
   cannot all hit A / K either. For single records this is the well-known 2 r (K - r) / K with r = A mod K.
   Where shares differ, the two arguments are made apart and the stronger one counts: the m largest subjects overfill
   even the m largest folds, for any m; and whole multiples are dealt to the folds that they overfill least.
2. One family: a metadata level together with its label cells. Whoever decides one of them decides the others; where
   few subjects are involved, exhaustive search (`exact.climb`) finds the family's own optimum.
3. All strata together, again by `exact.climb`, with the families' bounds in every partial split.

The sum of the families' bounds is a bound because each family's deviation is at least its own optimum.
"""

from __future__ import annotations

import numpy as np

from audit_pipeline.splits.exact import Problem, climb
from audit_pipeline.splits.strata import Floats, Ints, Strata
from audit_pipeline.stats.codes import dense

_FAMILY_SUBJECTS = 40
_FAMILY_CELLS = 60_000
_FAMILIES = 400
_ALL_SUBJECTS = 300
_CELLS = 500_000
_TINY_SUBJECTS = 24
_TINY_CELLS = 2_000_000


def stratum_floors(strata: Strata, shares: Ints) -> Floats:
    """Return (n_strata,) least deviation of each stratum alone, unweighted, in U-fold units."""
    order = np.argsort(strata.index, kind="stable")
    stratum, count = strata.index[order], strata.count[order]
    copies = np.diff(strata.first_of_kind)[strata.kind_of_entry[order]]
    begin = np.searchsorted(stratum, np.arange(strata.n_strata))
    unit, n_folds = np.gcd.reduceat(count, begin), len(shares)
    if shares.max() > 1:
        overfilled = _overfilled(stratum, count, copies, strata.total, shares)
        return 2.0 * np.maximum(overfilled, _indivisible(strata.total, unit, shares))
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


def _overfilled(stratum: Ints, count: Ints, copies: Ints, total: Ints, shares: Ints) -> Ints:
    """Return (n_strata,) records by which the m largest subjects overfill the m largest folds, for the best m.

    They are in at most m folds, and those should hold no more than the m largest shares.
    """
    best = np.zeros(len(total), dtype=np.int64)
    order = np.lexsort((-count, stratum))
    stratum, count, copies = stratum[order], count[order], copies[order]
    begin = np.searchsorted(stratum, np.arange(len(total)))
    behind = copies.cumsum() - copies
    behind -= behind[begin][stratum]
    wanted = np.sort(shares)[::-1].cumsum()
    held = np.zeros(len(total), dtype=np.int64)
    for m in range(1, len(shares) + 1):
        # The m-th largest count of each stratum: the entry in whose copies it falls, if there are so many.
        mth = (behind < m) & (m <= behind + copies)
        held[stratum[mth]] += count[mth]
        np.maximum(best, shares.sum() * held - wanted[m - 1] * total, out=best)
    return best


def _indivisible(total: Ints, unit: Ints, shares: Ints) -> Ints:
    """Return (n_strata,) least surplus if records come in multiples of ``unit`` (n_strata,).

    A sum of convex functions of whole numbers: fill every fold up to the multiple below its share, then give what is
    left to the folds that one more multiple overfills least.
    """
    step = shares.sum() * unit
    wanted = shares[:, None] * total
    overfill = np.sort((wanted // step + 1) * step - wanted, axis=0)
    left = total // unit - (wanted // step).sum(axis=0)
    surplus: Ints = np.where(np.arange(len(shares))[:, None] < left, overfill, 0).sum(axis=0)
    return surplus


def raise_bound(strata: Strata, fold: Ints, shares: Ints, floors: Floats, spread: Floats) -> tuple[float, Ints | None]:
    """Return (lower bound in U-fold units, (n_subjects,) a better split if one turned up).

    Parameters
    ----------
    fold : (n_subjects,) the split found so far.
    floors : result of `stratum_floors`.
    spread : (n_strata,) unweighted deviation of that split in U-fold units.
    """
    family = dense(strata.family)
    least: Floats = np.bincount(family, weights=floors * strata.weight).astype(np.float64)
    n_folds = len(shares)
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
                shares=shares,
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
        shares=shares,
        floor=floors[columns],
        family=family.reshape(-1),
        family_floor=least[used],
        may_be_empty=False,
    )
    cells = _TINY_CELLS if strata.n_subjects <= _TINY_SUBJECTS else _CELLS
    proof = climb(whole, float(attained.sum()), cells // (n_folds * len(columns)))
    return proof.bound, proof.fold
