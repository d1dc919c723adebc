"""What anyone may rely on when folds are assigned."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_pipeline.errors import DataError
from audit_pipeline.splits import ALL_RECORDS, assign_folds


def subjects_are_whole(fold: np.ndarray, subject: np.ndarray) -> bool:
    return len(np.unique(np.stack([fold, subject]), axis=1).T) == len(np.unique(subject))


@st.composite
def problems(draw: st.DrawFn) -> dict:
    """Small and awkward: few subjects, unused codes, constant columns, as many folds as subjects."""
    n_folds = draw(st.integers(2, 5))
    n_subjects = draw(st.integers(n_folds, 14))
    sizes = draw(st.lists(st.integers(1, 9), min_size=n_subjects, max_size=n_subjects))
    subject = np.repeat(np.arange(n_subjects) * 7 - 3, sizes)
    names = draw(st.lists(st.sampled_from(["site", "sex", "scanner"]), unique=True, max_size=3))
    code = st.integers(0, draw(st.integers(0, 4)))
    columns = {
        name: np.array(draw(st.lists(code, min_size=len(subject), max_size=len(subject)))) for name in ["label", *names]
    }
    return {
        "columns": columns,
        "subject": subject,
        "n_folds": n_folds,
        "cross_with": draw(st.sampled_from([None, "label"])),
    }


@settings(max_examples=60, deadline=None)
@given(problem=problems(), seed=st.integers(0, 5))
def test_subjects_stay_whole_no_fold_is_empty_and_the_figures_are_what_they_say(recount, problem, seed):
    columns, subject, n_folds = problem["columns"], problem["subject"], problem["n_folds"]
    split = assign_folds(**problem, seed=seed, restarts=5)
    assert subjects_are_whole(split.fold, subject)
    assert split.fold.dtype == np.int16
    assert sorted(set(split.fold.tolist())) == list(range(n_folds))
    counted = recount(split.fold, columns, n_folds, problem["cross_with"])
    assert split.deviation == pytest.approx(counted)
    assert split.objective == pytest.approx(sum(counted.values()))
    assert split.lower_bound <= split.objective
    assert split.optimal == (split.lower_bound == split.objective)
    assert (split.n_folds, split.n_subjects, split.seed) == (n_folds, len(np.unique(subject)), seed)


@pytest.mark.parametrize(("n_subjects", "sizes"), [(60, "lognormal"), (400, "zipf"), (3000, "single")])
def test_the_same_arguments_give_the_same_folds_and_record_order_does_not_matter(clinic, n_subjects, sizes):
    columns, subject = clinic(0, n_subjects, sizes)
    arguments = {"cross_with": "label", "seed": 3, "restarts": 40}
    first = assign_folds(columns, subject=subject, **arguments)
    again = assign_folds(dict(reversed(columns.items())), subject=subject, **arguments)
    assert np.array_equal(first.fold, again.fold)
    assert first.deviation == again.deviation
    shuffle = np.random.default_rng(1).permutation(len(subject))
    shuffled = assign_folds(
        {name: codes[shuffle] for name, codes in columns.items()}, subject=subject[shuffle], **arguments
    )
    assert np.array_equal(first.fold[shuffle], shuffled.fold)


def test_neither_names_of_subjects_nor_gaps_between_codes_change_the_balance(clinic):
    columns, subject = clinic(1)
    renamed = np.random.default_rng(0).permutation(1000)[subject]
    plain = assign_folds(columns, subject=subject, cross_with="label", restarts=30)
    other = assign_folds(
        {name: 10 * codes + 3 for name, codes in columns.items()}, subject=renamed, cross_with="label", restarts=30
    )
    assert plain.deviation == other.deviation


def test_another_seed_is_another_split_of_interchangeable_records():
    label = np.arange(200) % 2
    one, two = (assign_folds({"label": label}, seed=seed) for seed in (0, 1))
    assert one.objective == two.objective == 0
    assert not np.array_equal(one.fold, two.fold)
    assert np.corrcoef(one.fold, np.arange(200))[0, 1] == pytest.approx(0, abs=0.2), "blocks in order of acquisition"


def test_single_records_reach_the_proven_optimum_quickly(clinic):
    columns, _ = clinic(0, 2000, "single")
    start = time.process_time()
    split = assign_folds(columns, cross_with="label")
    assert split.optimal
    assert time.process_time() - start < 2
    assert np.ptp(np.bincount(split.fold)) <= 1


def test_a_hundred_thousand_subjects_of_uneven_size_come_close_to_the_bound(clinic):
    columns, subject = clinic(0, 100_000, "zipf")
    split = assign_folds(columns, subject=subject, cross_with="label", restarts=300)
    assert subjects_are_whole(split.fold, subject)
    assert split.objective <= 1.5 * split.lower_bound
    assert split.objective < 1e-3 * len(subject)


def test_a_small_subject_balances_a_giant_instead_of_being_dealt_evenly(recount):
    """One subject holds a fold's share: dealing the identical rest round-robin would overfill its fold by that much."""
    subject = np.concatenate([np.zeros(100, dtype=int), np.arange(1, 401)])
    columns = {"label": np.concatenate([np.arange(100) % 2, np.arange(400) % 2])}
    split = assign_folds(columns, subject=subject)
    assert split.objective == 0
    assert (split.fold == split.fold[0]).sum() == 100


