"""Parts that are meant to differ in size: the same promises as for equal folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_pipeline.errors import DataError
from audit_pipeline.splits import assign_folds
from audit_pipeline.splits.bound import stratum_floors
from audit_pipeline.splits.strata import ALL_RECORDS, build_strata

Columns = dict[str, np.ndarray]


def deviation(part: np.ndarray, columns: Columns, shares: np.ndarray) -> float:
    """Count a split record by record: all columns, the label crossed with the others, and the sizes."""
    masks = [np.ones(len(part), dtype=bool)]
    for name, codes in columns.items():
        masks += [codes == level for level in np.unique(codes)]
        if name != "label":
            masks += [
                (codes == level) & (columns["label"] == label)
                for level in np.unique(codes)
                for label in np.unique(columns["label"])
            ]
    wanted = shares / shares.sum()
    return float(sum(abs((mask & (part == k)).sum() - mask.sum() * q) for mask in masks for k, q in enumerate(wanted)))


def every_split(n_subjects: int, n_parts: int) -> np.ndarray:
    every = np.indices((n_parts,) * n_subjects).reshape(n_subjects, -1).T
    return every[[len(np.unique(row)) == n_parts for row in every]]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), shares=st.lists(st.integers(1, 9), min_size=2, max_size=3), extra=st.integers(0, 3))
def test_small_problems_are_solved_and_the_bound_holds(seed, shares, extra):
    rng = np.random.default_rng(seed)
    n_subjects = len(shares) + extra
    subject = np.repeat(np.arange(n_subjects), 1 + rng.zipf(1.8, n_subjects).clip(max=12))
    columns = {"label": rng.integers(0, 2, n_subjects)[subject], "site": rng.integers(0, 3, len(subject))}
    split = assign_folds(columns, subject=subject, cross_with="label", shares=shares, restarts=0)
    best = min(
        deviation(of_subject[subject], columns, np.array(shares)) for of_subject in every_split(n_subjects, len(shares))
    )
    assert split.objective == pytest.approx(deviation(split.fold, columns, np.array(shares)))
    assert split.objective == pytest.approx(best)
    assert split.lower_bound <= best + 1e-6
    assert split.optimal
    assert sorted(set(split.fold.tolist())) == list(range(len(shares)))


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    shares=st.lists(st.integers(1, 20), min_size=2, max_size=3),
)
def test_the_floor_of_one_stratum_is_below_its_best_split(counts, shares):
    subject = np.repeat(np.arange(len(counts)), counts)
    names = {"label": np.zeros_like(subject)}
    strata = build_strata(names, {}, subject, {"label": 1.0, ALL_RECORDS: 1.0})
    whole = np.array(shares) // np.gcd.reduce(shares)
    every = np.indices((len(shares),) * len(counts)).reshape(len(counts), -1).T
    held = np.stack([(every == k) @ np.array(counts) for k in range(len(shares))], axis=1)
    best = np.abs(whole.sum() * held - whole * sum(counts)).sum(axis=1).min()
    floors = stratum_floors(strata, whole)
    assert (floors <= best).all()
    if set(counts) == {1}:
        assert (floors == best).all()


def test_decimals_are_meant_as_written_and_equal_shares_are_folds(clinic):
    columns, subject = clinic(0)
    arguments = {"subject": subject, "cross_with": "label", "restarts": 10}
    written = assign_folds(columns, shares=(0.7, 0.15, 0.15), **arguments)
    counted = assign_folds(columns, shares=np.array([140, 30, 30]), **arguments)
    assert np.array_equal(written.fold, counted.fold)
    assert written.n_folds == 3
    equal = assign_folds(columns, shares=[7, 7, 7, 7], **arguments)
    assert np.array_equal(equal.fold, assign_folds(columns, n_folds=4, **arguments).fold)


@pytest.mark.parametrize("sizes", ["lognormal", "zipf", "single"])
def test_train_validation_and_test_of_many_subjects(clinic, sizes):
    columns, subject = clinic(3, 600, sizes)
    split = assign_folds(columns, subject=subject, cross_with="label", shares=(0.7, 0.15, 0.15), restarts=150)
    assert split.objective == pytest.approx(deviation(split.fold, columns, np.array([14, 3, 3])))
    assert split.lower_bound <= split.objective < 0.02 * len(subject) * len(columns)
    assert np.bincount(split.fold) / len(subject) == pytest.approx([0.7, 0.15, 0.15], abs=0.01)
    assert len(np.unique(np.stack([split.fold, subject]), axis=1).T) == len(np.unique(subject))


def test_a_part_of_one_record_in_a_thousand_is_not_left_empty():
    split = assign_folds({"label": np.arange(12) % 2}, shares=(998, 1, 1))
    assert sorted(set(split.fold.tolist())) == [0, 1, 2]


@pytest.mark.parametrize("shares", [(1,), (1, 0), (1, -2), (1, float("nan")), [[1, 2]], (1e-9, 1)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(DataError) as caught:
        assign_folds({"label": np.arange(12) % 2}, shares=shares)
    assert caught.value.remedy
