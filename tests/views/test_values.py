"""The view ``values``: what a model of the table sees."""

from __future__ import annotations

import numpy as np

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.views.values import MOST, RARE, values_view


def text(codes: np.ndarray, levels: list[str]) -> tuple[np.ndarray, dict[str, object]]:
    return codes.astype(np.int32), {"name": "t", "kind": "categorical", "levels": levels}


def test_numbers_stay_and_say_where_they_are_missing() -> None:
    x = np.array([1.0, np.nan, 3.0])
    view = values_view([x], [{"name": "x", "kind": "numeric", "levels": []}])
    assert view.columns == ("x", "x is missing")
    np.testing.assert_array_equal(view.matrix[:, 1], [0, 1, 0])


def test_rare_levels_are_pooled_and_complements_dropped() -> None:
    codes, entry = text(np.r_[np.zeros(20), np.ones(20), np.repeat(np.arange(2, 8), 2)], [*"abcdef", "g", MISSING])
    assert values_view([codes], [entry]).columns == ("t = a", "t = b", "t = (rare)")
    codes, entry = text(np.r_[np.zeros(20), np.ones(20)], ["a", "b"])
    assert values_view([codes], [entry]).columns == ("t = a",)


def test_a_column_with_very_many_levels_stays_a_matrix_that_fits() -> None:
    levels = 5_000
    codes, entry = text(np.repeat(np.arange(levels), RARE + 1), [f"l{i}" for i in range(levels)])
    view = values_view([codes], [entry])
    assert view.matrix.shape == (len(codes), MOST + 1)
    np.testing.assert_array_equal(view.matrix.sum(axis=1), 1)


def test_names_of_levels_do_not_decide_which_are_kept() -> None:
    codes = np.repeat(np.arange(300), RARE)
    one = values_view(*[[part] for part in text(codes, [f"l{i}" for i in range(300)])])  # type: ignore[arg-type]
    two = values_view(*[[part] for part in text(codes, [f"l{300 - i}" for i in range(300)])])  # type: ignore[arg-type]
    np.testing.assert_array_equal(one.matrix, two.matrix)
