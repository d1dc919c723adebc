"""Generalisation: how does a model do on a level of the column that it has never seen?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.auc import Auc, combine, pairwise_aucs
from audit_pipeline.stats.basis import is_identifier
from audit_pipeline.stats.seeds import generator

if TYPE_CHECKING:
    from audit_pipeline.views.matrix import View

MODEL = "linear"

MAX_LEVELS = 20
"""Of more levels the largest are left out, one at a time; each costs a fit."""

MAX_RECORDS = 20_000
"""A fit sees at most about this many records, of whole subjects; so does the test of a level."""

MIN_TESTED = 10
"""A level, or a cell of label and level, with fewer subjects is not reported by itself: a few answers would decide."""


@probe(
    "generalisation",
    question="How does a linear baseline do on a whole level of the column that it was not trained on?",
    inputs=("dataset", "values"),
    kinds=("scikitlearn", "parquet"),
    order=38,
)
def generalisation(inputs: ProbeInputs) -> list[Evidence]:
    """Leave out one level of each nuisance column at a time, train on all others, test on the one left out.

    This says how a model would do at a new site. It is no proof of confounding: a level whose labels or records differ is harder
    or easier for honest reasons as well. Subjects with records at the level left out are not trained on. A column of numbers is
    cut at its quintiles. At most 20 levels, the largest, are left out. The model is a logistic regression with ridge penalty;
    missing values become the median of the training records, without marks of what is missing: those are a level's habit.

    Metrics
    -------
    ``auc_left_out``
        For each level, AUC at that level of the linear baseline trained on all others, with a 95% interval by subjects. ``detail``
        has the numbers of records trained on and the label's shares. None, with the reason, where the level has a single label
        or fewer than 10 subjects.
    ``worst_auc_left_out``
        The smallest of these; ``level`` says where. The smallest of several is below its true value even when all are alike:
        compare the intervals.
    ``group_accuracy``
        For each cell of label and level with at least 10 subjects, the share of its records that are labelled rightly when their level
        was left out, with a Wilson 95% interval over subjects. A record is given its most probable label.
    ``worst_group_accuracy``
        The smallest of these; ``level`` says where.

    References
    ----------
    Zech et al., PLOS Medicine 15 (2018), and Koh et al., WILDS, ICML (2021), for testing at sites left out; Sagawa, Koh, Hashimoto
    and Liang, Distributionally robust neural networks, ICLR (2020), for worst groups; Wilson, JASA 22 (1927).
    """
    data, matrix = inputs.data(), without_marks(inputs.view("values"))
    rows: list[Evidence] = []
    columns = [column for column in data.with_role("nuisance") if not is_identifier(column, data.subject)]
    for done, column in enumerate(columns):
        inputs.progress(done, len(columns), column.name)
        rows += _column(inputs, data, column, matrix, done)
    return rows


@dataclass(frozen=True)
class _Tested:
    """A level that was left out: its records, how many were trained on, and what was predicted for its records."""

    name: str
    rows: np.ndarray
    trained_on: int
    proba: np.ndarray


def _column(
    inputs: ProbeInputs, data: AuditData, column: MetadataColumn, matrix: np.ndarray, position: int
) -> list[Evidence]:
    strata, names = column.strata()
    size = np.bincount(strata, minlength=len(names))
    present = np.flatnonzero(size > 0)
    if len(present) < 2:
        return []
    chosen = np.sort(present[np.argsort(-size[present], kind="stable")][:MAX_LEVELS])
    common: dict[str, Any] = {"probe": "generalisation", "column": column.name, "role": column.role, "view": MODEL}
    rows: list[Evidence] = []
    measured: list[tuple[Evidence, Auc | None]] = []
    groups: list[Evidence] = []
    for code in chosen:
        at = np.flatnonzero(strata == code)
        sizes: dict[str, Any] = {"n": len(at), "n_subjects": len(np.unique(data.subject[at]))}
        tested = _test(inputs, data, matrix, at, names[code], (position, int(code)))
        if isinstance(tested, str):
            detail = {"reason": tested}
            rows.append(Evidence(**common, **sizes, metric="auc_left_out", level=names[code], detail=detail))
            continue
        auc = _auc(data, tested)
        row = _auc_row(data, tested, auc, common)
        rows.append(row)
        measured.append((row, auc))
        groups += _groups(data, tested, common)
    known = [row for row, auc in measured if auc is not None]
    shared = {"levels": len(chosen), "levels_of": len(present)}
    for title, found in (("worst_auc_left_out", known), ("worst_group_accuracy", groups)):
        worst = min(found, key=lambda row: row.estimate if row.estimate is not None else 2.0, default=None)
        if worst is not None:
            facts: dict[str, Any] = {**worst.detail, **shared, "smallest_of": len(found)}
            groups.append(replace(worst, metric=title, detail=facts))
    return rows + groups


def _test(
    inputs: ProbeInputs, data: AuditData, matrix: np.ndarray, at: np.ndarray, name: str, purpose: tuple[int, int]
) -> _Tested | str:
    """Train on all other levels and test on the records ``at``; or say why not."""
    from audit_pipeline.models.baselines import linear
    from audit_pipeline.stats.thinning import whole_subjects

    there = np.zeros(data.n_subjects, dtype=bool)
    there[data.subject[at]] = True
    if int(there.sum()) < MIN_TESTED:
        return f"{int(there.sum())} subjects; at least {MIN_TESTED} are needed to test on"
    train = np.flatnonzero(~there[data.subject])
    label = data.label.astype(np.int64)
    if len(train) == 0 or len(np.unique(label[train])) < 2:
        return "no two labels are left to train on"
    rng = generator(inputs.spec.seed, "generalisation", *purpose)
    train = train[whole_subjects(_renumbered(data.subject[train]), MAX_RECORDS, rng)]
    at = at[whole_subjects(_renumbered(data.subject[at]), MAX_RECORDS, rng)]
    seen, unseen = imputed(matrix[train], matrix[at])
    proba = linear(seen, label[train], unseen, len(data.classes), data.subject[train], inputs.spec.seed)
    return _Tested(name, at, len(train), proba)


def without_marks(view: View) -> np.ndarray:
    """Return the values (n, p) without the columns that only say where a number is missing."""
    known = set(view.columns)
    marks = {f"{name} is missing" for name in known}
    return view.matrix[:, [name not in marks for name in view.columns]]


def imputed(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both parts with missing values at the median of the training part, 0 where that has none."""
    middle = np.zeros(train.shape[1])
    for j in np.flatnonzero(np.isnan(train).any(axis=0) | np.isnan(test).any(axis=0)):
        values = train[~np.isnan(train[:, j]), j]
        middle[j] = np.median(values) if len(values) else 0.0
    return np.where(np.isnan(train), middle, train), np.where(np.isnan(test), middle, test)


