"""A first split: subjects one after the other, largest first, each to a fold that still has room for it.

Adding a subject to a fold that is still far from full lowers the deviation by the same amount whichever fold it is, so
the objective itself cannot steer a construction. Two things can. The sum of squares v_l S_kl^2 / shares[k] has the same
ideal (every fold its share) and tells folds apart from the first subject on; for interchangeable subjects it even has a
closed answer, water filling. And the surplus over its share that a partial split already has will never go away again:
where a few subjects are large it decides everything, so their placement is searched by a beam that weighs both.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from audit_pipeline.splits.strata import ALL_RECORDS, Floats, Ints, Strata

_RESOLUTION = 2**20
_BEAM_CELLS = 300_000
_BEAM_WIDTH = 1000
_BEAM_SUBJECTS = 400


def construct(strata: Strata, shares: Ints, placed: Ints | None = None) -> Ints:
    """Return (n_subjects,) folds; no fold is empty if there are at least as many subjects as folds.

    ``placed`` (n_placed,) gives the folds of the first subjects, if they are decided already.
    """
    price, n_folds = _prices(strata), len(shares)
    filled = np.zeros((n_folds, strata.n_strata), dtype=np.int64)
    fold = np.empty(strata.n_subjects, dtype=np.int64)
    n_placed = 0 if placed is None else len(placed)
    if placed is not None:
        fold[:n_placed] = placed
        touched, bring = strata.dense(np.arange(n_placed))
        for k in range(n_folds):
            filled[k, touched] = bring[placed == k].sum(axis=0)
    bounds = np.maximum(strata.first_of_kind, n_placed).tolist()
    for kind, (begin, end) in enumerate(pairwise(bounds)):
        if begin == end:
            continue
        entries = slice(strata.indptr[kind], strata.indptr[kind + 1])
        index, count = strata.index[entries], strata.count[entries]
        priced = price[index] * count
        crowding, slope = (filled[:, index] * priced).sum(axis=1), int((priced * count).sum())
        if end - begin == 1:
            best = int(((2 * crowding + slope) / shares).argmin())
            fold[begin] = best
            filled[best, index] += count
        else:
            copies = pour(crowding, slope, end - begin, shares)
            fold[begin:end] = np.repeat(np.arange(n_folds), copies)
            filled[:, index] += copies[:, None] * count
    return _fill_empty(fold, n_folds)


def _fill_empty(fold: Ints, n_folds: int) -> Ints:
    """Give each empty fold, if a small share left one, the smallest subject that another fold can spare."""
    members = np.bincount(fold, minlength=n_folds)
    for empty in np.flatnonzero(members == 0):
        spare = np.flatnonzero(members[fold] > 1)
        if len(spare):
            members[fold[spare[-1]]] -= 1
            members[empty] += 1
            fold[spare[-1]] = empty
    return fold


def _prices(strata: Strata) -> Ints:
    """Return v_l = w_l / sqrt(A_l), which lets rare strata speak early without ruling, as integers: ties stay ties.

    The stratum of all records always keeps a price: an empty fold is then cheaper than any other, and gets filled.
    """
    raw = strata.weight / np.sqrt(strata.total)
    price = np.ceil(raw * (_RESOLUTION / raw.max())).astype(np.int64) if raw.max() > 0 else np.zeros_like(strata.total)
    everything = strata.name_of == strata.names.index(ALL_RECORDS)
    price[everything] = np.maximum(price[everything], 1)
    return price


def pour(crowding: Ints, slope: int, copies: int, shares: Ints) -> Ints:
    """Return (n_folds,) integers c >= 0 with sum ``copies`` minimising sum_k (2 crowding_k c_k + slope c_k^2) / shares_k.

    Water filling gives the real-valued answer; rounding is then set right one copy at a time, which is optimal because
    each fold's cost is convex in its copies.

    >>> pour(np.array([0, 10, 40]), slope=10, copies=5, shares=np.ones(3, dtype=np.int64)).tolist()
    [3, 2, 0]
    """
    order = np.argsort(crowding / shares, kind="stable")
    ground = (crowding / shares)[order]
    level = (crowding[order].cumsum() + slope * copies) / shares[order].cumsum()
    wet = int(np.flatnonzero(level >= ground)[-1])
    filled: Ints = np.maximum(0, np.floor((level[wet] * shares - crowding) / slope)).astype(np.int64)
    while filled.sum() < copies:
        filled[int(((2 * crowding + slope * (2 * filled + 1)) / shares).argmin())] += 1
    while filled.sum() > copies:
        drained = np.where(filled > 0, (2 * crowding + slope * (2 * filled - 1)) / shares, -np.inf)
        filled[int(drained.argmax())] -= 1
    return filled


def place_large(strata: Strata, shares: Ints, keep: int) -> list[Ints]:
    """Return up to ``keep`` placements (n_large,) of the largest subjects, best first, by beam search.

    Large are all subjects of a small problem, and those of several times the average size in a big one. None at all if
    subjects are too alike for their order to matter.
    """
    size, n_folds = np.diff(strata.first_of_kind), len(shares)
    everything = strata.names.index(ALL_RECORDS)
    records = strata.count[strata.name_of[strata.index] == everything][strata.kind]
    n_large = strata.n_subjects
    if n_large > _BEAM_SUBJECTS:
        n_large = min(_BEAM_SUBJECTS, int((records > 5 * records.mean()).sum()))
    if n_large == 0 or size.max() == strata.n_subjects:
        return []
    touched, bring = strata.dense(np.arange(n_large))
    weight, total = strata.weight[touched], strata.total[touched]
    squares = weight / np.sqrt(total)
    width = max(4, min(_BEAM_WIDTH, _BEAM_CELLS // (n_folds * len(touched))))
    held = np.zeros((1, n_folds, len(touched)), dtype=np.int64)
    placed = np.zeros((1, 0), dtype=np.int16)
    score = np.zeros(1)
    for depth, item in enumerate(bring):
        at = np.flatnonzero(item)
        before, after = held[:, :, at], held[:, :, at] + item[at]
        candidate = score[:, None] + _added(before, after, total[at], weight[at], squares[at], shares)
        used = held.any(axis=2)
        empty_after = n_folds - used.sum(axis=1, keepdims=True) - np.where(used, 0, 1)
        possible = np.flatnonzero(empty_after <= strata.n_subjects - depth - 1)
        best = possible[np.argsort(candidate.reshape(-1)[possible], kind="stable")]
        ranked = candidate.reshape(-1)[best]
        # The same score nearly always means the same split with its folds in another order.
        fresh = np.concatenate([[True], np.diff(ranked) > 1e-9 * max(1.0, ranked[0])])
        parent, fold = np.divmod(best[fresh][:width], n_folds)
        held, score = held[parent], ranked[fresh][:width]
        held[np.arange(len(held)), fold] += item
        placed = np.concatenate([placed[parent], fold[:, None].astype(np.int16)], axis=1)
    return [row.astype(np.int64) for row in placed[:keep]]


def _added(before: Ints, after: Ints, total: Ints, weight: Floats, squares: Floats, shares: Ints) -> Floats:
    """Return (n_states, n_folds) what one more subject adds to twice the surplus and to the sum of squares."""
    unit, wanted = int(shares.sum()), np.outer(total, shares).T
    surplus = np.maximum(unit * after - wanted, 0) - np.maximum(unit * before - wanted, 0)
    squared = (after * after - before * before) * squares * (unit / (len(shares) * shares[:, None]))
    added: Floats = (2 * surplus * weight / unit + squared).sum(axis=2)
    return added
