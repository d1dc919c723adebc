"""The counterbalanced test part: independent, whole subjects, as large as it can be, and honest where it cannot be."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_pipeline.errors import DataError
from audit_pipeline.splits import counterbalanced_test
from audit_pipeline.splits.balance import simplest_ratio


def table(label: np.ndarray, codes: np.ndarray) -> np.ndarray:
    counts = np.zeros((codes.max() + 1, label.max() + 1), dtype=int)
    np.add.at(counts, (codes, label), 1)
    return counts


def missed(counts: np.ndarray) -> float:
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(1, counts.sum())
    return float(np.abs(counts - expected).sum())


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=5),
    share=st.sampled_from([0.1, 0.2, 0.5]),
)
def test_single_records_and_one_column_are_solved_exactly(cells, share):
    """The oracle is arithmetic: a level gives k times the ratio, as often as its rarest label allows."""
    label = np.concatenate([np.repeat([0, 1], cell) for cell in cells])
    site = np.concatenate([np.full(sum(cell), level) for level, cell in enumerate(cells)])
    if len(np.unique(label)) < 2:
        return
    found = counterbalanced_test({"site": site}, label=label, share=share)
    if found.reason is None and found.ratio is not None:
        whole = sum(found.ratio)
        fits = sum(min(count // 2 // part for count, part in zip(cell, found.ratio, strict=True)) for cell in cells)
        assert found.at_most == min(int(share * len(label)) // whole, fits) * whole
        assert found.records == found.at_most
        assert found.optimal
        counts = table(label[found.test], site[found.test])
        assert (counts * found.ratio[0] == counts[:, :1] * np.array(found.ratio)).all()
        assert (counts * 2 <= table(label, site)[: len(counts)]).all(), "training keeps half of every cell"


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n_subjects=st.integers(4, 40), n_columns=st.integers(1, 3), seed=st.integers(0, 99))
def test_whatever_comes_the_figures_are_what_they_say(data, n_subjects, n_columns, seed):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    subject = np.repeat(np.arange(n_subjects) * 3, rng.zipf(2, n_subjects).clip(max=15))
    label = rng.integers(0, data.draw(st.integers(1, 3)), len(subject)) * 2
    columns = {f"c{j}": rng.integers(0, 4, len(subject)) + 5 for j in range(n_columns)}
    found = counterbalanced_test(columns, label=label, subject=subject, seed=seed)
    assert found.test.sum() == found.records
    assert not set(subject[found.test]) & set(subject[~found.test])
    assert len(set(subject[found.test])) == found.subjects
    assert found.at_most <= found.wanted == int(0.2 * len(label))
    assert set(found.columns) | set(found.left_out) <= set(columns)
    assert bool(found.records) == (found.reason is None)
    for name in found.columns:
        counts = table(label[found.test], columns[name][found.test])
        assert found.deviation[name] == pytest.approx(missed(counts), abs=1e-9)
        assert found.association[name] == pytest.approx(0, abs=1e-9) or found.deviation[name] > 0
    for name, codes in columns.items():
        empty = [(y, c) for c in np.unique(codes) for y in np.unique(label) if not ((label == y) & (codes == c)).any()]
        assert sorted(found.missing.get(name, ())) == sorted(empty)
        assert found.alone[name] <= found.wanted


def confounded(n: int, *, seed: int = 0, follows: float = 0.5) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)

    def following(levels: int) -> np.ndarray:
        return np.where(rng.random(n) < follows, label * (levels - 1), rng.integers(0, levels, n))

    return {"site": following(4), "scanner": following(3), "sex": rng.integers(0, 2, n)}, label


def test_all_columns_at_once():
    columns, label = confounded(1500, follows=0.4)
    found = counterbalanced_test(columns, label=label)
    assert found.columns == ("site", "scanner", "sex")
    assert found.records == found.wanted == 300
    assert found.association_before["site"] > 0.3
    assert found.deviation == {"site": 0.0, "scanner": 0.0, "sex": 0.0}
    assert found.optimal
    # Levels keep their shares as far as balance allows.
    for name, codes in columns.items():
        tested, all_of_it = np.bincount(codes[found.test]) / 300, np.bincount(codes) / 1500
        assert np.abs(tested - all_of_it).max() < 0.05, name


def test_whole_subjects_of_uneven_size(clinic):
    for seed in range(3):
        columns, subject = clinic(seed, 150)
        label = columns.pop("label")
        found = counterbalanced_test(columns, label=label, subject=subject)
        assert found.records >= 0.97 * found.wanted
        assert sum(found.deviation.values()) <= 0.02 * found.records * len(columns)


def balanced(label: np.ndarray, codes: np.ndarray) -> bool:
    return all((codes[label == 0] == level).sum() == (codes[label == 1] == level).sum() for level in range(4))


@pytest.mark.parametrize("seed", range(4))
def test_no_larger_part_exists_than_is_said(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(14), rng.integers(1, 4, 14))
    label = rng.permutation(np.arange(14) % 2)[subject]
    columns = {"site": rng.integers(0, 2, 14)[subject], "sex": rng.integers(0, 2, len(subject))}
    monkeypatch.setattr("audit_pipeline.splits.balance.MIN_SUBJECTS", 1)
    monkeypatch.setattr("audit_pipeline.splits.counterbalanced.MIN_SUBJECTS", 1)
    monkeypatch.setattr("audit_pipeline.splits.balance.MIN_RECORDS", 2)
    found = counterbalanced_test(columns, label=label, subject=subject, share=0.6, most=1.0)
    if found.ratio == (1, 1) and len(found.columns) == 2:
        largest = max(
            (
                int(test.sum())
                for marks in itertools.product([False, True], repeat=14)
                if (test := np.array(marks)[subject]).sum() <= found.wanted
                and all(balanced(label[test], codes[test]) for codes in columns.values())
            ),
            default=0,
        )
        assert largest <= found.at_most
        if not any(found.deviation.values()):
            assert found.records <= largest


def test_few_whole_subjects_are_as_balanced_as_a_mixed_integer_solver_can_make_them(clinic):
    from scipy.optimize import Bounds, LinearConstraint, milp

    columns, subject = clinic(5, 50)
    label = columns.pop("label")
    columns = {name: columns[name] for name in ("site", "sex")}
    found = counterbalanced_test(columns, label=label, subject=subject)
    assert found.columns == ("site", "sex")

    def bring(mask: np.ndarray) -> np.ndarray:
        return np.bincount(subject, weights=mask, minlength=50)

    rows = []
    for codes in columns.values():
        for level in np.unique(codes):
            for y, share in enumerate(found.shares):
                rows.append(bring((codes == level) & (label == y)) - share * bring(codes == level))
    off, slack = np.array(rows), -np.eye(len(rows))
    size = np.append(np.bincount(subject), np.zeros(len(rows)))
    best = milp(
        np.append(np.zeros(50), np.ones(len(rows))),
        integrality=np.append(np.ones(50), np.zeros(len(rows))),
        bounds=Bounds(0, np.append(np.ones(50), np.full(len(rows), np.inf))),
        constraints=[
            LinearConstraint(np.vstack([np.hstack([off, slack]), np.hstack([-off, slack])]), ub=0),
            LinearConstraint(size[None], found.records, found.records),
        ],
    )
    chosen = np.bincount(subject[found.test], minlength=50) > 0
    assert np.abs(off @ chosen).sum() == pytest.approx(best.fun, abs=1e-6)


def test_aliased_columns_are_named_with_their_missing_cells():
    columns, label = confounded(800)
    found = counterbalanced_test({"lab": 1 - label, **columns}, label=label)
    assert found.columns == ("site", "scanner", "sex")
    assert "enough records of every label" in found.left_out["lab"]
    assert found.missing == {"lab": ((0, 0), (1, 1))}
    assert found.alone["lab"] == 0
    alone = counterbalanced_test({"lab": 1 - label}, label=label)
    assert not alone.test.any()
    assert alone.reason
    assert not alone.columns


def test_columns_that_are_aliased_only_together_are_found_out():
    """Each of the two columns is nearly independent of the label; the sum of their scores is the label."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 4, 2000), rng.integers(0, 4, 2000)
    kept = first + second != 3
    first, second = first[kept], second[kept]
    label = (first + second > 3).astype(int)
    found = counterbalanced_test({"first": first, "second": second}, label=label)
    assert found.columns == ("first",)
    assert "together with first" in found.left_out["second"]


