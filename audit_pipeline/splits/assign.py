"""Stratified, subject-disjoint folds over many columns at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
import numpy.typing as npt

from audit_pipeline.errors import DataError, did_you_mean
from audit_pipeline.splits.bound import raise_bound, stratum_floors
from audit_pipeline.splits.construct import construct, place_large
from audit_pipeline.splits.local_search import BLOCK, WHOLE, improve
from audit_pipeline.splits.objective import deviation_by_name, objective, residual
from audit_pipeline.splits.strata import ALL_RECORDS, Ints, Strata, build_strata
from audit_pipeline.stats.codes import dense

_BEAM_STARTS = 6
_FINEST_SHARE = 10_000


@dataclass(frozen=True)
class FoldAssignment:
    """Folds, and how good they are.

    Attributes
    ----------
    fold : (n_records,) int16, 0..n_folds-1; subjects are whole and no fold is empty.
    objective : attained sum_kl w_l |S_kl - A_l / K| (or A_l times the fold's share), in weighted records.
    lower_bound : no split of these subjects has a smaller objective; proven.
    optimal : whether it is proven that no split is better.
    deviation : unweighted deviation in records, summed over folds and levels, of every column, every crossing
        ("label x site") and of the fold sizes ("(records)").
    n_folds, n_subjects, seed : as used.
    """

    fold: npt.NDArray[np.int16]
    objective: float
    lower_bound: float
    optimal: bool
    deviation: dict[str, float]
    n_folds: int
    n_subjects: int
    seed: int


def assign_folds(
    columns: Mapping[str, npt.NDArray[np.integer]],
    *,
    subject: npt.NDArray[np.integer] | None = None,
    cross_with: str | None = None,
    n_folds: int = 5,
    shares: Sequence[float] | npt.NDArray[np.number] | None = None,
    seed: int = 0,
    restarts: int | None = None,
    weights: Mapping[str, float] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FoldAssignment:
    """Assign whole subjects to folds so that every fold has the same share of every stratum.

    Minimises sum_kl w_l |S_kl - A_l / K| over folds k and strata l, where S_kl counts the records of stratum l in fold
    k, A_l all of them, and the strata are every level of every column, every cell of ``cross_with`` x column, and all
    records. NP-hard: the answer comes with a proven lower bound. It is a function of the arguments alone; the order of
    the records and of the mapping, the clock and the number of threads have no influence. If ``subject`` is None,
    records with the same codes are interchangeable and the seed decides which of them goes where.

    Parameters
    ----------
    columns : name -> (n_records,) integer codes >= 0; a missing value is a code of its own.
    subject : (n_records,) integer codes; None: every record is a subject of its own.
    cross_with : name of the column, usually the label, to cross with each of the others.
    n_folds : 2 to 32767, at most the number of subjects; where shares are given, their number.
    shares : relative sizes of the folds, for parts that are meant to differ, such as ``(0.7, 0.15, 0.15)`` or numbers of
        records; the goal of fold k is then A_l times its share instead of A_l / K. None: equal folds.
    restarts : rounds of perturbation; None: from the number of subjects and strata, so that up to 2,000 subjects take
        a second or two. The search ends early where it reaches the lower bound.
    weights : name of a column, a crossing ("label x site") or "(records)" -> weight >= 0. Default 1; a crossing has
        the weight of the column that is crossed unless it is named itself.
    progress : called with (rounds done, rounds in all); the last call has both equal.

    Raises
    ------
    DataError
        If the columns do not fit together, codes are not integers >= 0, or there are fewer subjects than folds.

    Examples
    --------
    >>> import numpy as np
    >>> label, site = np.array([0, 0, 1, 1, 0, 1, 0, 1]), np.array([0, 1, 0, 1, 0, 0, 1, 1])
    >>> split = assign_folds({"label": label, "site": site}, cross_with="label", n_folds=2)
    >>> split.objective, split.lower_bound, split.optimal
    (0.0, 0.0, True)
    >>> np.bincount(split.fold).tolist()
    [4, 4]
    """
    codes = {name: dense(values) for name, values in _checked(columns, cross_with).items()}
    n_records = len(next(iter(codes.values())))
    subjects = (
        np.arange(n_records) if subject is None else dense(_integers("subject", subject, n_records, any_sign=True))
    )
    crossings = {f"{cross_with} x {name}": (cross_with, name) for name in codes if cross_with and name != cross_with}
    part = np.ones(max(n_folds, 0), dtype=np.int64) if shares is None else _whole_shares(shares)
    n_folds, unit = len(part), int(part.sum())
    _check_folds(n_folds, int(subjects.max()) + 1)
    if restarts is not None and restarts < 0:
        raise DataError(
            f"{restarts} restarts are asked for", remedy="ask for 0 or more, or leave it to the size of the data"
        )
    strata = build_strata(codes, crossings, subjects, _weights(codes, crossings, weights))
    rng = np.random.default_rng(seed)

    floors = stratum_floors(strata, part)
    floor = float((floors * strata.weight).sum())
    starts = [construct(strata, part)]
    starts += [construct(strata, part, placed) for placed in place_large(strata, part, _BEAM_STARTS)]
    rounds = _restarts(strata, n_folds) if restarts is None else restarts

    def report(done: int) -> None:
        if progress:
            progress(done, rounds)

    fold = improve(strata, starts, part, restarts=rounds, goal=floor, rng=rng, report=report)
    residuals = residual(strata, fold, part)
    bound, better = raise_bound(strata, fold, part, floors, np.abs(residuals).sum(axis=0).astype(np.float64))
    if better is not None:
        fold = better
        residuals = residual(strata, fold, part)
    report(rounds)

    attained, proven = objective(residuals, strata.weight, unit), bound / unit
    optimal = attained <= proven + 1e-9 * max(1.0, attained)
    # Subjects of one kind are interchangeable for the objective, but not for what nobody recorded, such as the order of
    # acquisition: chance decides among them.
    fold = fold[np.lexsort((rng.random(strata.n_subjects), strata.kind))]
    return FoldAssignment(
        fold=fold[strata.subject_of_record].astype(np.int16),
        objective=attained,
        lower_bound=attained if optimal else proven,
        optimal=optimal,
        deviation=deviation_by_name(strata, residuals, unit),
        n_folds=n_folds,
        n_subjects=strata.n_subjects,
        seed=seed,
    )


def _restarts(strata: Strata, n_folds: int) -> int:
    """Return rounds that keep a small problem at about a second and let a large one take some more."""
    if strata.n_subjects > WHOLE:
        touched = min(strata.n_strata, BLOCK * len(strata.index) // strata.n_kinds)
        affordable = 24_000_000_000 // ((BLOCK + n_folds) ** 2 * touched)
        return max(100, min(500 + min(2000, strata.n_subjects // 50), affordable))
    prices = (strata.n_subjects + n_folds) ** 2 * strata.n_strata
    return max(60, min(1000, 500_000_000 // prices))


def _checked(
    columns: Mapping[str, npt.NDArray[np.integer]], cross_with: str | None
) -> dict[str, npt.NDArray[np.integer]]:
    """Return the columns in order of name: the result must not depend on the order of a mapping."""
    if not columns:
        raise DataError("there is no column to stratify by", remedy="name at least one column, usually the label")
    if cross_with is not None and cross_with not in columns:
        raise DataError(
            f"{cross_with!r} is to be crossed with the other columns, but is not one of them"
            + did_you_mean(cross_with, columns),
            remedy=f"add {cross_with!r} to the columns, or cross with one of: {', '.join(sorted(columns))}",
        )
    crossed = {f"{cross_with} x {name}" for name in columns if cross_with and name != cross_with}
    for taken in sorted(set(columns) & (crossed | {ALL_RECORDS})):
        raise DataError(
            f"the name is also what the split calls {'the fold sizes' if taken == ALL_RECORDS else 'a crossing'}",
            column=taken,
            remedy="rename this column",
        )
    n_records = len(columns[min(columns)])
    return {name: _integers(name, columns[name], n_records) for name in sorted(columns)}


def _integers(
    name: str, values: npt.NDArray[np.integer], n_records: int, *, any_sign: bool = False
) -> npt.NDArray[np.integer]:
    values = np.asarray(values)
    if values.ndim != 1 or len(values) != n_records:
        raise DataError(
            f"has shape {values.shape} where the other columns have {n_records:,} records",
            column=name,
            expected=f"one code per record, ({n_records},)",
            remedy="take all columns from the same records",
        )
    if n_records == 0:
        raise DataError("there are no records", column=name, remedy="check that the data or a filter kept any record")
    if not np.issubdtype(values.dtype, np.integer):
        raise DataError(
            f"holds {values.dtype} where integer codes are needed",
            column=name,
            expected="integer codes, a missing value being a code of its own",
            remedy="code the levels first, for example with numpy.unique(values, return_inverse=True)[1]",
        )
    if not any_sign and int(values.min()) < 0:
        raise DataError(
            f"holds the negative code {int(values.min())} in record {int(values.argmin())}",
            column=name,
            expected="codes >= 0",
            remedy="give missing values a code of their own, such as one more than the largest",
        )
    return values


def _check_folds(n_folds: int, n_subjects: int) -> None:
    if not 2 <= n_folds <= np.iinfo(np.int16).max:
        raise DataError(
            f"cannot make {n_folds} folds", expected="2 to 32767 folds", remedy="ask for 5 or 10 folds if in doubt"
        )
    if n_subjects < n_folds:
        raise DataError(
            f"{n_subjects} subjects cannot fill {n_folds} folds without splitting a subject",
            expected=f"at least {n_folds} subjects",
            remedy=(
                f"ask for at most {n_subjects} folds"
                if n_subjects >= 2
                else "check the subject column: all records have the same subject, so no split can keep it whole"
            ),
        )


def _whole_shares(shares: Sequence[float] | npt.NDArray[np.number]) -> Ints:
    """Return shares as whole numbers without a common divisor: ``(0.7, 0.15, 0.15)`` are 14, 3 and 3 of 20."""
    given = np.asarray(shares)
    if given.ndim != 1 or len(given) < 2 or not (np.isfinite(given) & (given > 0)).all():
        raise DataError(
            f"cannot make parts of the sizes {given.tolist()}",
            expected="two or more finite sizes above 0, such as (0.7, 0.15, 0.15)",
            remedy="give one size for each part",
        )
    # Decimals are meant as they are written: 0.15 is 3/20 and not the nearest power of two.
    exact = [Fraction(str(size)).limit_denominator(_FINEST_SHARE) for size in given.tolist()]
    common = lcm(*(size.denominator for size in exact))
    whole = np.array([int(size * common) for size in exact], dtype=np.int64)
    if whole.min() == 0 or common > _FINEST_SHARE**2:
        raise DataError(
            f"the sizes {given.tolist()} have no simple common measure",
            remedy="round them to a few decimals, or give them as numbers of records",
        )
    smallest: Ints = whole // np.gcd.reduce(whole)
    return smallest


def _weights(
    columns: Mapping[str, Ints], crossings: Mapping[str, tuple[str, str]], weights: Mapping[str, float] | None
) -> dict[str, float]:
    given = dict(weights or {})
    known = [*columns, *crossings, ALL_RECORDS]
    for name, value in given.items():
        if name not in known:
            raise DataError(
                f"there is a weight for {name!r}, which is not stratified{did_you_mean(name, known)}",
                remedy=f"weight one of: {', '.join(known)}",
            )
        if not (np.isfinite(value) and value >= 0):
            raise DataError(f"the weight is {value}", column=name, remedy="give a finite weight of 0 or more")
    full = {name: float(given.get(name, 1.0)) for name in [*columns, ALL_RECORDS]}
    return full | {name: float(given.get(name, full[second])) for name, (_, second) in crossings.items()}
