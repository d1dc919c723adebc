"""Cross-fitting, ridge smoothers and baselines: nothing leaks, and the fast way equals the slow one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from audit_pipeline import spec
from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.errors import SpecError
from audit_pipeline.models.baselines import BASELINES, Scaler, cross_fit
from audit_pipeline.models.conditional import conditional_test
from audit_pipeline.models.conditioning import given_covariates, given_strata
from audit_pipeline.models.crossfit import label_folds
from audit_pipeline.models.features import prepare
from audit_pipeline.models.permutation_ridge import PENALTIES, PermutationRidge
from audit_pipeline.models.predictions import Predictions, load, save
from audit_pipeline.models.thresholds import needs_trees, tree_score
from audit_pipeline.stats.auc import stratified_auc
from audit_pipeline.stats.basis import column_basis, finer, to_condition_on
from audit_pipeline.stats.exchange import given_label


@pytest.mark.parametrize("heavy", [False, True])
def test_folds_keep_subjects_whole_and_share_out_labels(heavy: bool) -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(1, 30 if heavy else 2, size=80)
    subject = np.repeat(np.arange(80), size)
    label = (np.arange(80) % 3 == 0).astype(int)[subject]
    fold = label_folds(label, subject, 5, seed=3)
    assert all(len(set(fold[subject == g])) == 1 for g in range(80))
    counts = np.array([[((fold == k) & (label == y)).sum() for k in range(5)] for y in (0, 1)])
    assert (counts > 0).all()
    assert np.ptp(counts, axis=1).max() <= size.max()


def test_few_subjects_give_fewer_folds() -> None:
    fold = label_folds(np.array([0, 1, 0, 1, 0, 1]), np.arange(6), 5, seed=0)
    assert len(set(fold.tolist())) == 3


def test_statistic_equals_refitting_fold_by_fold() -> None:
    rng = np.random.default_rng(1)
    n, q = 60, 7
    z, r = rng.standard_normal((n, q)), rng.standard_normal((n, 2))
    weight, fold = rng.uniform(0.5, 1.0, n), np.arange(n) % 4
    draws = np.array([rng.permutation(n) for _ in range(3)])
    zero = np.zeros_like(r)
    fast = PermutationRidge(z, fold, weight).statistics(r, zero, draws)
    for b, draw in enumerate(draws):
        moved = r[draw]
        for j, penalty in enumerate(PENALTIES):
            total = 0.0
            for k in range(4):
                train, test = fold != k, fold == k
                gram = (z[train] * weight[train, None]).T @ z[train] + penalty * weight[train].sum() * np.eye(q)
                beta = np.linalg.solve(gram, (z[train] * weight[train, None]).T @ moved[train])
                total += (weight[test, None] * moved[test] * (z[test] @ beta)).sum()
            assert fast[j, b] == pytest.approx(total / weight.sum())


def test_unchanged_order_gives_the_observed_statistic() -> None:
    rng = np.random.default_rng(2)
    ridge = PermutationRidge(rng.standard_normal((40, 5)), np.arange(40) % 5, np.ones(40))
    r = rng.standard_normal((40, 3))
    e = rng.standard_normal((40, 3))
    assert ridge.statistics(r, e, np.arange(40)[None, :]) == pytest.approx(ridge.statistics(r, e, None))


@pytest.mark.parametrize("sensor", ["mean", "variance", "covariance", "xor", "missing values"])
def test_each_kind_of_sensor_is_seen_by_some_probe(sensor: str) -> None:
    rng = np.random.default_rng(3)
    n = 600
    label, site = rng.integers(2, size=n), rng.integers(2, size=n)
    x = rng.standard_normal((n, 8))
    x[:, 0] += label
    if sensor == "mean":
        x[:, 1] += 0.8 * site
    elif sensor == "variance":
        x[:, 1] *= np.where(site == 1, 1.8, 1.0)
    elif sensor == "covariance":
        x[:, 1] = np.where(site == 1, 0.8 * x[:, 2] + 0.6 * x[:, 1], x[:, 1])
    elif sensor == "xor":
        x[:, 1] = np.sign(x[:, 2]) * np.abs(x[:, 1]) * np.where(site == 1, 1, -1)
    else:
        x[(site == 1) & (rng.random(n) < 0.4), 1] = np.nan
        x = np.column_stack([x, np.isnan(x[:, 1]).astype(float)])
    column = MetadataColumn(
        name="site", role="nuisance", kind="categorical", levels=("a", "b"), codes=site.astype(np.int32)
    )
    basis = column_basis(column, np.arange(n))
    given = given_strata(basis, given_label(site, label, np.arange(n)))
    test = conditional_test(x, basis, given, label_folds(label, np.arange(n), 5, 0), rng, 199)
    assert test.p_value <= 0.01
    seen_by = max(test.fits, key=lambda fit: fit.z).name
    assert seen_by == {"mean": "linear", "missing values": "linear"}.get(sensor, "quadratic")


def test_preparing_takes_out_what_the_label_explains() -> None:
    rng = np.random.default_rng(4)
    label = rng.integers(3, size=200)
    x = rng.standard_normal((200, 3)) + 5 * label[:, None]
    x[rng.random((200, 3)) < 0.1] = np.nan
    site = rng.integers(2, size=200)
    column = MetadataColumn(
        name="s", role="nuisance", kind="categorical", levels=("a", "b"), codes=site.astype(np.int32)
    )
    given = given_strata(column_basis(column, np.arange(200)), given_label(site, label, np.arange(200)))
    z = prepare(np.column_stack([x, np.ones(200), label]), given)
    assert z.shape[1] == 3
    assert all(abs(z[label == y].mean()) < 0.2 for y in range(3))


def test_nothing_is_fitted_on_test_records() -> None:
    """Changing the test records' features or labels leaves what a model says of other folds, and its scaling, as they are."""
    rng = np.random.default_rng(5)
    n = 90
    x, y, subject, fold = rng.standard_normal((n, 4)), rng.integers(2, size=n), np.arange(n), np.arange(n) % 3
    for name, model in BASELINES.items():
        seen: list[np.ndarray] = []

        def spy(train: np.ndarray, *rest: object, seen: list[np.ndarray] = seen, model: object = model) -> np.ndarray:
            seen.append(train)
            return model(train, *rest)  # type: ignore[operator, no-any-return]

        proba = cross_fit(spy, x, y, 2, subject, fold, 0)
        assert [len(train) for train in seen] == [60, 60, 60], name
        assert all(np.array_equal(train, x[fold != k]) for k, train in enumerate(seen))
        assert proba.sum(axis=1) == pytest.approx(np.ones(n))
        poisoned = x.copy()
        poisoned[fold == 0] = 1e6
        again = model(poisoned[fold != 0], y[fold != 0], x[fold == 0], 2, subject[fold != 0], 0)
        assert np.array_equal(again, proba[fold == 0]), name


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_baselines_learn_and_repeat_themselves(name: str) -> None:
    rng = np.random.default_rng(6)
    n = 300
    y = rng.integers(3, size=n)
    x = rng.standard_normal((n, 5)) + 1.5 * np.eye(5)[y]
    x[rng.random((n, 5)) < 0.05] = np.nan
    fold = label_folds(y, np.arange(n), 5, 0)
    first = cross_fit(BASELINES[name], x, y, 3, np.arange(n), fold, 0)
    assert np.array_equal(first, cross_fit(BASELINES[name], x, y, 3, np.arange(n), fold, 0))
    auc = stratified_auc(first[:, 1], y == 1, fold)
    assert auc is not None
    assert auc.estimate > 0.75