def test_a_rare_label_gets_a_part_of_its_own_ratio():
    rng = np.random.default_rng(0)
    label, site = (np.arange(1000) < 20).astype(int), rng.integers(0, 3, 1000)
    found = counterbalanced_test({"site": site}, label=label)
    assert found.ratio == (1, 1)
    assert 14 <= found.records <= 20
    assert not found.deviation["site"]


def test_levels_with_a_single_label_stay_in_training():
    site = np.repeat([0, 1, 2], [500, 250, 250])
    label = np.where(site == 0, 0, np.arange(1000) % 5 < 3).astype(int)
    found = counterbalanced_test({"site": site}, label=label)
    assert not found.test[site == 0].any()
    assert found.records >= 190
    assert found.missing == {"site": ((1, 0),)}


@pytest.mark.parametrize("grouped", [False, True])
def test_the_same_arguments_give_the_same_part_and_neither_order_nor_names_matter(clinic, grouped):
    columns, subject = clinic(1, 120, "lognormal" if grouped else "single")
    label = columns.pop("label")
    who = subject if grouped else None
    first = counterbalanced_test(columns, label=label, subject=who, seed=4)
    again = counterbalanced_test(columns, label=label, subject=who, seed=4)
    assert np.array_equal(first.test, again.test)
    renamed = {name: 3 * codes + 1 for name, codes in columns.items()}
    other = counterbalanced_test(renamed, label=label, subject=who, seed=4)
    assert np.array_equal(first.test, other.test)
    shuffle = np.random.default_rng(1).permutation(len(label))
    shuffled = counterbalanced_test(
        {name: codes[shuffle] for name, codes in columns.items()},
        label=label[shuffle],
        subject=subject[shuffle] if grouped else None,
        seed=4,
    )
    assert (first.records, first.deviation) == (shuffled.records, shuffled.deviation)
    if grouped:
        assert np.array_equal(first.test[shuffle], shuffled.test)


