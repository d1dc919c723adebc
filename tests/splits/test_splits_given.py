"""The audit of a given split: counted right, compared fairly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_pipeline.errors import DataError
from audit_pipeline.splits import assign_folds, audit_split
from audit_pipeline.splits.facts import headline


@settings(max_examples=50, deadline=None)
@given(data=st.data(), n_subjects=st.integers(2, 14), n_parts=st.integers(1, 4))
def test_the_figures_are_counted_right(recount, data, n_subjects, n_parts):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    subject = np.repeat(np.arange(n_subjects), rng.integers(1, 6, n_subjects))
    part = rng.integers(0, n_parts, len(subject))
    part = np.unique(part, return_inverse=True)[1]
    columns = {"label": rng.integers(0, 2, len(subject)), "site": 3 * rng.integers(0, 3, len(subject))}
    found = audit_split(part, columns, subject=subject, cross_with="label", restarts=3)
    sizes = np.bincount(part)
    across = [g for g in range(n_subjects) if len(set(part[subject == g])) > 1]
    assert found.records == tuple(sizes)
    assert found.subjects == tuple(len(set(subject[part == k])) for k in range(len(sizes)))
    assert found.n_subjects == n_subjects
    assert found.subjects_across == len(across)
    assert found.records_across == np.isin(subject, across).sum()
    # Equal parts are folds, so the folds' own count applies.
    if np.ptp(sizes) == 0:
        assert found.deviation == pytest.approx(recount(part, columns, len(sizes)))
    assert found.objective == pytest.approx(sum(found.deviation.values()))
    assert found.deviation["(records)"] == 0
    lacking = {
        (k, name, int(level))
        for name, codes in columns.items()
        for level in np.unique(codes)
        for k in range(len(sizes))
        if not ((codes == level) & (part == k)).any()
    }
    assert {(absence.part, absence.name, absence.code) for absence in found.absent} == lacking
    if found.attainable is None:
        assert len(sizes) == 1 or len(sizes) > n_subjects
        assert found.proposed is None
    else:
        assert found.lower_bound <= found.attainable + 1e-9
        assert len({(s, p) for s, p in zip(subject, found.proposed, strict=True)}) == n_subjects
        assert found.attainable == pytest.approx(sum(found.attainable_deviation.values()))
        if not across:
            assert found.attainable <= found.objective


def test_a_perfect_split_is_not_bettered_and_proposed_as_it_is():
    label, site = np.tile([0, 1], 40), np.repeat([0, 1], 40)
    part = np.tile(np.repeat(np.arange(5), 4), 4)
    found = audit_split(part, {"label": label, "site": site}, cross_with="label")
    assert (found.objective, found.attainable, found.lower_bound) == (0.0, 0.0, 0.0)
    assert np.array_equal(found.proposed, part)
    assert "no better one" in headline("fold", found)


def test_a_site_kept_for_testing_is_seen(clinic):
    columns, _ = clinic(0, 100, "single")
    part = (columns["site"] == 2).astype(int)
    found = audit_split(part, columns, cross_with="label", restarts=50)
    assert found.objective > 5 * found.attainable
    assert {(absence.name, absence.code) for absence in found.absent if absence.part == 1} == {
        ("site", 0),
        ("site", 1),
        ("site", 3),
    }
    assert np.bincount(found.proposed) == pytest.approx(np.bincount(part), abs=2)
    says = headline("part", found)
    assert "were attainable with parts of the same sizes" in says
    assert "stand" not in says


def test_records_of_one_subject_on_both_sides_are_counted(clinic):
    columns, subject = clinic(1, 80, "lognormal")
    part = np.random.default_rng(0).choice(3, p=(0.6, 0.2, 0.2), size=len(subject))
    found = audit_split(part, columns, subject=subject, cross_with="label", restarts=20)
    assert found.subjects_across > 50
    assert f"{found.subjects_across} subjects stand in more than one part" in headline("part", found)
    whole = replace(found, attainable=found.objective + 7, lower_bound=found.objective)
    assert "less than the" in headline("part", whole)


@pytest.mark.parametrize(("n_subjects", "sizes"), [(200, "lognormal"), (1500, "single")])
def test_chance_is_predicted(clinic, n_subjects, sizes):
    columns, subject = clinic(2, n_subjects, sizes)
    rng = np.random.default_rng(0)
    attained, predicted = [], []
    for _ in range(6):
        part = rng.permutation(np.arange(n_subjects) % 10 // 4)[subject]
        found = audit_split(part, columns, subject=subject, cross_with="label", restarts=0)
        attained.append(found.objective)
        predicted.append(found.at_random)
    assert np.mean(predicted) == pytest.approx(np.mean(attained), rel=0.2)


def test_our_own_folds_are_as_good_as_we_say(clinic):
    columns, subject = clinic(4)
    ours = assign_folds(columns, subject=subject, cross_with="label", restarts=100)
    found = audit_split(ours.fold, columns, subject=subject, cross_with="label", restarts=100)
    assert found.subjects_across == 0
    # Its goals are the sizes it has, not equal ones, which can only differ by what the sizes deviate.
    slack = ours.deviation["(records)"] * len(ours.deviation)
    assert found.objective == pytest.approx(ours.objective, abs=slack)


def test_one_part_and_a_gap_between_parts():
    columns = {"label": np.arange(10) % 2}
    found = audit_split(np.zeros(10, dtype=int), columns)
    assert found.attainable is None
    assert "into one part" in headline("fold", found)
    with pytest.raises(DataError, match="part 1 has no record"):
        audit_split(np.array([0, 2] * 5), columns)
