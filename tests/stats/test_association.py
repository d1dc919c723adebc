from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2_contingency, kstest

from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.stats.association import (
    association,
    corrected_metadata_auc,
    design_units,
    likelihood_ratio_auc,
    metadata_auc,
)


def categorical(codes: np.ndarray) -> MetadataColumn:
    names = tuple(f"k{code}" for code in range(int(codes.max()) + 1))
    return MetadataColumn(name="c", role="nuisance", kind="categorical", levels=names, codes=codes.astype(np.int32))


def from_table(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Expand a (labels, levels) table into records."""
    label = np.concatenate([np.full(count, a) for a, row in enumerate(table) for count in row])
    level = np.concatenate([np.full(count, k) for row in table for k, count in enumerate(row)])
    return label, level


def test_chi_square_is_pearsons() -> None:
    table = [[30, 12, 8], [10, 25, 15], [9, 9, 33]]
    label, level = from_table(table)
    units = design_units(label, 3, np.arange(len(label)), categorical(level))
    result = association(units, np.random.default_rng(0), 99)
    expected = chi2_contingency(np.array(table), correction=False)
    assert result.chi2 == pytest.approx(expected.statistic)
    assert result.p_value == pytest.approx(expected.pvalue)
    assert (result.df, result.dim) == (4, 2)


def test_v_of_a_known_table() -> None:
    """Disease by site of the UCI heart data (published counts): V about .41, metadata AUC .72. The interval is that of
    5,000 tables resampled from it; the noncentral chi-square distribution, which is too wide here, would give .35 to .48."""
    table = np.array([[164, 188, 8, 51], [139, 106, 115, 149]])
    label, level = from_table(table.tolist())
    units = design_units(label, 2, np.arange(len(label)), categorical(level))
    result = association(units, np.random.default_rng(0), 99)
    assert result.v == pytest.approx(0.41, abs=0.005)
    drawn = np.random.default_rng(0).multinomial(920, table.ravel() / 920, size=5000).reshape(-1, 2, 4)
    expected = drawn.sum(axis=2, keepdims=True) * drawn.sum(axis=1, keepdims=True) / 920
    resampled = np.sqrt(np.maximum(0, ((drawn - expected) ** 2 / expected).sum(axis=(1, 2)) / 920 - 3 / 919))
    assert (result.low, result.high) == pytest.approx(tuple(np.quantile(resampled, [0.025, 0.975])), abs=0.008)
    kappa, low, high = corrected_metadata_auc(metadata_auc(units), result)
    assert kappa == pytest.approx(0.72, abs=0.005)
    assert low < kappa < high


def test_metadata_auc_on_published_counts() -> None:
    """Mount Sinai: 14,515 of 42,396 with pneumonia, NIH: 1,353 of 112,120 (Zech 2018): the hospital alone gives .857."""
    ill, well = np.array([14_515, 1_353]), np.array([42_396 - 14_515, 112_120 - 1_353])
    assert likelihood_ratio_auc(well / well.sum(), ill / ill.sum()) == pytest.approx(0.857, abs=0.001)


def test_formula_of_kappa() -> None:
    rng = np.random.default_rng(1)
    w, p = rng.dirichlet(np.ones(5)), rng.random(5)
    pi = float(w @ p)
    formula = 0.5 + sum(w[j] * w[k] * abs(p[j] - p[k]) for j in range(5) for k in range(5)) / (4 * pi * (1 - pi))
    assert likelihood_ratio_auc(w * (1 - p) / (1 - pi), w * p / pi) == pytest.approx(formula)


@pytest.mark.parametrize("kind", ["small table", "subjects", "continuous", "paired"])
def test_p_values_are_uniform_under_independence(kind: str) -> None:
    rng = np.random.default_rng(2)
    values = []
    for _ in range(150):
        if kind == "small table":
            n, subject = 24, np.arange(24)
            label, column = rng.integers(2, size=n), categorical(rng.integers(3, size=n))
        elif kind == "subjects":
            subject = np.repeat(np.arange(40), 5)
            label, column = rng.integers(2, size=40)[subject], categorical(rng.integers(3, size=40)[subject])
        elif kind == "paired":
            subject = np.repeat(np.arange(30), 2)
            label, column = np.tile([0, 1], 30), categorical(rng.permuted(np.tile([0, 1], (30, 1)), axis=1).ravel())
        else:
            subject, label = np.arange(60), rng.integers(2, size=60)
            column = MetadataColumn(name="t", role="nuisance", kind="continuous", values=rng.exponential(size=60))
        units = design_units(label, 2, subject, column)
        values.append(association(units, rng, 199).p_value)
    p = np.array(values)
    # Discrete tables give conservative p-values: never too many small ones, whatever the family.
    assert (p <= 0.05).sum() <= binom.ppf(0.999, len(p), 0.05)
    if kind in {"continuous", "subjects"}:
        assert kstest(p, "uniform").pvalue > 0.001


def test_records_of_a_subject_count_once() -> None:
    """Repeating every record changes nothing when records share a subject."""
    label, level = from_table([[30, 10], [12, 28]])
    once = association(design_units(label, 2, np.arange(80), categorical(level)), np.random.default_rng(0), 99)
    subject = np.repeat(np.arange(80), 7)
    units = design_units(label[subject], 2, subject, categorical(level[subject]))
    many = association(units, np.random.default_rng(0), 99)
    assert (many.v, many.low, many.high, many.p_value) == pytest.approx((once.v, once.low, once.high, once.p_value))


def test_a_column_that_is_crossed_with_subjects_is_independent_by_design() -> None:
    """Everybody through both microphones, one twice as often: nothing that is constant within subjects can go with them."""
    subject = np.repeat(np.arange(51), 3)
    label = (subject % 2).astype(np.int64)
    column = MetadataColumn(
        "microphone", "nuisance", "categorical", ("a", "b"), np.tile([0, 1, 1], 51).astype(np.int32)
    )
    units = design_units(label, 2, subject, column)
    found = association(units, np.random.default_rng(0), 99)
    assert (found.v, found.low, found.high, found.upper, found.p_value) == (0.0, 0.0, 0.0, 0.0, 1.0)
    assert corrected_metadata_auc(metadata_auc(units), found) == (0.5, 0.5, 0.5)
    # One subject that was recorded otherwise, and chance has a part in it again.
    codes = column.codes.copy() if column.codes is not None else np.zeros(0)
    codes[:3] = 1
    almost = MetadataColumn("microphone", "nuisance", "categorical", ("a", "b"), codes)
    assert association(design_units(label, 2, subject, almost), np.random.default_rng(0), 99).upper > 0.0


def test_paired_design_uses_the_pairing() -> None:
    """Every patient gives one tissue of each kind; the tumour always goes to scanner 1: complete association."""
    subject = np.repeat(np.arange(25), 2)
    label = np.tile([0, 1], 25)
    units = design_units(label, 2, subject, categorical(label))
    result = association(units, np.random.default_rng(0), 999)
    assert units.mode == "within subjects"
    assert result.p_value == 0.001
    assert result.v > 0.95


def test_a_number_that_spreads_with_the_label_is_found() -> None:
    rng = np.random.default_rng(3)
    label = rng.integers(2, size=400)
    values = rng.standard_normal(400) * np.where(label == 1, 3.0, 1.0)
    column = MetadataColumn(name="t", role="nuisance", kind="continuous", values=values)
    units = design_units(label, 2, np.arange(400), column)
    result = association(units, rng, 499)
    assert result.p_value == 0.002
    assert result.v > 0.3
    assert metadata_auc(units) > 0.65


@pytest.mark.slow
@pytest.mark.parametrize(("v", "levels"), [(0.0, 2), (0.2, 2), (0.4, 2), (0.2, 4)])
def test_intervals_of_v_cover(v: float, levels: int) -> None:
    rng = np.random.default_rng(4)
    runs, covered, bounded = 400, 0, 0
    direction = np.linspace(-1, 1, levels)
    direction /= np.sqrt(np.mean(direction**2))
    for _ in range(runs):
        site = rng.integers(levels, size=300)
        label = (rng.random(300) < 0.5 + v * direction[site] / 2).astype(int)
        result = association(design_units(label, 2, np.arange(300), categorical(site)), rng, 99)
        covered += result.low <= v <= result.high
        bounded += v <= result.upper
    assert covered >= binom.ppf(0.001, runs, 0.93)
    assert bounded >= binom.ppf(0.001, runs, 0.94)
    if v > 0:
        # At zero the lower end cannot miss, so only the upper one errs.
        assert covered <= binom.ppf(0.999, runs, 0.97)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "n"),
    [
        ([[0.45, 0.05], [0.05, 0.45]], 300),  # strong and balanced: the noncentral chi-square interval holds 99%
        ([[0.07, 0.03], [0.05, 0.85]], 300),  # a rare label at a rare level: 87%
        ([[0.03, 0.02], [0.05, 0.90]], 300),  # rarer: 71%
        ([[0.10, 0.02], [0.10, 0.05], [0.10, 0.10], [0.05, 0.10], [0.03, 0.35]], 200),
    ],
)
def test_intervals_of_v_cover_strong_and_rare_ones(table: list[list[float]], n: int) -> None:
    rng = np.random.default_rng(5)
    p = np.array(table) / np.sum(table)
    rows, columns = p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True)
    v = float(np.sqrt(((p - rows * columns) ** 2 / (rows * columns)).sum()))
    runs, covered = 400, 0
    for _ in range(runs):
        label, level = from_table(rng.multinomial(n, p.ravel()).reshape(p.shape).tolist())
        result = association(design_units(label, len(p), np.arange(n), categorical(level)), rng, 1)
        covered += result.low <= v <= result.high
    assert binom.ppf(0.001, runs, 0.93) <= covered <= binom.ppf(0.999, runs, 0.97)


def test_intervals_count_subjects_and_need_exceptions_to_be_seen() -> None:
    """Within subjects, the scatter is that between subjects; of forty pairs without exception the lower bound stays below one."""
    label, level = from_table([[20, 0], [0, 20]])
    perfect = association(design_units(label, 2, np.arange(40), categorical(level)), np.random.default_rng(0), 9)
    assert perfect.high == 1.0
    assert perfect.low == pytest.approx(1 - 2 * (1 - 0.025 ** (1 / 40)), abs=0.03)


def test_twelve_records_without_any_association_leave_the_metadata_auc_open() -> None:
    label, level = from_table([[3, 3], [3, 3]])
    units = design_units(label, 2, np.arange(12), categorical(level))
    result = association(units, np.random.default_rng(0), 99)
    kappa, low, high = corrected_metadata_auc(metadata_auc(units), result)
    assert (kappa, low) == (0.5, 0.5)
    assert high == pytest.approx(0.5 + result.high / 2)
    assert high > 0.8
