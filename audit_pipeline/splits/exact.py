"""Exhaustive search with pruning, subject by subject: proves optima of small problems and sharpens bounds of larger ones.

Partial splits are extended one subject at a time, largest first, all of one depth together. What a fold holds can only
grow, and surpluses and shortfalls of a stratum cancel over the folds, so twice the surplus of a partial split never
overstates the deviation of what becomes of it: a partial split that can no longer beat the target is dropped. Folds
of equal shares have no names here: partial splits that differ only by their order are merged (complete search with
pruning of equivalent branches, as in multiway number partitioning: Korf 2009, Moffitt 2013).

All figures are in U-fold units, U * S_kl - shares[k] * A_l, and therefore integers as long as the weights are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.splits.strata import Floats, Ints


@dataclass(frozen=True)
class Problem:
    """Items to be split, and what is known about how well it can be done.

    Attributes
    ----------
    bring : (n_items, n_strata) records; a stratum's total is its column sum.
    weight : (n_strata,) price of a record, > 0.
    shares : (n_folds,) whole numbers in proportion to which the folds should be filled.
    floor : (n_strata,) proven, unweighted least deviation of each stratum.
    family : (n_strata,) codes 0..n_families-1, all used; ``family_floor`` (n_families,) is the proven, weighted least
        deviation of each family.
    may_be_empty : whether a fold may stay empty; for a bound on part of a problem it has to be allowed.
    """

    bring: Ints
    weight: Floats
    shares: Ints
    floor: Floats
    family: Ints
    family_floor: Floats
    may_be_empty: bool


@dataclass(frozen=True)
class Proof:
    """``bound``: no split is better. ``fold`` (n_items,): a split that attains it, if it beats the known one."""

    bound: float
    fold: Ints | None = None


def climb(problem: Problem, known: float, max_states: int, attempts: int = 5) -> Proof:
    """Prove the best bound that a limited search can, knowing a split of deviation ``known``.

    If the search for anything better than ``known`` grows too large, it is repeated with lower targets, which prune
    more: finding nothing below a target proves the target.
    """
    low, high = _least(problem), known
    if high <= low + _tolerance(high):
        return Proof(known)
    proof = search(problem, known, max_states)
    for _ in range(attempts if proof is None else 0):
        target = (low + high) / 2
        attempt = search(problem, target, max_states)
        if attempt is None:
            high = target
        elif attempt.fold is None:
            low = target
        else:
            return attempt
    return proof or Proof(low)


def search(problem: Problem, target: float, max_states: int) -> Proof | None:
    """Return the best split if it is better than ``target``, else that ``target`` is a bound.

    None if more than ``max_states`` partial splits of one depth would have to be kept.
    """
    shares, n_folds = problem.shares, len(problem.shares)
    by_family = np.argsort(problem.family, kind="stable")
    bring, weight, floor = problem.bring[:, by_family], problem.weight[by_family], problem.floor[by_family]
    starts = np.searchsorted(problem.family[by_family], np.arange(len(problem.family_floor)))
    order = np.argsort(-(bring * weight).sum(axis=1), kind="stable")
    items, wanted = int(shares.sum()) * bring[order], shares[:, None] * bring.sum(axis=0)
    coming = np.maximum.accumulate(np.vstack([items, np.zeros_like(items[:1])])[::-1], axis=0)[::-1]
    label = np.random.default_rng(0).integers(1, 2**31, size=wanted.shape[1])
    held = np.zeros((1, *wanted.shape), dtype=np.int64)
    trail: list[tuple[Ints, Ints]] = []
    bounds = np.zeros(1)
    for depth, item in enumerate(items):
        if len(held) * n_folds > max_states:
            return None
        parent, fold = np.divmod(np.arange(len(held) * n_folds), n_folds)
        held = held[parent]
        held[np.arange(len(held)), fold] += item
        deviation = _least_deviation(held, wanted, floor, coming[depth + 1]) * weight
        bounds = np.maximum(np.add.reduceat(deviation, starts, axis=1), problem.family_floor).sum(axis=1)
        keep = bounds < target - _tolerance(target)
        if not problem.may_be_empty:
            keep &= n_folds - held.any(axis=2).sum(axis=1) <= len(items) - depth - 1
        held, parent, fold, bounds = held[keep], parent[keep], fold[keep], bounds[keep]
        if len(held) == 0:
            return Proof(target)
        distinct = _distinct(held, label, shares)
        held, bounds = held[distinct], bounds[distinct]
        trail.append((parent[distinct], fold[distinct]))
    at = int(bounds.argmin())
    best = float(bounds[at])
    found = np.empty(len(items), dtype=np.int64)
    for depth in range(len(items) - 1, -1, -1):
        parent, fold = trail[depth]
        found[order[depth]] = fold[at]
        at = int(parent[at])
    return Proof(best, found)


def _tolerance(value: float) -> float:
    return 1e-9 * max(1.0, value)


def _least(problem: Problem) -> float:
    alone = np.bincount(problem.family, weights=problem.floor * problem.weight)
    return float(np.maximum(alone, problem.family_floor).sum())


def _least_deviation(held: Ints, wanted: Ints, floor: Floats, coming: Ints) -> Floats:
    """Return (n_states, n_strata) what each stratum's deviation will be at least, whatever completes the split."""
    room = wanted - held
    surplus = np.maximum(-room, 0).sum(axis=1)
    # The largest item still to come has to go somewhere; what exceeds the largest room is surplus.
    surplus += np.maximum(coming - np.maximum(room.max(axis=1), 0), 0)
    least: Floats = np.maximum(2 * surplus, floor)
    return least


def _distinct(held: Ints, label: Ints, shares: Ints) -> Ints:
    """Return positions of the partial splits that remain when the order of folds of equal shares does not count.

    Random labels put the folds of a split, and the splits themselves, into an order in which equals are neighbours.
    Only what really is equal is dropped, so an accident of the labels costs time and never a split.
    """
    marks = (held * label).sum(axis=2) + (shares - shares[0]) * label[-1]
    order = np.argsort(marks, axis=1, kind="stable")
    marks = (np.take_along_axis(marks, order, axis=1) * (label[0] | 1) ** np.arange(1, order.shape[1] + 1)).sum(axis=1)
    rank = np.argsort(marks, kind="stable")
    alike = np.flatnonzero(marks[rank[1:]] == marks[rank[:-1]])
    first, second = rank[alike], rank[alike + 1]
    one = np.take_along_axis(held[first], order[first][:, :, None], axis=1)
    other = np.take_along_axis(held[second], order[second][:, :, None], axis=1)
    keep = np.ones(len(held), dtype=np.bool_)
    keep[second[(one == other).all(axis=(1, 2)) & (shares[order[first]] == shares[order[second]]).all(axis=1)]] = False
    return np.flatnonzero(keep)
