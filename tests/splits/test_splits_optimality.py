"""The bound is never above the optimum, and the optimum is found where it can be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_pipeline.splits import assign_folds
from audit_pipeline.splits.construct import pour


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_folds=st.integers(2, 4),
    extra=st.integers(0, 4),
    cross=st.booleans(),
    weight=st.sampled_from([1.0, 0.0, 2.5, 0.1]),
)
def test_small_problems_are_solved_and_the_bound_holds(best_by_enumeration, seed, n_folds, extra, cross, weight):
    rng = np.random.default_rng(seed)
    n_subjects = min(n_folds + extra, 7)
    subject = np.repeat(np.arange(n_subjects), 1 + rng.zipf(1.8, n_subjects).clip(max=20))
    of_subject = rng.integers(0, 2, n_subjects)
    columns = {
        "label": of_subject[subject],
        "site": rng.integers(0, 3, n_subjects)[subject],
        "session": rng.integers(0, 2, len(subject)),
    }
    weights, cross_with = {"site": weight}, "label" if cross else None
    split = assign_folds(columns, subject=subject, n_folds=n_folds, cross_with=cross_with, weights=weights, restarts=0)
    best = best_by_enumeration(columns, subject, n_folds, weights, cross_with)
    assert split.lower_bound <= best + 1e-6
    assert split.objective == pytest.approx(best)
    assert split.optimal


@pytest.mark.parametrize("seed", range(6))
def test_twelve_subjects_in_three_folds_are_solved_to_proven_optimality(clinic, best_by_enumeration, seed):
    columns, subject = clinic(seed, 11)
    split = assign_folds(columns, subject=subject, n_folds=3, cross_with="label")
    assert split.optimal
    assert split.objective == pytest.approx(best_by_enumeration(columns, subject, 3, {}, "label"))


@pytest.mark.parametrize("seed", range(4))
def test_the_search_alone_reaches_the_optimum_of_a_mixed_integer_solver(clinic, monkeypatch, seed):
    columns, subject = clinic(seed, 14)
    monkeypatch.setattr("audit_pipeline.splits.assign.raise_bound", lambda *_: (0.0, None))
    split = assign_folds({name: columns[name] for name in ("label", "site", "sex")}, subject=subject, n_folds=2)
    assert split.objective == pytest.approx(
        solve_with_milp([columns[name] for name in ("label", "site", "sex")], subject, 2)
    )


def solve_with_milp(columns: list[np.ndarray], subject: np.ndarray, n_folds: int) -> float:
    """Minimise the summed deviation with HiGHS: binaries a_gk, one slack per fold and stratum."""
    from scipy.optimize import LinearConstraint, milp

    n_subjects = int(subject.max()) + 1
    masks = [np.ones(len(subject), dtype=bool), *(codes == level for codes in columns for level in np.unique(codes))]
    bring = np.array([np.bincount(subject, weights=mask, minlength=n_subjects) for mask in masks]).T
    share, n_strata = bring.sum(axis=0) / n_folds, bring.shape[1]
    n_binary, n_slack = n_subjects * n_folds, n_folds * n_strata
    held = np.kron(np.eye(n_folds), bring.T)
    once = np.hstack([np.tile(np.eye(n_subjects), n_folds), np.zeros((n_subjects, n_slack))])
    filled = np.hstack([np.kron(np.eye(n_folds), np.ones(n_subjects)), np.zeros((n_folds, n_slack))])
    target = np.tile(share, n_folds)
    solution = milp(
        np.concatenate([np.zeros(n_binary), np.ones(n_slack)]),
        integrality=np.concatenate([np.ones(n_binary), np.zeros(n_slack)]),
        bounds=(0, np.concatenate([np.ones(n_binary), np.full(n_slack, np.inf)])),
        constraints=[
            LinearConstraint(once, 1, 1),
            LinearConstraint(filled, 1, np.inf),
            LinearConstraint(np.hstack([held, np.eye(n_slack)]), lb=target),
            LinearConstraint(np.hstack([held, -np.eye(n_slack)]), ub=target),
        ],
    )
    assert solution.success
    return float(solution.fun)


@pytest.mark.parametrize("sizes", ["lognormal", "zipf", "single"])
def test_the_bound_of_a_larger_problem_is_below_every_split_that_is_ever_found(clinic, sizes):
    columns, subject = clinic(5, 40, sizes)
    splits = [
        assign_folds(columns, subject=subject, cross_with="label", seed=seed, restarts=restarts)
        for seed in range(4)
        for restarts in (0, 300)
    ]
    assert max(split.lower_bound for split in splits) <= min(split.objective for split in splits)


def test_a_split_planted_without_any_deviation_is_found():
    rng = np.random.default_rng(0)
    # Ten kinds of subjects, each as often as there are folds: dealing every kind out evenly is perfect.
    sizes = rng.integers(2, 9, 10)
    subject = np.repeat(np.arange(50), np.tile(sizes, 5))
    kind = np.concatenate([rng.integers(0, 3, size) for size in sizes])
    columns = {"label": np.repeat(np.tile(np.arange(10) % 2, 5), np.tile(sizes, 5)), "site": np.tile(kind, 5)}
    split = assign_folds(columns, subject=subject, cross_with="label")
    assert (split.objective, split.optimal) == (0.0, True)


@settings(max_examples=80, deadline=None)
@given(
    crowding=st.lists(st.integers(0, 10**12), min_size=2, max_size=5),
    slope=st.integers(1, 10**9),
    copies=st.integers(1, 12),
)
def test_pouring_is_optimal(crowding, slope, copies):
    """Python integers are the oracle: they neither round nor overflow."""
    cheapest = sorted(2 * level + slope * (2 * c + 1) for level in crowding for c in range(copies))[:copies]
    poured = pour(np.array(crowding), slope, copies, np.ones(len(crowding), dtype=np.int64)).tolist()
    assert sum(poured) == copies
    assert sum(2 * level * c + slope * c * c for level, c in zip(crowding, poured, strict=True)) == sum(cheapest)
