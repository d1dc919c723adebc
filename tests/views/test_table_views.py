"""The views of a table: what they show, and what they must not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.errors import SpecError
from audit_pipeline.spec import TABLE_VIEWS, parse_spec
from audit_pipeline.views.missingness import missingness
from audit_pipeline.views.rounding import last_digit_power, rounding
from audit_pipeline.views.table import table_views

NUMBER: dict[str, Any] = {"name": "x", "kind": "numeric", "levels": []}


def test_the_spec_knows_every_view() -> None:
    assert tuple(view.name for view in table_views()) == TABLE_VIEWS
    assert all("Must not contain" in view.doc for view in table_views())


def test_the_spec_names_the_views_that_it_does_not_know() -> None:
    keys = {"name": "x", "data": "x.csv", "label": "y", "nuisance": ["site"]}
    assert parse_spec({**keys, "label_free": "rounding"}).label_free == ("rounding",)
    with pytest.raises(SpecError, match="did you mean 'missingness'"):
        parse_spec({**keys, "label_free": ["missingnes"]})


def test_missingness_shows_missing_values_of_every_kind() -> None:
    x = np.r_[np.full(5, np.nan), np.arange(15.0)]
    text = np.r_[np.zeros(10), np.ones(10)].astype(np.int32)
    info = [NUMBER, {"name": "t", "kind": "categorical", "levels": ["a", MISSING]}]
    view = missingness([x, text], info)
    assert view.columns == ("x is missing", "t is missing")
    np.testing.assert_array_equal(view.matrix, np.column_stack([np.isnan(x), text == 1]))


def test_missingness_holds_no_values() -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random(50) < 0.3, np.nan, rng.random(50))
    other = np.where(np.isnan(x), np.nan, rng.random(50) * 1e9)
    np.testing.assert_array_equal(missingness([x], [NUMBER]).matrix, missingness([other], [NUMBER]).matrix)


def test_marks_that_only_name_records_are_left_out() -> None:
    x = np.r_[np.nan, np.arange(30.0)]
    view = missingness([x, np.arange(31.0)], [NUMBER, {**NUMBER, "name": "y"}])
    assert view.columns == ()
    assert view.matrix.shape == (31, 0)


def test_last_digits() -> None:
    values = np.array([1200, 125, -30, 3.5, 0.1 + 0.2, 2.25, 1e-7, 1 / 3, 98.60])
    assert last_digit_power(values).tolist() == [2, 0, 1, -1, -1, -2, -7, -7, -1]


def test_rounding_tells_rounded_from_exact_numbers() -> None:
    rng = np.random.default_rng(1)
    x = np.round(rng.normal(130, 20, 2000))
    coarse = rng.random(2000) < 0.5
    x[coarse] = np.round(x[coarse] / 10) * 10
    view = rounding([x], [NUMBER])
    digit = view.matrix[:, [name.startswith("x has 0") for name in view.columns]][:, 0]
    assert digit[coarse].mean() > 0.3 > -0.3 > digit[~coarse].mean()


def test_rounding_tells_decimals() -> None:
    rng = np.random.default_rng(2)
    x = np.round(rng.normal(50, 15, 2000), 2)
    whole = rng.random(2000) < 0.5
    x[whole] = np.round(x[whole])
    view = rounding([x], [NUMBER])
    mark = view.matrix[:, view.columns.index("x is a multiple of 1")]
    assert mark[whole].min() > mark[~whole].mean() + 0.5


def test_rounding_says_nothing_of_size() -> None:
    """Neither shifted, skewed nor coarsely rounded large numbers may correlate with the marks."""
    rng = np.random.default_rng(3)
    n = 20_000
    large = np.round(rng.lognormal(4, 0.8, n))
    large = np.where((large > 80) & (rng.random(n) < 0.7), np.round(large / 10) * 10, large)
    for x in (np.round(rng.normal(130, 20, n)), np.round(rng.exponential(60, n)), large):
        view = rounding([x], [NUMBER])
        size = np.argsort(np.argsort(x)) / n
        correlation = [abs(np.corrcoef(view.matrix[:, j], size)[0, 1]) for j in range(len(view.columns))]
        assert len(view.columns) >= 10
        # Without centring the last of the three has .5; what is left stems from numbers next to where the habit changes.
        assert max(correlation) < 0.06


def test_rounding_leaves_out_what_is_no_measurement() -> None:
    rng = np.random.default_rng(4)
    few = rng.integers(1, 6, 500).astype(float)
    full = rng.standard_normal(500)
    yes = rng.integers(0, 2, 500).astype(float)
    date = np.round(rng.normal(1.6e9, 1e8, 500))
    info = [
        {**NUMBER, "name": "few"},
        {**NUMBER, "name": "full"},
        {**NUMBER, "name": "yes", "kind": "boolean"},
        {**NUMBER, "name": "date", "kind": "date"},
    ]
    assert rounding([few, full, yes, date], info).columns == ()


def test_missing_numbers_and_zeros_are_neutral() -> None:
    rng = np.random.default_rng(5)
    x = np.round(rng.normal(130, 20, 500))
    x[:50], x[50:100] = np.nan, 0.0
    view = rounding([x], [NUMBER])
    assert view.columns
    assert not view.matrix[:100].any()
    assert view.matrix[100:].any(axis=1).all()
