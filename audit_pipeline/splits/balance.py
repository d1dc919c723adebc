"""Which columns can be balanced together, at which ratio of the labels, and how many records that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from audit_pipeline.splits.cells import Cells
from audit_pipeline.splits.relaxation import at_most_alone, relax
from audit_pipeline.splits.strata import Floats, Ints

MIN_SUBJECTS = 5
"""A test part needs so many subjects of at least two labels."""
MIN_RECORDS = 10
_SIMPLEST_RATIO = 20
_RATIO_TOLERANCE = 0.05
_RARE_LABEL_TOLERANCE = 1.5
_ENOUGH = 0.95


@dataclass(frozen=True)
class Plan:
    """What can be balanced.

    Attributes
    ----------
    shares : (n_labels,) the ratio of the labels; ``ratio`` the same in small whole numbers, if it is one.
    columns : those that can be balanced together at this ratio; ``left_out``: why the others cannot.
    at_most : records that a balanced part can have; proven.
    start : (n_kinds,) subjects of each kind in the relaxed solution, not whole.
    """

    shares: Floats
    ratio: Ints | None
    columns: tuple[str, ...]
    left_out: dict[str, str]
    at_most: int
    start: Floats


def make_plan(cells: Cells, wanted: int, most: float) -> Plan:
    """Return the best plan for a part of ``wanted`` records that takes no more than a share ``most`` of any cell.

    First the ratio of the labels in all records. If it leaves the part too small, the ratio among those records whose
    levels have every label: levels with a single label say nothing about the ratio that the others could have.
    """
    plan = _with_shares(cells, cells.labels / cells.labels.sum(), wanted, most)
    if plan.left_out or plan.at_most < _ENOUGH * wanted:
        shared = _labels_where_all_are(cells)
        if (shared > 0).all():
            other = _with_shares(cells, shared / shared.sum(), wanted, most)
            if (len(other.columns), other.at_most) > (len(plan.columns), plan.at_most):
                return other
    return plan


def _with_shares(cells: Cells, shares: Floats, wanted: int, most: float) -> Plan:
    ratio = simplest_ratio(shares)
    exact = shares if ratio is None else ratio / ratio.sum()

    def attempt(columns: Sequence[str]) -> Plan:
        records, start = relax(cells, columns, exact, wanted, most)
        most_alone = [at_most_alone(cells, name, exact, ratio, wanted, most) for name in columns]
        at_most = min(int(records + 1e-6), *most_alone)
        whole = 1 if ratio is None else int(ratio.sum())
        return Plan(exact, ratio, tuple(columns), {}, at_most // whole * whole, start)

    plan = attempt(list(cells.total))
    if _worthwhile(cells, plan):
        return plan
    kept: list[str] = []
    left_out: dict[str, str] = {}
    plan = Plan(exact, ratio, (), {}, 0, np.zeros(cells.n_kinds))
    for name in cells.total:
        further = attempt([*kept, name])
        if _worthwhile(cells, further):
            plan, kept = further, [*kept, name]
        elif not kept or not _worthwhile(cells, attempt([name])):
            left_out[name] = "its levels do not have enough records of every label"
        else:
            left_out[name] = f"together with {', '.join(kept)} it tells the labels apart almost without exception"
    return replace(plan, left_out=left_out)


def _worthwhile(cells: Cells, plan: Plan) -> bool:
    """Tell whether the relaxed solution promises a test part with enough records, and subjects of two labels."""
    if plan.at_most < MIN_RECORDS:
        return False
    subjects = np.sort(cells.has_label.T @ plan.start)[::-1]
    return len(subjects) > 1 and bool(subjects[1] > MIN_SUBJECTS - 0.5)


def simplest_ratio(shares: Floats) -> Ints | None:
    """Return the smallest whole numbers within five percentage points of shares (half their L1 distance), or None.

    No label gets more than half as much again as its share: of a rare label there is not enough to be generous.

    >>> simplest_ratio(np.array([0.46, 0.54])).tolist(), simplest_ratio(np.array([0.9, 0.1])).tolist()
    ([1, 1], [6, 1])
    >>> simplest_ratio(np.array([0.995, 0.005])) is None
    True
    """
    for parts in range(len(shares), _SIMPLEST_RATIO + 1):
        ratio = np.maximum(1, np.floor(shares * parts).astype(np.int64))
        while ratio.sum() < parts:
            ratio[int((shares * parts - ratio).argmax())] += 1
        while ratio.sum() > parts:
            ratio[int(np.where(ratio > 1, ratio - shares * parts, -np.inf).argmax())] -= 1
        near = np.abs(ratio / parts - shares).sum() / 2 <= _RATIO_TOLERANCE + 1e-9
        if near and (ratio / parts <= _RARE_LABEL_TOLERANCE * shares).all():
            smallest: Ints = ratio // np.gcd.reduce(ratio)
            return smallest
    return None


def _labels_where_all_are(cells: Cells) -> Floats:
    """Return (n_labels,) records in levels that hold every label, of the column where that leaves the fewest."""
    counts = [total[(total > 0).all(axis=1)].sum(axis=0) for total in cells.total.values()]
    fewest: Floats = min(counts, key=lambda found: int(found.sum())).astype(np.float64)
    return fewest
