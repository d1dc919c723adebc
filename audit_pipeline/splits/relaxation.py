"""How large can a test part be in which the label does not depend on metadata? The linear programme that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_pipeline.splits.cells import Cells
from audit_pipeline.splits.strata import Floats, Ints

_ROUNDING = 0.5
_SLACK = 1e-6
_LEVEL_PRICE = 0.5


def imbalance(cells: Cells, name: str, shares: Floats) -> Any:
    """Return (n_kinds, n_levels * n_labels) sparse: what a subject adds to S_yc - p_y S_.c of every cell."""
    from scipy.sparse import csr_array, eye_array, kron

    n_levels, n_labels = cells.total[name].shape
    of_level = np.eye(n_labels) - np.tile(shares, (n_labels, 1))
    return csr_array(cells.counts[name] @ kron(eye_array(n_levels), of_level, format="csr"))


def at_most_alone(cells: Cells, name: str, shares: Floats, ratio: Ints | None, wanted: int, most: float) -> int:
    """Return how many records a part can have at most that is balanced for one column; proven by counting.

    In whole numbers a level gives k times the ratio or nothing.
    """
    given = np.floor(most * cells.total[name] + _SLACK)
    if ratio is not None:
        return min(wanted, int((given // ratio).min(axis=1).sum()) * int(ratio.sum()))
    strict = _tolerance(cells, name, shares, wanted) == 0
    rarest = np.where(strict, given / shares, np.inf).min(axis=1)
    return min(wanted, int(np.minimum(rarest, cells.total[name].sum(axis=1)).sum() + _SLACK))


def relax(cells: Cells, columns: Sequence[str], shares: Floats, wanted: int, most: float) -> tuple[float, Floats]:
    """Return (most records that can be held out, (n_kinds,) subjects of each kind, not whole) of the linear programme.

    Of all solutions of that size it is one that moves the fewest records away from a proportional sample, in kinds of
    subjects and in levels: test and training parts then are as alike in everything else as chance would make them.
    """
    from scipy.sparse import vstack

    rows, low, high = [], [], []
    for name in columns:
        # One equation of each level follows from the others.
        n_levels, n_labels = cells.total[name].shape
        kept = np.tile(np.arange(n_labels) != int(shares.argmax()), n_levels)
        allowed = _tolerance(cells, name, shares, wanted).reshape(-1)[kept]
        rows += [imbalance(cells, name, shares)[:, kept].T, cells.counts[name].T]
        capped = np.floor(most * cells.total[name].reshape(-1) + _SLACK)
        low += [-allowed, np.zeros(len(capped))]
        high += [allowed, capped]
    problem = _Problem(
        matrix=vstack(rows, format="csr"),
        low=np.concatenate(low),
        high=np.concatenate(high),
        ceiling=np.ceil(most * cells.available),
    )
    records = float(wanted)
    nearest = _nearest(cells, columns, problem, records)
    if nearest is None:
        size = cells.size.astype(np.float64)
        largest = _solve(-size, problem)
        if largest is None:
            return 0.0, np.zeros(cells.n_kinds)
        records = min(records, float(size @ largest))
        nearest = _nearest(cells, columns, problem, records)
        if nearest is None:
            return records, largest
    return records, nearest


@dataclass(frozen=True)
class _Problem:
    """low <= matrix x <= high, 0 <= x <= ceiling."""

    matrix: Any
    low: Floats
    high: Floats
    ceiling: Floats


def _nearest(cells: Cells, columns: Sequence[str], problem: _Problem, records: float) -> Floats | None:
    """Return the solution of so many records that is nearest to a proportional sample; None if there is none.

    Kinds are written as x = sample + up - down and levels as their due + over - under, and all four have a price.
    """
    from scipy.sparse import block_array, csr_array, eye_array, vstack

    size, share = cells.size.astype(np.float64), records / cells.records
    sample = np.minimum(_proportional(cells, share), problem.ceiling)
    down = np.flatnonzero(sample)
    by_level = vstack([cells.by_level(name).T for name in columns], format="csr")
    due = np.concatenate([cells.total[name].sum(axis=1) for name in columns]) * share
    fixed = vstack([problem.matrix, csr_array(size[None])], format="csr")
    miss = eye_array(len(due))
    held, level_held = fixed @ sample, by_level @ sample
    found = _solve(
        np.concatenate([size, size[down], np.full(2 * len(due), _LEVEL_PRICE)]),
        _Problem(
            matrix=block_array(
                [[fixed, -fixed[:, down], None, None], [by_level, -by_level[:, down], miss, -miss]], format="csr"
            ),
            low=np.concatenate([np.append(problem.low, records - _SLACK) - held, due - level_held]),
            high=np.concatenate([np.append(problem.high, records) - held, due - level_held]),
            ceiling=np.concatenate([problem.ceiling - sample, sample[down], np.full(2 * len(due), np.inf)]),
        ),
    )
    if found is None:
        return None
    solution: Floats = sample + found[: len(size)]
    solution[down] -= found[len(size) : len(size) + len(down)]
    return solution


def _tolerance(cells: Cells, name: str, shares: Floats, wanted: int) -> Floats:
    """Return (n_levels, n_labels) records by which a cell may be off: where less than half a record is due, none is fine."""
    by_level = cells.total[name].sum(axis=1, keepdims=True)
    due: Floats = by_level * shares * (wanted / by_level.sum())
    return np.where(due < _ROUNDING, due, 0.0)


def _proportional(cells: Cells, share: float) -> Floats:
    """Return (n_kinds,) whole numbers of subjects: a systematic sample of that share along the canonical order."""
    upto = np.floor(cells.available.cumsum() * share + _ROUNDING)
    sample: Floats = np.diff(upto, prepend=0.0)
    return sample


def _solve(cost: Floats, problem: _Problem) -> Floats | None:
    """Return the x of least cost; None if there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(
        cost,
        bounds=Bounds(0, problem.ceiling),
        constraints=LinearConstraint(problem.matrix, problem.low, problem.high),
    )
    return None if found.x is None else np.clip(found.x, 0, problem.ceiling)