def _renumbered(subject: np.ndarray) -> np.ndarray:
    return np.asarray(np.unique(subject, return_inverse=True)[1])


def _auc(data: AuditData, tested: _Tested) -> Auc | None:
    scores = np.log(np.clip(tested.proba, 1e-12, None))
    found = pairwise_aucs(scores, data.label[tested.rows], np.zeros(len(tested.rows), dtype=np.int64))
    return combine(found)


def _auc_row(data: AuditData, tested: _Tested, auc: Auc | None, common: dict[str, Any]) -> Evidence:
    subject = _renumbered(data.subject[tested.rows])
    share = np.bincount(data.label[tested.rows], minlength=len(data.classes)) / len(tested.rows)
    detail: dict[str, Any] = {"trained_on": tested.trained_on}
    detail["labels"] = {name: round(float(value), 4) for name, value in zip(data.classes, share, strict=True) if value}
    if auc is None:
        detail["reason"] = "every record of this level has the same label"
    low, high = auc.interval(subject) if auc else (None, None)
    return Evidence(
        **common,
        metric="auc_left_out",
        level=tested.name,
        estimate=auc.estimate if auc else None,
        ci_low=low,
        ci_high=high,
        n=len(tested.rows),
        n_subjects=int(subject.max()) + 1,
        detail=detail,
    )


def _groups(data: AuditData, tested: _Tested, common: dict[str, Any]) -> list[Evidence]:
    """Return the accuracy in each cell of label and this level."""
    label = data.label[tested.rows]
    right = tested.proba.argmax(axis=1) == label
    rows = []
    for code in np.unique(label):
        own = label == code
        subjects = len(np.unique(data.subject[tested.rows[own]]))
        if subjects < MIN_TESTED:
            continue
        share = float(right[own].mean())
        low, high = wilson(share, subjects)
        rows.append(
            Evidence(
                **common,
                metric="group_accuracy",
                level=f"{data.classes[code]}|{tested.name}",
                estimate=share,
                ci_low=low,
                ci_high=high,
                n=int(own.sum()),
                n_subjects=subjects,
                detail={"label": data.classes[code], "level": tested.name},
            )
        )
    return rows


def wilson(share: float, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return Wilson's interval of a share among ``n``."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    width = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(centre - width)), min(1.0, float(centre + width))
