"""Leave one level out: test on one site, train on all the others.

The question that a new hospital asks: how good is a model where none of the training data come from? It is a question of
generalisation and no proof of confounding: where the share of the label differs between levels, the pooled score drops
without any trace of the level in the data (Zech 2018 for hospitals; Roberts 2017 for blocked cross-validation in general).

A subject with records at several levels would sit on both sides. Its records at the level left out are tested; its other
records are dropped from that training part, and every part says how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit_pipeline.splits.strata import Ints
from audit_pipeline.stats.codes import dense

MIN_SUBJECTS = 5
"""With fewer subjects a level is marked: a figure about it is an anecdote."""


@dataclass(frozen=True)
class LevelOut:
    """One level left out.

    Attributes
    ----------
    code, level : the level and its name.
    records, subjects : of the test part, which is the whole level.
    train_records, train_subjects : of subjects without any record at the level.
    dropped_records, dropped_subjects : other records of the tested subjects, which are in neither part.
    labels, train_labels : (n_labels,) records of each label in the two parts.
    problems : why figures about this level mean little or nothing, in words; empty for a sound part.
    """

    code: int
    level: str
    records: int
    subjects: int
    train_records: int
    train_subjects: int
    dropped_records: int
    dropped_subjects: int
    labels: tuple[int, ...]
    train_labels: tuple[int, ...]
    problems: tuple[str, ...]


def leave_one_level_out(
    codes: npt.NDArray[np.integer],
    *,
    label: npt.NDArray[np.integer],
    subject: npt.NDArray[np.integer] | None = None,
    levels: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> tuple[LevelOut, ...]:
    """Return what is tested, trained on and dropped for every level of a column, in the order of their codes.

    Parameters
    ----------
    codes, label : (n_records,) integer codes >= 0; a number is cut into levels before.
    subject : (n_records,) integer codes >= 0; None: every record is a subject of its own.
    levels, labels : names by code; default: the codes.

    Examples
    --------
    >>> site, ill = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 1, 0, 1, 1])
    >>> first, second = leave_one_level_out(site, label=ill, subject=np.array([0, 1, 2, 2, 3, 4]), levels=["A", "B"])
    >>> first.level, first.records, first.train_records, first.dropped_records
    ('A', 3, 2, 1)
    >>> first.problems
    ('3 subjects, fewer than 5', "training has only the label '1'")
    """
    n_levels, n_labels = int(codes.max()) + 1, int(label.max()) + 1
    tested = np.bincount(codes.astype(np.int64) * n_labels + label, minlength=n_levels * n_labels)
    tested = tested.reshape(n_levels, n_labels)
    if subject is None:
        n_subjects, involved, subjects, elsewhere = len(codes), tested, tested.sum(axis=1), np.zeros(n_levels, np.int64)
    else:
        subject = dense(subject)
        n_subjects = int(subject.max()) + 1
        involved, subjects, elsewhere = _involved(codes, label, subject, n_levels, n_labels)
    dropped, trained = involved - tested, tested.sum(axis=0) - involved
    return tuple(
        LevelOut(
            code=code,
            level=str(code) if levels is None else levels[code],
            records=int(tested[code].sum()),
            subjects=int(subjects[code]),
            train_records=int(trained[code].sum()),
            train_subjects=n_subjects - int(subjects[code]),
            dropped_records=int(dropped[code].sum()),
            dropped_subjects=int(elsewhere[code]),
            labels=tuple(tested[code].tolist()),
            train_labels=tuple(trained[code].tolist()),
            problems=tuple(_problems(tested[code], trained[code], int(subjects[code]), labels)),
        )
        for code in np.flatnonzero(tested.any(axis=1)).tolist()
    )


def level_parts(
    codes: npt.NDArray[np.integer], code: int, *, subject: npt.NDArray[np.integer] | None = None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return (n_records,) marks of the training and of the test records when a level is left out.

    >>> train, test = level_parts(np.array([0, 0, 1, 1]), 0, subject=np.array([0, 1, 1, 2]))
    >>> train.tolist(), test.tolist()
    ([False, False, False, True], [True, True, False, False])
    """
    test = codes == code
    train = ~test if subject is None else ~np.isin(subject, subject[test])
    return train, test


def _involved(
    codes: npt.NDArray[np.integer],
    label: npt.NDArray[np.integer],
    subject: Ints,
    n_levels: int,
    n_labels: int,
) -> tuple[Ints, Ints, Ints]:
    """Return about the subjects of each level: all their records by label, their number, and how many are elsewhere too."""
    from scipy.sparse import csr_array

    n_subjects, ones = int(subject.max()) + 1, np.ones(len(label), dtype=np.int64)
    present = csr_array((ones, (codes, subject)), shape=(n_levels, n_subjects))
    present.data[:] = 1
    held = csr_array((ones, (subject, label)), shape=(n_subjects, n_labels))
    travels = (present.sum(axis=0) > 1).astype(np.int64)
    return (present @ held).toarray(), np.diff(present.indptr), present @ travels


def _problems(tested: Ints, trained: Ints, subjects: int, labels: Sequence[str] | None) -> list[str]:
    def name(code: int) -> str:
        return repr(str(code) if labels is None else labels[code])

    problems = []
    present = np.flatnonzero(tested)
    if len(present) == 1:
        problems.append(f"only the label {name(int(present[0]))}")
    if subjects < MIN_SUBJECTS:
        problems.append(f"{subjects} {'subject' if subjects == 1 else 'subjects'}, fewer than {MIN_SUBJECTS}")
    if not trained.any():
        problems.append("no record is left for training")
    elif (trained > 0).sum() == 1:
        problems.append(f"training has only the label {name(int(trained.argmax()))}")
    else:
        unseen = np.flatnonzero((tested > 0) & (trained == 0))
        problems += [f"training has no record of the label {name(int(code))}" for code in unseen[:3]]
    return problems
