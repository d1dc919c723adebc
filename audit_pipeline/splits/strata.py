"""What has to be balanced: every stratum, and how many of its records each subject brings.

A stratum is one label, one level of a metadata column, one cell of a ``label x column`` crossing, or "all records"
(so that the folds come out equally large). A subject touches only a handful of strata, and subjects that bring exactly
the same are of one *kind* and interchangeable for the objective: what is kept is one compressed row per kind. Single
records, of which there may be a million, come in a few hundred kinds, and that is what makes them cheap.

Subjects are put into a canonical order that depends on what they bring and not on how they are called: largest first,
then by content. Everything downstream works in that order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from audit_pipeline.stats.codes import dense

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ALL_RECORDS = "(records)"
"""Name of the stratum that holds every record; its deviation is that of the fold sizes."""


@dataclass(frozen=True)
class Strata:
    """Sparse kind x stratum counts; kinds and subjects in canonical order.

    Attributes
    ----------
    names : name of every stratified column and crossing, sorted; ``name_of`` (n_strata,) indexes into it.
    family : (n_strata,) a level and its crossing cells share a family; a bound may look at one family at a time.
    total : (n_strata,) records of each stratum.
    weight : (n_strata,) what one record of deviation costs.
    indptr, index, count : compressed rows, (n_kinds + 1,), (nnz,), (nnz,): a subject of kind t brings ``count``
        records of the strata ``index``, both sliced by ``indptr[t]:indptr[t + 1]``; strata ascend within a row.
    kind : (n_subjects,) kind of each subject, non-decreasing.
    subject_of_record : (n_records,) position of each record's subject in canonical order.
    """

    names: tuple[str, ...]
    name_of: Ints
    family: Ints
    total: Ints
    weight: Floats
    indptr: Ints
    index: Ints
    count: Ints
    kind: Ints
    subject_of_record: Ints

    @property
    def n_strata(self) -> int:
        return len(self.total)

    @property
    def n_kinds(self) -> int:
        return len(self.indptr) - 1

    @property
    def n_subjects(self) -> int:
        return len(self.kind)

    @cached_property
    def kind_of_entry(self) -> Ints:
        """(nnz,) row of each entry of ``index`` and ``count``."""
        row: Ints = np.repeat(np.arange(self.n_kinds), np.diff(self.indptr))
        return row

    @cached_property
    def first_of_kind(self) -> Ints:
        """(n_kinds + 1,) position of each kind's first subject, and the number of subjects."""
        first: Ints = np.searchsorted(self.kind, np.arange(self.n_kinds + 1))
        return first

    def dense(self, subjects: Ints) -> tuple[Ints, Ints]:
        """Return (touched,) strata and the (len(subjects), touched) records that these subjects bring to them."""
        kinds = self.kind[subjects]
        start, length = self.indptr[kinds], np.diff(self.indptr)[kinds]
        row = np.repeat(np.arange(len(subjects)), length)
        entry = np.arange(len(row)) + np.repeat(start - (np.cumsum(length) - length), length)
        touched, column = np.unique(self.index[entry], return_inverse=True)
        bring = np.zeros((len(subjects), len(touched)), dtype=np.int64)
        bring[row, column.reshape(-1)] = self.count[entry]
        return touched, bring

    def fold_counts(self, fold: Ints, n_folds: int) -> Ints:
        """Return (n_folds, n_strata) records of each stratum in each fold, given the fold of each subject."""
        members = np.bincount(self.kind * n_folds + fold, minlength=self.n_kinds * n_folds).reshape(-1, n_folds)
        # float64 holds every sum of record counts exactly.
        counts = [
            np.bincount(self.index, weights=self.count * of_fold[self.kind_of_entry], minlength=self.n_strata)
            for of_fold in members.T
        ]
        return np.stack(counts).astype(np.int64)


