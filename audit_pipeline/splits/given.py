"""Audit of a split that the user already has: how uneven is it, and how much of that could have been avoided?

The figure is the objective of `assign_folds` with the given parts as goals: a part that holds a fifth of the records should
hold a fifth of every label, every metadata level and every label x level cell. Beside it stand what our own assignment
attains for parts of these sizes, the proven lower bound for any split that keeps subjects whole, and about what a random
split of whole subjects would show. So "your split deviates by 212 records" can be read: 60 were attainable, 230 is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit_pipeline.errors import DataError
from audit_pipeline.splits.assign import assign_folds
from audit_pipeline.splits.strata import ALL_RECORDS, Floats, Ints
from audit_pipeline.stats.codes import dense, distinct_pairs

MOST_PARTS = 50
"""A split with more parts is shown, but no other of so many parts is looked for."""


@dataclass(frozen=True)
class Absence:
    """A label or level of which a part has no record. ``expected`` is what a proportional part would have."""

    part: int
    name: str
    code: int
    expected: float


@dataclass(frozen=True)
class GivenSplit:
    """What is to be said about a split; figures in records, and only about records that are in a part.

    Attributes
    ----------
    records, subjects : (n_parts,) of each part; a subject in two parts counts in both.
    n_subjects : in any part.
    subjects_across, records_across : subjects with records in more than one part, and all their records.
    objective : deviation from proportional parts, summed over parts, columns, crossings and the parts' sizes; the sizes
        are those given, so they deviate by 0.
    deviation : the same by column and crossing.
    attainable : the objective of the best split known that keeps subjects whole; None if none was looked for.
    attainable_deviation : the same by column and crossing.
    lower_bound : no split of whole subjects is below; proven. None if none was looked for.
    at_random : about what parts of these sizes filled with whole subjects by chance would deviate by.
    absent : labels and levels that a part lacks, the most surprising first.
    proposed : (n_records,) part of each record in the best split known; None if none was looked for. It is the given one
        where that is the best.
    """

    records: tuple[int, ...]
    subjects: tuple[int, ...]
    n_subjects: int
    subjects_across: int
    records_across: int
    objective: float
    deviation: dict[str, float]
    attainable: float | None
    attainable_deviation: dict[str, float] | None
    lower_bound: float | None
    at_random: float
    absent: tuple[Absence, ...]
    proposed: npt.NDArray[np.int64] | None


def audit_split(
    part: npt.NDArray[np.integer],
    columns: Mapping[str, npt.NDArray[np.integer]],
    *,
    subject: npt.NDArray[np.integer] | None = None,
    cross_with: str | None = None,
    seed: int = 0,
    restarts: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> GivenSplit:
    """Measure a split, and compare it with what `assign_folds` attains for parts of the same sizes.

    Parameters
    ----------
    part : (n_records,) integer codes 0..n_parts-1, every part with a record.
    columns, subject, cross_with, seed, restarts, progress : as for `assign_folds`.

    Examples
    --------
    >>> ill, site = np.tile([0, 1], 20), np.repeat([0, 1], 20)
    >>> test_is_second_site = (np.arange(40) >= 30).astype(int)
    >>> found = audit_split(test_is_second_site, {"ill": ill, "site": site}, cross_with="ill")
    >>> found.objective, found.attainable, found.deviation["site"]
    (40.0, 4.0, 20.0)
    >>> [(absence.name, absence.part, absence.code, absence.expected) for absence in found.absent]
    [('site', 1, 0, 5.0)]
    """
    given: Ints = np.asarray(part).astype(np.int64)
    codes = {name: dense(values) for name, values in sorted(columns.items())}
    who = np.arange(len(given)) if subject is None else dense(subject)
    sizes = np.bincount(given)
    if (sizes == 0).any():
        raise DataError(f"part {int(sizes.argmin())} has no record", remedy="number the parts 0, 1, 2 ... without gaps")
    strata = _strata(codes, cross_with)
    counts = {name: _counts(given, values, len(sizes)) for name, values in strata.items()}
    deviation = {name: _deviation(table, sizes) for name, table in counts.items()}
    part_of_subject = distinct_pairs(who, given)
    across = np.bincount(part_of_subject[0]) > 1
    objective = sum(deviation.values())

    n_subjects = len(across)
    attainable = attainable_deviation = lower_bound = proposed = None
    if 2 <= len(sizes) <= min(MOST_PARTS, n_subjects):
        found = assign_folds(
            columns,
            subject=subject,
            cross_with=cross_with,
            shares=sizes,
            seed=seed,
            restarts=restarts,
            progress=progress,
        )
        attainable, attainable_deviation = found.objective, found.deviation
        lower_bound, proposed = found.lower_bound, found.fold.astype(np.int64)
        if not across.any() and objective <= attainable:
            attainable, attainable_deviation, proposed = objective, deviation, given
    return GivenSplit(
        records=tuple(sizes.tolist()),
        subjects=tuple(np.bincount(part_of_subject[1]).tolist()),
        n_subjects=n_subjects,
        subjects_across=int(across.sum()),
        records_across=int(across[who].sum()),
        objective=objective,
        deviation=deviation,
        attainable=attainable,
        attainable_deviation=attainable_deviation,
        lower_bound=lower_bound,
        at_random=sum(_by_chance(values, who, sizes) for values in strata.values()),
        absent=tuple(_absent({name: counts[name] for name in codes}, columns, sizes)),
        proposed=proposed,
    )


def _strata(codes: Mapping[str, Ints], cross_with: str | None) -> dict[str, Ints]:
    """Return the codes of every column and crossing, and of all records, under the names that `assign_folds` uses."""
    strata = dict(codes)
    if cross_with is not None:
        first = codes[cross_with]
        for name, values in codes.items():
            if name != cross_with:
                strata[f"{cross_with} x {name}"] = dense(first * (int(values.max()) + 1) + values)
    strata[ALL_RECORDS] = np.zeros_like(next(iter(codes.values())))
    return strata


def _counts(part: Ints, codes: Ints, n_parts: int) -> Ints:
    """Return (n_parts, n_levels) records."""
    n_levels = int(codes.max()) + 1
    table: Ints = np.bincount(part * n_levels + codes, minlength=n_parts * n_levels).reshape(n_parts, n_levels)
    return table


def _deviation(table: Ints, sizes: Ints) -> float:
    """Return sum |S_kl - A_l size_k / n|, summed in whole numbers: a nought is a nought."""
    n = int(sizes.sum())
    return float(np.abs(n * table - sizes[:, None] * table.sum(axis=0)).sum() / n)


def _by_chance(codes: Ints, subject: Ints, sizes: Ints) -> float:
    """Return the mean deviation to be expected if whole subjects came to the parts by chance.

    A part of share q then holds A q records of a stratum, with the variance q (1 - q) sum_g (a_g - m_g A / n)^2 over
    subjects with a_g of their m_g records in it; a normal variable misses its mean by sqrt(2 / pi) deviations.
    """
    n_levels = int(codes.max()) + 1
    cell, held = np.unique(subject * n_levels + codes, return_counts=True)
    of_subject = np.bincount(subject)
    level, share = cell % n_levels, np.bincount(codes) / len(codes)
    squares = np.bincount(level, weights=held.astype(np.float64) ** 2)
    mixed = np.bincount(level, weights=held * of_subject[cell // n_levels].astype(np.float64))
    variance = squares - 2 * share * mixed + share**2 * float((of_subject.astype(np.float64) ** 2).sum())
    q: Floats = sizes / sizes.sum()
    return float(np.sqrt(2 / np.pi) * np.sqrt(q * (1 - q)).sum() * np.sqrt(np.maximum(variance, 0.0)).sum())


def _absent(
    counts: Mapping[str, Ints], columns: Mapping[str, npt.NDArray[np.integer]], sizes: Ints
) -> Sequence[Absence]:
    """Return labels and levels without a record in a part, the largest expectation first."""
    found = []
    for name, table in counts.items():
        levels = np.unique(columns[name])
        expected = sizes[:, None] * table.sum(axis=0) / sizes.sum()
        for part, level in zip(*np.nonzero(table == 0), strict=True):
            found.append(Absence(int(part), name, int(levels[level]), float(expected[part, level])))
    return sorted(found, key=lambda absence: (-absence.expected, absence.name, absence.part, absence.code))