def test_many_kinds_of_subjects_are_planned_in_blocks_and_stay_quick():
    rng = np.random.default_rng(0)
    n = 60_000
    label = rng.integers(0, 2, n)
    columns = {
        f"c{j}": np.where(rng.random(n) < 0.3, label * (levels - 1), rng.integers(0, levels, n))
        for j, levels in enumerate((20, 12, 8, 9))
    }
    start = time.process_time()
    found = counterbalanced_test(columns, label=label)
    assert time.process_time() - start < 12
    assert found.records == found.wanted
    assert max(found.association.values()) < 0.01 < 0.2 < min(found.association_before.values())


def test_too_many_levels_are_left_out_with_the_number():
    columns, label = confounded(3000)
    found = counterbalanced_test({"id": np.arange(3000) % 1000, **columns}, label=label)
    assert found.left_out == {"id": "it has 1,000 levels, more than 500"}
    assert found.records == found.wanted


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.integers(1, 1000), min_size=1, max_size=6))
def test_the_simplest_ratio_is_close_or_none(counts):
    shares = np.array(counts) / sum(counts)
    ratio = simplest_ratio(shares)
    if ratio is not None:
        assert ratio.min() >= 1
        assert np.gcd.reduce(ratio) == 1
        assert np.abs(ratio / ratio.sum() - shares).sum() / 2 <= 0.05 + 1e-9
    elif len(counts) == 2:
        assert min(shares) < 0.034, "two labels have a ratio unless one is rare"


@pytest.mark.parametrize(
    "arguments", [{"share": 0.0}, {"share": 1.0}, {"most": 0.0}, {"most": 1.5}, {"columns": {}}], ids=str
)
def test_errors_say_what_to_do(arguments):
    columns, label = confounded(100)
    with pytest.raises(DataError) as caught:
        counterbalanced_test(**{"columns": columns, "label": label, **arguments})
    assert caught.value.remedy
