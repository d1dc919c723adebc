"""A counterbalanced test part: label and metadata independent of each other by the choice of what is tested.

A score on such a part cannot profit from the metadata: in it, every level of every column holds the labels in the same
ratio. It is chosen, whole subjects at a time, inside the test part only and before any training; the training part keeps
every other record. Dropping records after the fact, when a model has been trained, biases the score instead (Snoek 2019).

Which records can be held out is a linear question. Let x_t be the number of subjects of kind t in the test part, and fix
the ratio p_y of the labels; then for every column, level c and label y

    S_yc = p_y S_.c,   S_yc = sum_t x_t * (records of label y at level c that a subject of kind t brings),

and no label x level cell gives away more than a part of its records, so that training keeps something to learn from. The
linear programme over 0 <= x_t <= available_t proves how many records can be held out at most. If it proves that none
can, a sum of one score for each level tells the labels apart without error (that is its dual): the columns are aliased
with the label, one by one or together. Of all its solutions the one that moves the fewest records away from a
proportional sample is taken; it is whole but for as many kinds as there are equations, and local search with moves and
swaps makes it whole (the idea of solving the relaxation and repairing a small core: Balas and Zemel 1980).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audit_pipeline.errors import DataError
from audit_pipeline.splits.cells import Cells, count_cells
from audit_pipeline.splits.relaxation import at_most_alone, imbalance, relax
from audit_pipeline.splits.selection import settle
from audit_pipeline.splits.strata import Floats, Ints, dense_codes

MIN_SUBJECTS = 5
"""A test part needs so many subjects of at least two labels."""
MIN_RECORDS = 10
_SIMPLEST_RATIO = 20
_RATIO_TOLERANCE = 0.05
_RARE_LABEL_TOLERANCE = 1.5
_ENOUGH = 0.95
_INDEPENDENCE = 3.0
"""A record of imbalance in one cell costs as much as so many records of size."""


@dataclass(frozen=True)
class CounterbalancedTest:
    """A test part in which the label is independent of metadata, and how good it is.

    Attributes
    ----------
    test : (n_records,) marks of the test records; none if there is no such part.
    columns : the columns that the label is independent of.
    left_out : column -> why it could not be balanced.
    missing : column -> (label, level) codes of the cells without any record, for every column that has such cells.
    shares : (n_labels,) the ratio of the labels that was aimed at; ``ratio`` the same in small whole numbers, if it is one.
    wanted, at_most : records asked for, and the most that whole subjects can give at that ratio; proven.
    alone : column -> the most records that this column alone would allow.
    deviation : column -> records by which the part misses independence, sum_yc |n_yc - n_y n_c / n|.
    association, association_before : column -> Cramér's V of label and column in the test part, and in all records.
    optimal : whether it is proven that no larger part at this ratio has deviation 0, as this one has.
    reason : why there is no such part; None if there is one.
    """

    test: npt.NDArray[np.bool_]
    columns: tuple[str, ...]
    left_out: dict[str, str]
    missing: dict[str, tuple[tuple[int, int], ...]]
    shares: tuple[float, ...]
    ratio: tuple[int, ...] | None
    wanted: int
    at_most: int
    alone: dict[str, int]
    records: int
    subjects: int
    optimal: bool
    reason: str | None
    deviation: dict[str, float] = field(default_factory=dict)
    association: dict[str, float] = field(default_factory=dict)
    association_before: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Plan:
    """A ratio of the labels, the columns that can be balanced at it, and the solution of the relaxed problem."""

    shares: Floats
    ratio: Ints | None
    columns: tuple[str, ...]
    at_most: int
    start: Ints


def counterbalanced_test(
    columns: Mapping[str, npt.NDArray[np.integer]],
    *,
    label: npt.NDArray[np.integer],
    subject: npt.NDArray[np.integer] | None = None,
    share: float = 0.2,
    most: float = 0.5,
    seed: int = 0,
) -> CounterbalancedTest:
    """Choose a test part, as large as possible up to a share of the records, with the label independent of all columns.

    Columns are taken in the order of the mapping: if no part can be balanced for all of them, a column that leaves no
    part together with those before it is left out, and the result says why. The answer depends on the arguments alone.

    Parameters
    ----------
    columns : name -> (n_records,) integer codes >= 0; a missing value is a code of its own, a number is cut before.
    label : (n_records,) integer codes >= 0.
    subject : (n_records,) integer codes >= 0; None: every record is a subject of its own.
    share : of all records, wanted for the test part.
    most : share of any label x level cell that may be held out.

    Examples
    --------
    >>> site = np.repeat([0, 1], 60)
    >>> ill = np.tile([0, 0, 1], 40)  # a third at either site ...
    >>> ill[60:90] = 1  # ... but now two thirds at the second
    >>> found = counterbalanced_test({"site": site}, label=ill, share=0.25)
    >>> found.ratio, found.records, found.wanted, found.optimal
    ((1, 1), 30, 30, True)
    >>> np.bincount(2 * site[found.test] + ill[found.test]).tolist()
    [8, 8, 7, 7]
    """
    if not (0 < share < 1 and 0 < most <= 1):
        raise DataError(
            f"a test part of {share} of the records, with up to {most} of a cell, is no part",
            expected="a share above 0 and below 1",
            remedy="ask for about 0.2",
        )
    if not columns:
        raise DataError("there is no column to balance", remedy="name at least one nuisance column")
    label = dense_codes(label)
    subject = np.arange(len(label)) if subject is None else dense_codes(subject)
    given = {name: np.asarray(codes) for name, codes in columns.items()}
    cells = count_cells({name: dense_codes(codes) for name, codes in given.items()}, label, subject)
    wanted = int(share * len(label))
    missing = {name: _missing(cells, name, np.unique(codes)) for name, codes in given.items()}
    missing = {name: found for name, found in missing.items() if found}

    plan, left_out = _plan(cells, wanted, most)
    rng = np.random.default_rng(seed)
    chosen = np.zeros(cells.n_kinds, dtype=np.int64)
    if plan.at_most >= MIN_RECORDS:
        bring, target = _pull(cells, plan)
        chosen = settle(bring, target, cells.available, plan.start, rng)
    test = cells.mark(chosen, rng)
    tested = len(np.unique(subject[test]))
    reason = _reason(label[test], subject[test], plan, left_out)
    if reason is not None:
        test, tested = np.zeros(len(label), dtype=np.bool_), 0
    tested_cells = {
        name: np.bincount(
            dense_codes(codes)[test] * len(cells.labels) + label[test], minlength=cells.total[name].size
        ).reshape(cells.total[name].shape)
        for name, codes in given.items()
    }
    deviation = {name: _deviation(tested_cells[name]) for name in plan.columns} if reason is None else {}
    records = int(test.sum())
    return CounterbalancedTest(
        test=test,
        columns=plan.columns if reason is None else (),
        left_out=left_out,
        missing=missing,
        shares=tuple(plan.shares.tolist()),
        ratio=None if plan.ratio is None else tuple(plan.ratio.tolist()),
        wanted=wanted,
        at_most=plan.at_most,
        alone={name: at_most_alone(cells, name, plan.shares, plan.ratio, wanted, most) for name in given},
        records=records,
        subjects=tested,
        optimal=plan.ratio is not None and reason is None and records == plan.at_most and not any(deviation.values()),
        reason=reason,
        deviation=deviation,
        association={name: _cramer(tested_cells[name]) for name in deviation},
        association_before={name: _cramer(cells.total[name]) for name in given},
    )


def _plan(cells: Cells, wanted: int, most: float) -> tuple[_Plan, dict[str, str]]:
    """Return the best plan, and why columns are left out of it.

    First the ratio of the labels in all records. If it leaves the part too small, the ratio among those records whose
    levels have every label: levels with a single label say nothing about the ratio that the others could have.
    """
    overall = cells.labels / cells.labels.sum()
    plan, left_out = _with_shares(cells, overall, wanted, most)
    if plan.at_most < _ENOUGH * wanted:
        shared = _labels_where_all_are(cells)
        if (shared > 0).all():
            other, also_left_out = _with_shares(cells, shared / shared.sum(), wanted, most)
            if (len(other.columns), other.at_most) > (len(plan.columns), plan.at_most):
                return other, also_left_out
    return plan, left_out


def _with_shares(cells: Cells, shares: Floats, wanted: int, most: float) -> tuple[_Plan, dict[str, str]]:
    ratio = simplest_ratio(shares)
    exact = shares if ratio is None else ratio / ratio.sum()

    def attempt(columns: Sequence[str]) -> _Plan:
        records, start = relax(cells, columns, exact, wanted, most)
        most_alone = [at_most_alone(cells, name, exact, ratio, wanted, most) for name in columns]
        at_most = min(int(records + 1e-6), *most_alone)
        whole = 1 if ratio is None else int(ratio.sum())
        return _Plan(exact, ratio, tuple(columns), at_most // whole * whole, np.rint(start).astype(np.int64))

    plan = attempt(list(cells.total))
    if plan.at_most >= MIN_RECORDS:
        return plan, {}
    kept: list[str] = []
    left_out: dict[str, str] = {}
    plan = _Plan(exact, ratio, (), 0, np.zeros(cells.n_kinds, dtype=np.int64))
    for name in cells.total:
        if at_most_alone(cells, name, exact, ratio, wanted, most) < MIN_RECORDS:
            left_out[name] = "its levels do not have enough records of every label"
            continue
        further = attempt([*kept, name])
        if further.at_most >= MIN_RECORDS:
            plan, kept = further, [*kept, name]
        else:
            left_out[name] = f"with {', '.join(kept)} it tells the labels apart almost without exception"
    return plan, left_out


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


def _pull(cells: Cells, plan: _Plan) -> tuple[Any, Floats]:
    """Return what local search should bring to nothing: imbalance of every cell, and records missing from the goal."""
    from scipy.sparse import csr_array, hstack

    parts = [_INDEPENDENCE * imbalance(cells, name, plan.shares) for name in plan.columns]
    bring = hstack([*parts, csr_array(cells.size[:, None].astype(np.float64))], format="csr")
    target = np.zeros(bring.shape[1])
    target[-1] = plan.at_most
    return bring, target


def _reason(label: Ints, subject: Ints, plan: _Plan, left_out: Mapping[str, str]) -> str | None:
    """Return why there is no test part, in words; None if there is a good one. Arguments are those of the tested records."""
    if plan.at_most < MIN_RECORDS:
        why = "; ".join(f"{name}: {text}" for name, text in left_out.items())
        return f"fewer than {MIN_RECORDS} records can be balanced ({why})"
    pairs = np.unique(np.stack([label, subject]), axis=1)
    if (np.bincount(pairs[0]) >= MIN_SUBJECTS).sum() < 2:
        return f"whole subjects leave fewer than two labels with {MIN_SUBJECTS} subjects each"
    return None


def _missing(cells: Cells, name: str, levels: npt.NDArray[np.integer]) -> tuple[tuple[int, int], ...]:
    """Return (label, level) of the empty cells, the level as it was coded."""
    level, label = np.nonzero(cells.total[name] == 0)
    return tuple(zip(label.tolist(), levels[level].tolist(), strict=True))


def _deviation(table: Ints) -> float:
    """Return sum |n_yc - n_y n_c / n| of a table of counts, in whole multiples of 1 / n: a nought is a nought."""
    n = int(table.sum())
    return float(np.abs(n * table - np.outer(table.sum(axis=1), table.sum(axis=0))).sum()) / n if n else 0.0


def _cramer(table: Ints) -> float:
    """Return Cramér's V of a table of counts, without correction; 0 where it has fewer than two rows or columns."""
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) < 2:
        return 0.0
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / (n * (min(table.shape) - 1))))
