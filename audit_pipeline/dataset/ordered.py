"""Labels and metadata whose values have an order: numbers, dates, and levels that the spec puts in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.dataset import kinds
from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.errors import did_you_mean, shorten

if TYPE_CHECKING:
    import pyarrow as pa

    from audit_pipeline.dataset.read import Loaded

FEW_CLASSES = 20
"""A label of whole numbers with at most this many distinct values is read as classes (digits, grades)."""

PARTS = 5
"""Classes that a label of numbers is cut into where classes are needed: baselines, severity, splits, pictures."""


def is_number(column: pa.ChunkedArray) -> bool:
    """Tell whether a label is a number rather than a class: fractions with many values, or very many whole numbers, or dates."""
    kind = kinds.kind_of(column)
    if kind not in ("numeric", "date"):
        return False
    values, _ = kinds.numbers(column)
    distinct = np.unique(values[~np.isnan(values)])
    whole = bool((distinct == np.round(distinct)).all())
    return len(distinct) > (FEW_CLASSES if whole else kinds.FEW_NUMBERS)


def cut(column: pa.ChunkedArray, name: str) -> kinds.Factor:
    """Return a label of numbers as five classes of about equal size, missing values as :data:`kinds.MISSING`."""
    values, _ = kinds.numbers(column)
    codes, levels = MetadataColumn(name=name, role="covariate", kind="continuous", values=values).strata(PARTS)
    return kinds.Factor(codes, levels)


def ranks(
    column: pa.ChunkedArray, order: tuple[str, ...], *, name: str, loaded: Loaded, kept: np.ndarray
) -> np.ndarray:
    """Return the place (n,) of each value in the order that the spec gives, NaN for missing values.

    Parameters
    ----------
    loaded, kept : the table as read and the positions of the column's records in it, for the place of an error.

    Raises
    ------
    DataError : a value is not in the list; the message names its row.
    """
    factor = kinds.factor(column, kinds.kind_of(column))
    places = {level: float(place) for place, level in enumerate(order)}
    unknown = [code for code, level in enumerate(factor.levels) if level not in places and level != kinds.MISSING]
    if unknown:
        level = factor.levels[unknown[0]]
        first = int(np.flatnonzero(factor.codes == unknown[0])[0])
        raise loaded.error(
            int(kept[first]),
            name,
            f"the value {shorten(level)} is not in the order that the spec gives{did_you_mean(level, order)}",
            expected="one of " + ", ".join(order),
            remedy=f"add it to `order: {{{name}: [...]}}` at its place, or mend the value",
        )
    return np.array([places.get(level, np.nan) for level in factor.levels])[factor.codes]
