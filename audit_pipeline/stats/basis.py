"""A metadata column as a matrix: one-hot levels, or smooth functions of the rank of a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.stats.codes import distinct_pairs
from audit_pipeline.stats.exchange import varies_within

RARE = "(rare levels)"
MIN_LEVEL = 5
MANY_LEVELS = 10
MOST_DEVIATIONS = 5.0
"""Levels with fewer subjects are pooled: they can neither be learned nor tested."""


@dataclass(frozen=True)
class ColumnBasis:
    """A metadata column ready for computing.

    Parameters
    ----------
    matrix : (n, d) float64. Categorical: one-hot. Continuous: Legendre polynomials of degree 1 and 2 of the rank scaled to
        [-1, 1] (location and spread), and a mark for missing values.
    codes : (n,) level codes; a continuous column is coded by its distinct values.
    levels : names, of levels or of basis functions.
    degrees : degrees of freedom of the column: levels - 1, or the number of basis functions.
    """

    matrix: np.ndarray
    codes: np.ndarray
    levels: tuple[str, ...]
    degrees: int
    categorical: bool
    pooled: tuple[str, ...] = ()


def column_basis(column: MetadataColumn, subject: np.ndarray) -> ColumnBasis:
    """Return the basis of a column; rare levels are pooled into one, if there is more than one of them."""
    if column.codes is not None:
        return _categorical(column, subject)
    assert column.values is not None
    return _continuous(column.values)


def _categorical(column: MetadataColumn, subject: np.ndarray) -> ColumnBasis:
    assert column.codes is not None
    codes, levels = column.codes.astype(np.int64), list(column.levels)
    subjects = np.bincount(distinct_pairs(codes, subject)[0], minlength=len(levels))
    rare = np.flatnonzero(subjects < MIN_LEVEL)
    pooled: tuple[str, ...] = ()
    if len(rare) > 1 and len(rare) < len(levels):
        pooled = tuple(levels[code] for code in rare)
        kept = [code for code in range(len(levels)) if code not in set(rare.tolist())]
        remap = np.full(len(levels), len(kept), dtype=np.int64)
        remap[kept] = np.arange(len(kept))
        codes, levels = remap[codes], [*(levels[code] for code in kept), RARE]
    matrix = np.zeros((len(codes), len(levels)))
    matrix[np.arange(len(codes)), codes] = 1.0
    return ColumnBasis(matrix, codes, tuple(levels), max(1, len(levels) - 1), True, pooled)


def _continuous(values: np.ndarray) -> ColumnBasis:
    known = ~np.isnan(values)
    m = int(known.sum())
    smooth = rank_basis(values)
    parts = [smooth[:, 0], smooth[:, 1]]
    names = ["order", "spread"]
    if MIN_LEVEL <= len(values) - m <= len(values) - MIN_LEVEL:
        parts.append((~known).astype(np.float64))
        names.append(MISSING)
    _, codes = np.unique(np.where(known, values, np.inf), return_inverse=True)
    return ColumnBasis(np.column_stack(parts), codes.astype(np.int64), tuple(names), len(parts), False)


def rank_basis(values: np.ndarray) -> np.ndarray:
    """Return Legendre polynomials of degree 1 and 2 (n, 2) of the mid-ranks scaled to [-1, 1]; zero for missing values."""
    from scipy.stats import rankdata

    known = ~np.isnan(values)
    m = int(known.sum())
    scaled = np.zeros(len(values))
    scaled[known] = (2 * rankdata(values[known]) - m - 1) / max(m - 1, 1)
    return np.column_stack([scaled * np.sqrt(3), np.where(known, (3 * scaled**2 - 1) * np.sqrt(5) / 2, 0.0)])


def label_response(data: AuditData) -> np.ndarray | None:
    """Return smooth functions (n, 2) of the rank of a label that is a number or ordered, None for plain classes."""
    return None if data.label_values is None else rank_basis(data.label_values)


def to_condition_on(column: MetadataColumn, subject: np.ndarray) -> np.ndarray:
    """Return a column as a matrix (n, d) to condition on: all that its basis has, and for numbers more."""
    matrix = column_basis(column, subject).matrix
    return matrix if column.values is None else np.column_stack([matrix, finer(column.values)])


def label_to_condition_on(data: AuditData) -> np.ndarray | None:
    """Return a label that is a number or ordered as a matrix (n, d) to condition on, None for plain classes."""
    values = data.label_values
    return None if values is None else np.column_stack([rank_basis(values), finer(values)])


def finer(values: np.ndarray) -> np.ndarray:
    """Return what two smooth functions of the rank leave out (n, 2): the third degree, and the number itself at unit deviation.

    A test of association needs few functions, to have power. Conditioning needs many: what data follow in a number and the functions do
    not, a column would be blamed for. A normal label that features follow in proportion is not even near to a parabola of its rank.
    """
    from scipy.stats import rankdata

    known = ~np.isnan(values)
    m = int(known.sum())
    scaled, plain = np.zeros(len(values)), np.zeros(len(values))
    if m:
        scaled[known] = (2 * rankdata(values[known]) - m - 1) / max(m - 1, 1)
        # Infinities have their rank and nothing else.
        finite = np.nan_to_num(values[known], nan=0.0, posinf=np.nan, neginf=np.nan)
        finite = np.where(np.isnan(finite), np.nanmean(finite), finite)
        deviation = float(finite.std())
        plain[known] = np.clip(
            (finite - finite.mean()) / (deviation if deviation > 0 else 1.0), -MOST_DEVIATIONS, MOST_DEVIATIONS
        )
    return np.column_stack([(5 * scaled**3 - 3 * scaled) * np.sqrt(7) / 2, plain])


def is_identifier(column: MetadataColumn, subject: np.ndarray) -> bool:
    """Tell whether a categorical column has so many levels that it names records rather than conditions.

    Ten levels or more, with fewer than five units a level on average; a column that is constant within subjects says as much as
    there are subjects, not records. With fewer levels there is simply too little data, and the figures say so themselves.
    """
    if column.codes is None or len(column.levels) < MANY_LEVELS:
        return False
    constant = not varies_within(column.codes.astype(np.float64), subject).any()
    units = int(subject.max()) + 1 if constant else len(subject)
    return units < MIN_LEVEL * len(column.levels)
