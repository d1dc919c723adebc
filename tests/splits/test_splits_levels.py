"""Leaving a level out: every record is tested, trained on or dropped, and no subject is on two sides."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_pipeline.splits import leave_one_level_out, level_parts


@settings(max_examples=80, deadline=None)
@given(data=st.data(), n=st.integers(1, 40))
def test_the_figures_are_those_of_the_parts(data, n):
    def draw(high: int) -> np.ndarray:
        return np.array(data.draw(st.lists(st.integers(0, high), min_size=n, max_size=n)))

    codes, label = draw(4), draw(2)
    subject = draw(12) if data.draw(st.booleans()) else None
    parts = leave_one_level_out(codes, label=label, subject=subject)
    who = np.arange(n) if subject is None else subject
    assert [part.code for part in parts] == np.unique(codes).tolist()
    for part in parts:
        train, test = level_parts(codes, part.code, subject=subject)
        assert np.array_equal(test, codes == part.code)
        assert not set(who[train]) & set(who[test])
        # Whoever could be trained on is: only other records of tested subjects are dropped.
        dropped = ~train & ~test
        assert set(who[dropped]) <= set(who[test])
        assert (part.records, part.train_records, part.dropped_records) == (test.sum(), train.sum(), dropped.sum())
        assert part.subjects == len(set(who[test]))
        assert part.train_subjects == len(set(who[train]))
        assert part.dropped_subjects == len(set(who[dropped]))
        assert part.labels == tuple(np.bincount(label[test], minlength=label.max() + 1))
        assert part.train_labels == tuple(np.bincount(label[train], minlength=label.max() + 1))
        few, single = len(set(who[test])) < 5, len(set(label[test])) == 1
        unseen = not set(label[test]) <= set(label[train]) or len(set(label[train])) < 2
        assert bool(part.problems) == (few or single or unseen)


def test_problems_are_said_in_names():
    site = np.array([0] * 6 + [1] * 6 + [2] * 2)
    ill = np.array([0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1])
    parts = leave_one_level_out(site, label=ill, levels=["A", "B", "C"], labels=["well", "ill"])
    assert [part.problems for part in parts] == [(), ("only the label 'ill'",), ("2 subjects, fewer than 5",)]
    alone = leave_one_level_out(np.zeros(6, dtype=int), label=ill[:6], levels=["A"], labels=["well", "ill"])
    assert alone[0].problems == ("no record is left for training",)
    aliased = leave_one_level_out(ill, label=ill, labels=["well", "ill"])
    assert aliased[0].problems[-1] == "training has only the label 'ill'"


def test_a_million_records_take_little_time():
    rng = np.random.default_rng(0)
    codes, label, subject = rng.integers(0, 30, 10**6), rng.integers(0, 2, 10**6), rng.permutation(10**6) // 3
    start = time.process_time()
    parts = leave_one_level_out(codes, label=label, subject=subject)
    assert time.process_time() - start < 3
    assert sum(part.records for part in parts) == 10**6
