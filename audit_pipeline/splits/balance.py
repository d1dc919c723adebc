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
MOST_LEVELS = 500
_SIMPLEST_RATIO = 20
_RATIO_TOLERANCE = 0.05
_RARE_LABEL_TOLERANCE = 1.5
_ENOUGH = 0.95
_BLOCK_KINDS = (1000, 4000)
_BLOCK_CELLS = 40_000
_ALL_CELLS = 500_000


@dataclass(frozen=True)
class Plan:
    """What can be balanced.

    Attributes
    ----------
    shares : (n_labels,) the ratio of the labels; ``ratio`` the same in small whole numbers, if it is one.
    columns : those that can be balanced together at this ratio; ``left_out``: why the others cannot.
    at_most : records that an exactly balanced part can have; proven.
    records : records of the relaxed solution, in whole multiples of the ratio.
    start : (n_kinds,) subjects of each kind in the relaxed solution, not whole.
    """

    shares: Floats
    ratio: Ints | None
    columns: tuple[str, ...]
    left_out: dict[str, str]
    at_most: int
    records: int
    start: Floats


def make_plan(cells: Cells, wanted: int, most: float, rng: np.random.Generator) -> Plan:
    """Return the best plan for a part of ``wanted`` records that takes no more than a share ``most`` of any cell.

    First the ratio of the labels in all records. If it leaves the part too small, the ratio among those records whose
    levels have every label, since levels with a single label say nothing about what the others could have; and labels in
    equal numbers, which a rare label may need.

    What is balanced in each of two sets of subjects is balanced in both together. So many kinds of subjects are planned
    for in random blocks, which makes the time linear, and constant in the end: beyond so many blocks, subjects enough
    for any test part have been looked at. The first block decides about ratio and columns.
    """
    blocks = _blocks(cells.n_kinds, len(cells.counts), rng)
    pilot = cells.take(blocks[0])
    considered = sum(int(cells.size[block] @ cells.available[block]) for block in blocks)
    pilot_wanted = wanted * pilot.records // considered
    plan = _with_shares(pilot, pilot.labels / pilot.labels.sum(), pilot_wanted, most)
    for shares in _other_shares(pilot):
        if plan.columns and not plan.left_out and plan.at_most >= _ENOUGH * pilot_wanted:
            break
        other = _with_shares(pilot, shares, pilot_wanted, most)
        if (len(other.columns), other.at_most) > (len(plan.columns), plan.at_most):
            plan = other
    if len(blocks) == 1 or not plan.columns:
        start = np.zeros(cells.n_kinds)
        start[blocks[0]] = plan.start
        return replace(plan, start=start)
    return _over_blocks(cells, blocks, plan, wanted, most)


def _blocks(n_kinds: int, n_columns: int, rng: np.random.Generator) -> list[Ints]:
    """Return disjoint sets of kinds, each ascending; all kinds, unless there are very many."""
    size = int(np.clip(_BLOCK_CELLS // n_columns, *_BLOCK_KINDS))
    if n_kinds <= size:
        return [np.arange(n_kinds)]
    blocks = np.array_split(rng.permutation(n_kinds), -(-n_kinds // size))
    return [np.sort(block) for block in blocks[: max(2, _ALL_CELLS // (size * n_columns))]]


def _over_blocks(cells: Cells, blocks: Sequence[Ints], plan: Plan, wanted: int, most: float) -> Plan:
    """Return the plan of the first block carried out in all of them."""
    start = np.zeros(cells.n_kinds)
    parts = [cells.take(block) for block in blocks]
    records, left = 0.0, sum(part.records for part in parts)
    for block, part in zip(blocks, parts, strict=True):
        # What a block cannot give is asked from those that follow.
        share = int((wanted - records) * part.records / left)
        held, start[block] = relax(part, plan.columns, plan.shares, share, most)
        records, left = records + held, left - part.records
    whole = 1 if plan.ratio is None else int(plan.ratio.sum())
    alone = [at_most_alone(cells, name, plan.shares, plan.ratio, wanted, most) for name in plan.columns]
    at_most = min(wanted, *alone) // whole * whole
    return replace(plan, start=start, at_most=at_most, records=min(at_most, int(records) // whole * whole))


def _with_shares(cells: Cells, shares: Floats, wanted: int, most: float) -> Plan:
    """Return the plan for a ratio of the labels, with every column or, if that leaves no part, with as many as possible."""
    ratio = simplest_ratio(shares)
    exact = shares if ratio is None else ratio / ratio.sum()
    whole = 1 if ratio is None else int(ratio.sum())

    def attempt(columns: Sequence[str]) -> Plan:
        relaxed, start = relax(cells, columns, exact, wanted, most)
        alone = [at_most_alone(cells, name, exact, ratio, wanted, most) for name in columns]
        at_most = min(int(relaxed + 1e-6), *alone) // whole * whole
        return Plan(exact, ratio, tuple(columns), {}, at_most, at_most, start)

    left_out = {
        name: f"it has {len(total):,} levels, more than {MOST_LEVELS}"
        for name, total in cells.total.items()
        if len(total) > MOST_LEVELS
    }
    candidates = [name for name in cells.total if name not in left_out]
    plan = none = Plan(exact, ratio, (), {}, 0, 0, np.zeros(cells.n_kinds))
    if candidates:
        plan = attempt(candidates)
        if not _worthwhile(cells, plan):
            plan = none
            for name in candidates:
                further = attempt([*plan.columns, name])
                if _worthwhile(cells, further):
                    plan = further
                elif at_most_alone(cells, name, exact, ratio, wanted, most) < MIN_RECORDS:
                    left_out[name] = "its levels do not have enough records of every label"
                elif not plan.columns or not _worthwhile(cells, attempt([name])):
                    left_out[name] = f"a balanced part would have fewer than {MIN_SUBJECTS} subjects of two labels each"
                else:
                    before = ", ".join(plan.columns)
                    left_out[name] = f"together with {before} it tells the labels apart almost without exception"
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


def _other_shares(cells: Cells) -> list[Floats]:
    """Return the shares (n_labels,) of the labels in levels that have all of them, where there are any; and equal ones."""
    counts = [total[(total > 0).all(axis=1)].sum(axis=0) for total in cells.total.values()]
    fewest = min(counts, key=lambda found: int(found.sum()))
    equal = np.full(cells.n_labels, 1 / cells.n_labels)
    return [fewest / fewest.sum(), equal] if fewest.all() else [equal]
