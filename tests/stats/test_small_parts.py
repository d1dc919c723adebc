"""Multiplicity, power, overlap, exchange, repair: each against a definition or a published number."""

from __future__ import annotations

import numpy as np
import pytest

from audit_pipeline.stats import power
from audit_pipeline.stats.exchange import given_label
from audit_pipeline.stats.multiplicity import holm
from audit_pipeline.stats.overlap import pair_overlaps
from audit_pipeline.stats.repair import cells_to_fill, units_to_overlap


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(("df", "expected"), [(1, 7.85), (3, 10.9)])
def test_detectable_noncentrality(df: int, expected: float) -> None:
    assert power.detectable_noncentrality(df, 0.05) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("df", "tolerance", "expected"), [(1, 0.2, 220), (3, 0.2, 300), (1, 0.1, 860), (3, 0.1, 1180)])
def test_records_needed_to_pass(df: int, tolerance: float, expected: int) -> None:
    assert power.n_to_exclude(0.0, tolerance, df, 1) == pytest.approx(expected, rel=0.03)


def test_no_number_excludes_what_is_there() -> None:
    assert power.n_to_exclude(0.2, 0.2, 1, 1) is None
    assert power.n_to_exclude(0.1999, 0.2, 1, 1) is None
    assert power.n_to_detect(0.0, 1, 1, 0.05) is None


def test_overlap_of_balanced_classes() -> None:
    """2 sum_k min(n_1k, n_0k) / n."""
    table = np.array([[30.0, 15, 5], [10, 20, 20]])
    (pair,) = pair_overlaps(table, np.random.default_rng(0))
    assert pair.overlap == pytest.approx(2 * (10 + 15 + 5) / 100)


def test_little_overlap_by_chance_is_not_surprising() -> None:
    rng = np.random.default_rng(0)
    (few,) = pair_overlaps(np.array([[3.0, 0], [50, 50]]), rng)
    (none,) = pair_overlaps(np.array([[3.0, 0, 0, 0, 0], [0, 2, 0, 0, 0]]), rng)
    (many,) = pair_overlaps(np.array([[40.0, 0], [0, 40]]), rng)
    assert few.p_value > 0.1
    assert none.p_value > 0.05
    assert many.p_value < 0.001


def test_whole_subjects_change_places_within_their_label() -> None:
    rng = np.random.default_rng(1)
    subject = np.repeat(np.arange(12), 3)
    label = (np.arange(12) % 2)[subject]
    column = rng.integers(3, size=12)[subject]
    exchange = given_label(column, label, subject)
    assert exchange.paired == 0
    for draw in exchange.draw(50, rng):
        moved = column[draw]
        assert all(len(set(moved[subject == g])) == 1 for g in range(12))
        for y in (0, 1):
            subjects = [g for g in range(12) if label[subject == g][0] == y]
            before = sorted(column[subject == g][0] for g in subjects)
            assert sorted(moved[subject == g][0] for g in subjects) == before
        assert np.array_equal(label[draw], label)


def test_paired_records_stay_with_their_subject() -> None:
    rng = np.random.default_rng(2)
    subject = np.repeat(np.arange(10), 4)
    label = np.repeat(np.arange(10) % 2, 4)
    column = np.tile([0, 0, 1, 1], 10)
    exchange = given_label(column, label, subject)
    assert exchange.paired == 1
    for draw in exchange.draw(20, rng):
        assert np.array_equal(subject[draw], subject)
        assert sorted(draw.tolist()) == list(range(40))


def test_draws_are_uniform() -> None:
    exchange = given_label(np.array([0, 1, 0]), np.zeros(3, dtype=int), np.arange(3))
    draws = exchange.draw(6000, np.random.default_rng(3))
    _, counts = np.unique(draws, axis=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 1000 - 4 * np.sqrt(1000)


def test_movable_counts_units_whose_exchange_matters() -> None:
    column, label = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])
    assert given_label(column, label, np.arange(4)).movable(column) == 0
    mixed = np.array([0, 1, 1, 1])
    assert given_label(mixed, label, np.arange(4)).movable(mixed) == 2


def test_filled_cells_bring_v_inside_the_tolerance() -> None:
    table = np.array([[80.0, 20], [20, 80]])
    cells = cells_to_fill(table, 0.2)
    assert cells
    for cell in cells:
        table[cell.a, cell.k] += cell.count
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = ((table - expected) ** 2 / expected).sum() / n
    assert np.sqrt(max(0.0, phi2 - 1 / n)) + 1.645 / np.sqrt(n) < 0.21
    assert {(cell.a, cell.k) for cell in cells} == {(0, 1), (1, 0)}


def test_units_that_end_aliasing() -> None:
    wanted = units_to_overlap(1.0, 90, 0.1)
    assert wanted == 10
    assert wanted / (90 + wanted) == pytest.approx(0.1)
    assert units_to_overlap(0.05, 90, 0.1) is None