def build_strata(
    columns: Mapping[str, Ints], crossings: Mapping[str, tuple[str, str]], subject: Ints, weights: Mapping[str, float]
) -> Strata:
    """Count every subject's records in every stratum.

    Parameters
    ----------
    columns : name -> (n_records,) codes 0..n_levels-1, all of them used (`stats.codes.dense`).
    crossings : name -> the two columns that it crosses; its cells belong to the second one's families.
    subject : (n_records,) codes 0..n_subjects-1, all of them used.
    weights : name -> weight, for every column, every crossing and `ALL_RECORDS`.
    """
    names = tuple(sorted([*columns, *crossings, ALL_RECORDS]))
    n_subjects = int(subject.max()) + 1
    codes_of = dict(columns) | {ALL_RECORDS: np.zeros_like(subject)}
    of_level: dict[str, tuple[str, Ints]] = {}
    for name, (first, second) in crossings.items():
        cell = columns[first] * (int(columns[second].max()) + 1) + columns[second]
        codes_of[name] = dense(cell)
        level = np.empty(int(codes_of[name].max()) + 1, dtype=np.int64)
        level[codes_of[name]] = columns[second]
        of_level[name] = (second, level)
    n_levels = np.array([int(codes_of[name].max()) + 1 for name in names])
    start = dict(zip(names, (np.cumsum(n_levels) - n_levels).tolist(), strict=True))
    row, index, count = _entries([(codes_of[name], start[name]) for name in names], subject)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_subjects))])
    order, kind = _canonical_order(indptr, index, count, np.bincount(subject, minlength=n_subjects))
    place = np.empty(n_subjects, dtype=np.int64)
    place[order] = np.arange(n_subjects)
    examples = order[np.searchsorted(kind, np.arange(int(kind[-1]) + 1))]
    length = np.diff(indptr)[examples]
    kept = np.concatenate([[0], np.cumsum(length)])
    entry = np.arange(kept[-1]) + np.repeat(indptr[examples] - kept[:-1], length)
    name_of = np.repeat(np.arange(len(names)), n_levels)
    family = np.arange(len(name_of))
    for name, (second, level) in of_level.items():
        family[start[name] : start[name] + len(level)] = start[second] + level
    return Strata(
        names=names,
        name_of=name_of,
        family=family,
        total=np.concatenate([np.bincount(codes_of[name]) for name in names]),
        weight=np.array([weights[name] for name in names], dtype=np.float64)[name_of],
        indptr=kept,
        index=index[entry].astype(np.int64),
        count=count[entry].astype(np.int64),
        kind=kind,
        subject_of_record=place[subject],
    )


def _entries(
    parts: list[tuple[Ints, int]], subject: Ints
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (subject, stratum, records) of every non-zero count, by subject, then by stratum."""
    rows, indices, counts = [], [], []
    for codes, start in parts:
        n_levels = int(codes.max()) + 1
        cell, count = np.unique(subject * n_levels + codes, return_counts=True)
        rows.append((cell // n_levels).astype(np.int32))
        indices.append((cell % n_levels + start).astype(np.int32))
        counts.append(count.astype(np.int32))
    row = np.concatenate(rows)
    # Each part is sorted by subject already and strata ascend from part to part: a stable sort by subject suffices.
    order = np.argsort(row, kind="stable")
    return row[order], np.concatenate(indices)[order], np.concatenate(counts)[order]


def _canonical_order(
    indptr: Ints, index: npt.NDArray[np.int32], count: npt.NDArray[np.int32], size: Ints
) -> tuple[Ints, Ints]:
    """Return (subjects in canonical order, kind of each subject in that order).

    Rows are compared whole, among subjects that touch equally many strata, with no hashing that could collide.
    """
    length = np.diff(indptr)
    orders: list[Ints] = []
    starts: list[npt.NDArray[np.bool_]] = []
    for width in np.unique(length):
        members = np.flatnonzero(length == width)
        entry = indptr[members][:, None] + np.arange(width)
        content = np.concatenate([index[entry], count[entry]], axis=1)
        order = np.lexsort(content.T[::-1])
        content = content[order]
        orders.append(members[order])
        starts.append(np.concatenate([[True], (content[1:] != content[:-1]).any(axis=1)]))
    order = np.concatenate(orders)
    kind = np.cumsum(np.concatenate(starts))
    largest_first = np.argsort(-size[order], kind="stable")
    order, kind = order[largest_first], kind[largest_first]
    return order, np.concatenate([[0], np.cumsum(kind[1:] != kind[:-1])])
