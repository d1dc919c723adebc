"""Choose whole subjects so that what they bring together comes close to a target: local search over one part.

The part and the rest are two folds, so the moves and swaps of `local_search` serve here as well; the price of a fold is
then the weighted distance of what it brings from what it should bring, which is the same for both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.splits.local_search import BLOCK, WHOLE, Neighbourhood, iterate
from audit_pipeline.splits.strata import Floats, Ints

_PART, _REST = 0, 1
_WORK = 60_000_000
_ROUNDS = 400
_FEWEST_ROUNDS = 40
_WORK_OF_ROUNDS = 400_000_000
_PATIENCE = 12
_KICKS = 3
_WARMTH = 0.03


def settle(bring: Any, target: Floats, available: Ints, chosen: Ints, rng: np.random.Generator) -> Ints:
    """Return (n_kinds,) how many subjects of each kind to choose, so that sum |bring' chosen - target| is small.

    Parameters
    ----------
    bring : (n_kinds, n_features) sparse, what a subject of each kind brings, each feature times its weight.
    target : (n_features,) what the part should bring.
    available, chosen : (n_kinds,) subjects of each kind, and how many of them are chosen to begin with.
    """
    chosen = chosen.copy()
    missed = bring.T @ chosen - target
    n_subjects = int(available.sum())
    small = n_subjects <= WHOLE
    idle = 0
    rounds = min(_ROUNDS, max(_FEWEST_ROUNDS, _WORK_OF_ROUNDS // (BLOCK**2 * bring.shape[1])))
    for _ in range(1 if small else rounds):
        if np.abs(missed).sum() <= _tolerance(target) or idle >= _PATIENCE:
            break
        kind, inside = _all_items(available, chosen) if small else _some_items(available, chosen, rng)
        rows = bring[kind]
        touched = np.unique(rows.indices)
        dense = rows[:, touched].toarray()
        members = np.array([chosen.sum(), n_subjects - chosen.sum()])
        both = np.stack([missed[touched], -missed[touched]])
        near = Neighbourhood(dense, both, np.where(inside, _PART, _REST), members)
        before = near.total
        kicks = min(200, _WORK // ((len(kind) + 2) ** 2 * max(1, len(touched)))) if small else _KICKS * (idle > 2)
        iterate(near, rng, kicks, goal=0.0, warmth=_WARMTH)
        now = near.folds == _PART
        idle = 0 if near.total < before - near.tolerance else idle + 1
        np.add.at(chosen, kind, now.astype(np.int64) - inside)
        missed[touched] += (now.astype(np.int64) - inside) @ dense
    return chosen


def _tolerance(target: Floats) -> float:
    return 1e-9 * max(1.0, float(np.abs(target).sum()))


def _all_items(available: Ints, chosen: Ints) -> tuple[Ints, np.ndarray]:
    """Return kind and whether it is chosen, of every subject."""
    kind = np.repeat(np.arange(len(available)), available)
    place = np.arange(len(kind)) - np.repeat(available.cumsum() - available, available)
    return kind, place < chosen[kind]


def _some_items(available: Ints, chosen: Ints, rng: np.random.Generator) -> tuple[Ints, np.ndarray]:
    """Return some of the distinct (kind, chosen or not): half of them chosen, as a swap needs one of each."""
    kinds, marks = [], []
    for mark, candidates in ((True, np.flatnonzero(chosen)), (False, np.flatnonzero(chosen < available))):
        if len(candidates) > BLOCK // 2:
            candidates = np.unique(candidates[rng.integers(len(candidates), size=BLOCK // 2)])
        kinds.append(candidates)
        marks.append(np.full(len(candidates), mark))
    kind, inside = np.concatenate(kinds), np.concatenate(marks)
    # Kinds come largest subject first, and so should the items.
    order = np.argsort(kind, kind="stable")
    return kind[order], inside[order]