@pytest.mark.parametrize("sizes", ["lognormal", "zipf"])
def test_at_most_six_tenths_of_stratifying_on_the_joint_string(clinic, recount, sizes):
    from sklearn.model_selection import StratifiedGroupKFold

    ours, theirs, unavoidable = [], [], []
    for seed in range(5):
        columns, subject = clinic(seed, 60, sizes)
        joint = columns["label"] * 4 + columns["site"]
        fold = np.empty(len(subject), dtype=int)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # cells with fewer members than folds, the point of the matter
            splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
            for k, (_, test) in enumerate(splitter.split(joint, joint, subject)):
                fold[test] = k
        split = assign_folds(columns, subject=subject, cross_with="label", seed=seed, restarts=300)
        ours.append(sum(recount(split.fold, columns, 5).values()))
        theirs.append(sum(recount(fold, columns, 5).values()))
        unavoidable.append(split.lower_bound)
    assert sum(ours) <= 0.6 * sum(theirs)
    # Where one subject outgrows a fold, every split shares most of the deviation; what can be avoided is avoided.
    avoidable = (np.array(ours) - unavoidable) / (np.array(theirs) - unavoidable)
    assert avoidable.max() <= 0.5


def test_more_restarts_are_never_worse_than_none(clinic):
    columns, subject = clinic(2)
    plain, searched = (assign_folds(columns, subject=subject, cross_with="label", restarts=n) for n in (0, 200))
    assert searched.objective <= plain.objective


def test_weights_say_what_matters(clinic):
    columns, subject = clinic(3)
    even = assign_folds(columns, subject=subject, cross_with="label", restarts=100)
    site = assign_folds(columns, subject=subject, cross_with="label", restarts=100, weights={"site": 20.0})
    assert (
        site.deviation["site"] + site.deviation["label x site"]
        < even.deviation["site"] + even.deviation["label x site"]
    )
    only_size = assign_folds(columns, subject=subject, weights=dict.fromkeys(columns, 0.0))
    assert only_size.objective == only_size.deviation[ALL_RECORDS]
    assert only_size.optimal


def test_nothing_to_balance_still_gives_whole_folds():
    split = assign_folds({"label": np.zeros(7, dtype=int)}, weights={"label": 0.0, ALL_RECORDS: 0.0}, n_folds=3)
    assert (split.objective, split.lower_bound, split.optimal) == (0.0, 0.0, True)
    assert len(set(split.fold.tolist())) == 3


def test_as_many_folds_as_subjects_leaves_one_out(clinic):
    columns, subject = clinic(0, 20)
    split = assign_folds(columns, subject=subject, n_folds=20)
    assert len({(s, f) for s, f in zip(subject.tolist(), split.fold.tolist(), strict=True)}) == 20
    assert len(set(split.fold.tolist())) == 20


def test_progress_counts_up_to_the_end(clinic):
    columns, subject = clinic(0)
    seen: list[tuple[int, int]] = []
    assign_folds(columns, subject=subject, restarts=7, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (7, 7)


LABEL = np.array([0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"columns": {}}, "name at least one column"),
        ({"columns": {"label": LABEL[:0]}}, "no records"),
        ({"columns": {"label": LABEL, "site": LABEL[:4]}}, "one code per record"),
        ({"columns": {"label": LABEL}, "subject": LABEL[:4]}, "one code per record"),
        ({"columns": {"label": LABEL / 2}}, "code the levels first"),
        ({"columns": {"label": LABEL - 1}}, "code of their own"),
        ({"columns": {"label": LABEL}, "cross_with": "labels"}, "did you mean 'label'"),
        ({"columns": {"label": LABEL}, "n_folds": 7}, "at most 6 folds"),
        ({"columns": {"label": LABEL}, "n_folds": 1}, "5 or 10 folds"),
        ({"columns": {"label": LABEL}, "subject": LABEL, "n_folds": 5}, "at most 2 folds"),
        ({"columns": {"label": LABEL}, "subject": 0 * LABEL}, "check the subject column"),
        ({"columns": {"label": LABEL}, "weights": {"lable": 1.0}}, "did you mean 'label'"),
        ({"columns": {"label": LABEL}, "weights": {"label": -1.0}}, "finite weight"),
        ({"columns": {"label": LABEL}, "restarts": -1}, "0 or more"),
        ({"columns": {ALL_RECORDS: LABEL}}, "rename"),
        ({"columns": {"label": LABEL, "site": LABEL, "label x site": LABEL}, "cross_with": "label"}, "rename"),
    ],
)
def test_errors_say_what_to_do(arguments, says):
    with pytest.raises(DataError) as caught:
        assign_folds(**arguments)
    assert says in str(caught.value)
    assert caught.value.remedy
