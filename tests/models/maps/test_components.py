"""What maps are drawn from: units, outliers, missing values and devices."""

from __future__ import annotations

import numpy as np
import pytest

from audit_pipeline.models.maps.components import MOST, components
from audit_pipeline.models.maps.sammon import first_two


def test_units_do_not_count() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((50, 6))

    plain, scaled = components(matrix), components(matrix * [1e-6, 1, 1e3, 1e9, 1, 1] + [0, 1e6, 0, 0, 3, 0])

    assert np.abs(plain.scores) == pytest.approx(np.abs(scaled.scores), abs=1e-6)
    assert plain.share == pytest.approx(1.0)


def test_one_mistyped_number_does_not_make_the_map() -> None:
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal((200, 5))
    matrix[0, 0] = 1e9

    first = components(matrix).scores[:, 0]

    assert np.sort(np.abs(first))[-2] > 1


def test_columns_that_say_nothing_are_left_out() -> None:
    matrix = np.column_stack([np.arange(30.0), np.full(30, 7.3), np.full(30, np.nan), np.full(30, 1e12 / 3)])
    matrix[4, 0] = np.nan

    found = components(matrix)

    assert found.scores.shape == (30, 1)
    assert np.isfinite(found.scores).all()
    assert components(matrix[:, 1:]).scores.shape == (30, 0)
    assert first_two(found.scores).shape == (30, 2)


def test_wide_views_are_cut_to_their_leading_components() -> None:
    rng = np.random.default_rng(3)
    strong = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 1_500))

    found = components(strong + 0.1 * rng.standard_normal((300, 1_500)))

    assert found.scores.shape == (300, MOST)
    assert np.square(found.scores[:, :4]).sum() / np.square(found.scores).sum() > 0.95
    assert 0.95 < found.share < 1
    again = components(strong)
    assert again.scores.shape[1] == 4
    assert again.share == pytest.approx(1.0)


def test_inside_levels_a_device_leaves_no_trace_of_its_offset() -> None:
    rng = np.random.default_rng(4)
    level = np.arange(200) % 2
    matrix = rng.standard_normal((200, 10)) + 50 * level[:, None]

    plain, inside = components(matrix), components(matrix, level)

    assert abs(np.corrcoef(plain.scores[:, 0], level)[0, 1]) > 0.99
    assert np.abs([np.corrcoef(column, level)[0, 1] for column in inside.scores.T]).max() < 1e-9