def test_a_class_missing_from_training_gets_no_probability() -> None:
    y = np.array([0, 1] * 10 + [2, 2])
    fold = np.array([0, 1, 2, 3] * 5 + [0, 0])
    x = np.random.default_rng(7).standard_normal((22, 3))
    proba = cross_fit(BASELINES["linear"], x, y, 3, np.arange(22), fold, 0)
    assert (proba[fold == 0][:, 2] == 0).all()


def test_scaler_ignores_missing_values_and_constants() -> None:
    scaler = Scaler.fit(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]]))
    assert scaler(np.array([[2.0, 5.0], [np.nan, 6.0]])).tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_predictions_come_back_in_canonical_order(tmp_path) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(8)
    proba = {"linear": rng.dirichlet([1, 1], 30), "metadata": rng.dirichlet([1, 1], 30)}
    fold, row = rng.integers(3, size=30), rng.permutation(30)
    save(tmp_path, Predictions(fold, proba), row=row, label=rng.integers(2, size=30), classes=("a", "b"))
    back = load(tmp_path)
    assert np.array_equal(back.fold, fold)
    assert all(np.array_equal(back.proba[name], proba[name]) for name in proba)
    assert back.models == ("linear",)


def draw_with_age(
    rng: np.random.Generator, n: int, sensor: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Site depends on age, the data on age (bent) and label, and on site by ``sensor``."""
    age = rng.standard_normal(n)
    site = (rng.random(n) < 1 / (1 + np.exp(-1.2 * age))).astype(int)
    label = (rng.random(n) < 1 / (1 + np.exp(-0.8 * age))).astype(int)
    x = rng.standard_normal((n, 5))
    x[:, 0] += label + 0.8 * age
    x[:, 1] += 0.5 * age**2 + 0.5 * age
    x[:, 2] += sensor * site
    return x, label, site, age


def p_given_age(rng: np.random.Generator, n: int, sensor: float, covariate: bool = True) -> float:
    x, label, site, age = draw_with_age(rng, n, sensor)
    subject = np.arange(n)
    column = MetadataColumn(
        name="s", role="nuisance", kind="categorical", levels=("a", "b"), codes=site.astype(np.int32)
    )
    age_column = MetadataColumn(name="age", role="covariate", kind="continuous", values=age)
    basis, exchange = column_basis(column, subject), given_label(site, label, subject)
    given = (
        given_covariates(basis, exchange, [column_basis(age_column, subject).matrix])
        if covariate
        else given_strata(basis, exchange)
    )
    return conditional_test(x, basis, given, label_folds(label, subject, 5, 0), rng, 99).p_value


@pytest.mark.slow
def test_what_a_covariate_explains_is_no_sensor_edge() -> None:
    rng = np.random.default_rng(9)
    assert p_given_age(rng, 300, 0.0, covariate=False) == 0.01
    runs = 80
    alarms = sum(p_given_age(rng, 300, 0.0) <= 0.05 for _ in range(runs))
    assert alarms <= binom.ppf(0.999, runs, 0.05)


def test_a_sensor_beyond_the_covariate_is_seen() -> None:
    rng = np.random.default_rng(10)
    assert max(p_given_age(rng, 300, 0.9) for _ in range(5)) <= 0.02


def test_conditional_exchanges_follow_the_odds() -> None:
    """With site depending on age, exchanged sites depend on age as much as the observed ones do."""
    rng = np.random.default_rng(11)
    _, label, site, age = draw_with_age(rng, 400, 0.0)
    column = MetadataColumn(
        name="s", role="nuisance", kind="categorical", levels=("a", "b"), codes=site.astype(np.int32)
    )
    basis, exchange = column_basis(column, np.arange(400)), given_label(site, label, np.arange(400))
    given = given_covariates(basis, exchange, [age[:, None]])
    draws = given.sampler(rng).draw(100)
    for y in (0, 1):
        assert all(np.array_equal(np.sort(site[draw][label == y]), np.sort(site[label == y])) for draw in draws[:5])
    observed = np.corrcoef(age, site)[0, 1]
    exchanged = np.array([np.corrcoef(age, site[draw])[0, 1] for draw in draws])
    assert abs(exchanged.mean() - observed) < 0.06
    assert exchanged.std() > 0.01
    assert np.mean([(site[draw] != site).mean() for draw in draws]) > 0.2


def test_the_spec_knows_every_baseline() -> None:
    assert tuple(BASELINES) == spec.BASELINES
    keys = {"name": "a", "data": "a.csv", "label": "ill", "nuisance": ["site"]}
    assert spec.parse_spec({**keys, "baselines": ["trees", "linear"]}).baselines == ("linear", "trees")
    with pytest.raises(SpecError, match="did you mean 'linear'"):
        spec.parse_spec({**keys, "baselines": "lineer"})
    with pytest.raises(SpecError, match="baselines"):
        spec.parse_spec({**keys, "baselines": []})


def p_given_number(site: np.ndarray, number: np.ndarray, x: np.ndarray, rng: np.random.Generator) -> float:
    """Return the p-value of "at equal values of a number the features (n, p) do not show the site"."""
    n = len(site)
    column = MetadataColumn(
        name="s", role="nuisance", kind="categorical", levels=("a", "b"), codes=site.astype(np.int32)
    )
    covariate = MetadataColumn(name="z", role="covariate", kind="continuous", values=number)
    basis = column_basis(column, np.arange(n))
    exchange = given_label(basis.codes, np.zeros(n, dtype=np.int64), np.arange(n))
    given = given_covariates(basis, exchange, [to_condition_on(covariate, np.arange(n))])
    fold = label_folds(np.zeros(n, dtype=np.int64), np.arange(n), 5, 0)
    return conditional_test(x, basis, given, fold, rng, 99).p_value


@pytest.mark.slow
def test_a_feature_in_proportion_to_a_number_is_explained_by_it() -> None:
    """The site goes with a normal label that features follow in proportion: given the label, nothing shows the site.

    With location and spread of the label's rank alone the site is blamed in about 15 of 100 cases.
    """
    rng = np.random.default_rng(9)
    n, runs, small = 100, 150, 0
    for _ in range(runs):
        site = rng.permutation(np.arange(n) % 2)
        y = 0.4 * (2 * site - 1) + np.sqrt(1 - 0.4**2) * rng.standard_normal(n)
        x = rng.standard_normal((n, 8))
        x[:, 0] += 0.8 * y
        small += p_given_number(site, y, x, rng) <= 0.05
    assert small <= binom.ppf(0.999, runs, 0.05)


def test_what_is_conditioned_on_bears_infinities_and_constants() -> None:
    values = np.array([1.0, np.inf, -np.inf, np.nan, 3.0, 2.0])
    assert np.isfinite(finer(values)).all()
    assert np.isfinite(finer(np.full(5, 2.0))).all()
    assert np.isfinite(finer(np.full(5, np.nan))).all()


@pytest.mark.slow
def test_a_threshold_of_a_covariate_explains_what_follows_it() -> None:
    """Label, site and features all follow whether age is above a threshold: given age, nothing shows the site.

    By smooth functions of age alone the site is blamed in 18 of 40 such cases.
    """
    rng = np.random.default_rng(10)
    n, runs, small = 300, 60, 0
    for _ in range(runs):
        age = rng.standard_normal(n)
        site = (rng.random(n) < np.where(age > 0.5, 0.85, 0.15)).astype(int)
        x = rng.standard_normal((n, 6))
        x[:, 0] += 4.0 * (age > 0.5)
        small += p_given_number(site, age, x, rng) <= 0.05
    # Where the threshold lies has to be learned, so that the level holds nearly and not exactly.
    assert small <= binom.ppf(0.999, runs, 0.1)


def test_levels_of_one_column_need_no_trees() -> None:
    rng = np.random.default_rng(11)
    assert not needs_trees(np.eye(4)[rng.integers(0, 4, 200)])
    assert needs_trees(rng.standard_normal((200, 1)))
    assert needs_trees(np.column_stack([np.eye(2)[rng.integers(0, 2, 200)] for _ in range(2)]))
    assert not needs_trees(rng.standard_normal((50, 1)))
    score = tree_score(rng.standard_normal((200, 1)), np.zeros(200), rng.integers(0, 3, 200), True)
    assert score.shape == (200, 2)
    assert tree_score(np.zeros((200, 1)), np.zeros(200), np.zeros(200, dtype=int), True).shape == (200, 0)
