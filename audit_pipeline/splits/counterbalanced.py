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

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audit_pipeline.errors import DataError
from audit_pipeline.splits.balance import MIN_RECORDS, MIN_SUBJECTS, Plan, make_plan
from audit_pipeline.splits.cells import Cells, count_cells, draw
from audit_pipeline.splits.relaxation import at_most_alone, imbalance
from audit_pipeline.splits.selection import settle
from audit_pipeline.splits.strata import Floats, Ints
from audit_pipeline.stats.codes import dense, distinct_pairs

_PRICES = (0.5, 3.0)
"""A record of imbalance in one cell costs as much as so many records of size: first little, shared by all columns, so
that records can be added one at a time, then much."""
_LEVEL_PRICE = 0.1


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
    wanted, at_most : records asked for, and the most that an exactly balanced part can have at that ratio; proven.
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
    most : share of any label x level cell that may be held out; whole subjects can exceed it by a few records.

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
    labels, given = np.unique(label), {name: np.unique(codes) for name, codes in columns.items()}
    label = dense(label)
    subject = np.arange(len(label)) if subject is None else dense(subject)
    codes_of = {name: dense(codes) for name, codes in columns.items()}
    cells, strata = count_cells(codes_of, label, subject)
    wanted, rng = int(share * len(label)), np.random.default_rng(seed)
    plan = make_plan(cells, wanted, most, rng)
    test = draw(strata, _choose(cells, plan, most, rng), rng)
    reason = _reason(label[test], subject[test], plan)
    if reason is not None:
        test = np.zeros(len(label), dtype=np.bool_)
    balanced = plan.columns if reason is None else ()
    tables = {name: _table(label[test], codes_of[name][test], cells.total[name].shape) for name in balanced}
    deviation = {name: _deviation(table) for name, table in tables.items()}
    exact = plan.ratio is not None and reason is None and not any(deviation.values())
    return CounterbalancedTest(
        test=test,
        columns=balanced,
        left_out=plan.left_out,
        missing=_missing(cells, labels, given),
        shares=tuple(plan.shares.tolist()),
        ratio=None if plan.ratio is None else tuple(plan.ratio.tolist()),
        wanted=wanted,
        at_most=plan.at_most,
        alone={name: at_most_alone(cells, name, plan.shares, plan.ratio, wanted, most) for name in columns},
        records=int(test.sum()),
        subjects=int((np.bincount(subject[test]) > 0).sum()),
        optimal=exact and int(test.sum()) == plan.at_most,
        reason=reason,
        deviation=deviation,
        association={name: _cramer(table) for name, table in tables.items()},
        association_before={name: _cramer(cells.total[name]) for name in columns},
    )


def _choose(cells: Cells, plan: Plan, most: float, rng: np.random.Generator) -> Ints:
    """Return (n_kinds,) whole subjects of each kind, close to the plan."""
    chosen: Ints = np.rint(plan.start).astype(np.int64)
    for price in (_PRICES[0] / len(plan.columns), _PRICES[1]) if plan.columns else ():
        bring, target = _pull(cells, plan, price, most)
        chosen = settle(bring, target, cells.available, chosen, rng)
    return chosen


def _pull(cells: Cells, plan: Plan, price: float, most: float) -> tuple[Any, Floats]:
    """Return what subjects bring to imbalance, level sizes and records, and the target of each: what `settle` takes."""
    from scipy.sparse import csr_array, hstack

    bring, target = [csr_array(cells.size[:, None].astype(np.float64))], [np.array([float(plan.records)])]
    for name in plan.columns:
        of_level = cells.by_level(name)
        bring += [price * imbalance(cells, name, plan.shares), _LEVEL_PRICE * of_level]
        target += [np.zeros(cells.total[name].size), _LEVEL_PRICE * _level_goals(cells, name, plan, of_level, most)]
    return csr_array(hstack(bring, format="csr")), np.concatenate(target)


def _level_goals(cells: Cells, name: str, plan: Plan, of_level: Any, most: float) -> Floats:
    """Return (n_levels,) records of each level: those of the relaxed solution, as whole multiples of the ratio."""
    relaxed = of_level.T @ plan.start
    parts = 1 if plan.ratio is None else int(plan.ratio.sum())
    ceiling = np.full(len(relaxed), np.inf)
    if plan.ratio is not None:
        ceiling = (np.floor(most * cells.total[name]) // plan.ratio).min(axis=1)
    multiples = np.minimum(np.floor(relaxed / parts + 1e-6), ceiling)
    while multiples.sum() * parts < plan.records and (multiples < ceiling).any():
        multiples[int(np.where(multiples < ceiling, relaxed / parts - multiples, -np.inf).argmax())] += 1
    goals: Floats = multiples * parts
    return goals


def _reason(label: Ints, subject: Ints, plan: Plan) -> str | None:
    """Return why there is no test part, in words; None if there is a good one. Arguments are those of the tested records."""
    if not plan.columns:
        return (
            f"no test part of {MIN_RECORDS} records and {MIN_SUBJECTS} subjects with each of two labels can be balanced"
        )
    if not len(label) or (np.bincount(distinct_pairs(label, subject)[0]) >= MIN_SUBJECTS).sum() < 2:
        return f"whole subjects leave fewer than two labels with {MIN_SUBJECTS} subjects each"
    return None


def _missing(
    cells: Cells, labels: npt.NDArray[np.integer], levels: Mapping[str, npt.NDArray[np.integer]]
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the (label, level) codes of the empty cells, as they were given, of every column that has any."""
    empty = {name: np.nonzero(total == 0) for name, total in cells.total.items()}
    return {
        name: tuple(zip(labels[label].tolist(), levels[name][level].tolist(), strict=True))
        for name, (level, label) in empty.items()
        if len(level)
    }


def _table(label: Ints, codes: Ints, shape: tuple[int, ...]) -> Ints:
    """Return (n_levels, n_labels) records."""
    table: Ints = np.bincount(codes * shape[1] + label, minlength=shape[0] * shape[1]).reshape(shape)
    return table


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
