"""Shortcut views: does a part of the data that should carry no label predict it all the same, and what explains that?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe

if TYPE_CHECKING:
    import numpy as np

    from audit_pipeline.models.label_study import LabelStudy
    from audit_pipeline.models.label_test import LabelTest
    from audit_pipeline.spec import AuditSpec
    from audit_pipeline.views.known import KnownView

JUDGED, SHOWN = 499, 199
"""Permutations for what a verdict rests on, and for what only explains it."""


@probe(
    "shortcut_views",
    question="What else predicts the label: the pattern of missing values alone, how numbers were rounded?",
    inputs=("dataset", "views"),
    kinds=("scikitlearn", "parquet"),
    order=35,
)
def shortcut_views(inputs: ProbeInputs) -> list[Evidence]:
    """Predict the label from views of the data that should not tell it, overall and within levels of each column.

    A view that predicts the label overall but not within levels of a column is explained by that column: one more way in which
    the column reaches the model. A view that still predicts it within all columns together points to something that differs
    between the labels and stands in no column. Most views can carry label honestly (a doctor orders the test that is not
    missing), so only a view that the spec declares free of label (``label_free:``) can fail a dataset.

    The learner is a cross-fitted ridge regression on the view's columns; folds never split a subject. Labels are exchanged
    among whole subjects (among the records of a subject where its label varies), refitting every time.

    Metrics
    -------
    ``view_auc``
        For each view, the AUC with which it alone predicts the label, comparing records of the same test fold, with a 95% interval
        by subjects. p-value: the view is independent of the label.
    ``view_auc_within``
        For each view and column, the same within levels of the column: fitted to what the column does not explain and compared
        inside levels (a number is cut at its quintiles). p-value: the view is independent of the label given the column.
    ``view_explained``
        For each view and column, the share of the view's AUC above one half that is gone within the column, with a 95% interval;
        1 where all is gone. ``detail`` marks the column that explains most as ``best``. Not measured where the view's AUC is
        below .52.
    ``view_persists``
        For each view, the AUC within all columns together, declared covariates included, compared among records with about
        the same probability of the label given the columns. p-value: the larger of the overall one and that of "the view is
        independent of the label given all columns". ``detail`` says whether the spec declares the view free of label.

    References
    ----------
    Berrett, Wang, Barber and Samworth, The conditional permutation test for independence while controlling for confounders,
    JRSS B 82 (2020), for what is given several columns; Rosenbaum and Rubin, Biometrika 70 (1983), for comparing records of equal
    probability; Rubin, Inference and missing data, Biometrika 63 (1976); Phipson and Smyth, SAGMB 9 (2010).
    """
    from audit_pipeline.models.label_study import LabelStudy
    from audit_pipeline.views.known import known_views

    views = known_views(inputs.spec)
    parts = {view.name: inputs.part("views", view.name) for view in views}
    matrices = {name: part.matrix for name, (part, _) in parts.items() if part.columns}
    common: dict[str, Any] = {"probe": "shortcut_views"}
    # All views hold the same records, so where labels may change places is drawn once for all of them.
    study = LabelStudy.of(
        inputs.data(),
        next(kept for _, kept in parts.values()),
        folds=inputs.spec.folds,
        seed=inputs.spec.seed,
        purpose="shortcut_views",
    )
    common |= {"n": len(study.subject), "n_subjects": int(study.subject.max()) + 1}
    tests = _tests(study, matrices, inputs) if matrices else {}
    rows: list[Evidence] = []
    for view in views:
        own = {**common, "view": view.name}
        if view.name in matrices:
            rows += _rows(study, tests[view.name], own, view, inputs.spec)
        else:
            rows.append(Evidence(**own, metric="view_auc", detail={"reason": f"nothing to see: {view.empty}"}))
    return rows


def _tests(study: LabelStudy, matrices: dict[str, np.ndarray], inputs: ProbeInputs) -> dict[str, list[LabelTest]]:
    """Return for each view the tests given nothing, each column, all columns."""
    from audit_pipeline.models.label_test import label_test

    titles = ["given nothing", *(f"given {column.name}" for column in study.columns), "given all columns"]
    found: dict[str, list[LabelTest]] = {name: [] for name in matrices}
    # One set of permutations at a time: those of all columns together would not fit into memory.
    for done, given in enumerate(study.givens(JUDGED, SHOWN)):
        inputs.progress(done, len(titles), titles[done])
        for name, matrix in matrices.items():
            found[name].append(label_test(matrix, study.label, given, study.fold))
    return found


def _rows(
    study: LabelStudy, tests: list[LabelTest], common: dict[str, Any], view: KnownView, spec: AuditSpec
) -> list[Evidence]:
    from audit_pipeline.models.label_study import explained

    overall, *within, together = tests
    columns = overall.columns
    rows = [_row(study, overall, common, "view_auc", detail={"columns": columns, "records_of": study.records})]
    for column, test in zip(study.columns, within, strict=True):
        rows.append(_row(study, test, common, "view_auc_within", column=column))
    rows += explained(study, overall, within, "view_explained", common)
    detail = {
        "label_free": view.name in spec.label_free,
        # A view of a recording rests on some share of what was recorded, however small: size decides, not significance.
        "honest": "none" if spec.medium is None else "little" if view.background else "much",
        "given": [column.name for column in study.columns],
    }
    persists = _row(study, together, common, "view_persists", detail=detail)
    if persists.p_value is None or overall.p_value is None:
        return [*rows, persists]
    # What does not predict the label at all cannot persist.
    return [*rows, replace(persists, p_value=max(persists.p_value, overall.p_value))]


def _row(
    study: LabelStudy,
    test: LabelTest,
    common: dict[str, Any],
    metric: str,
    *,
    column: MetadataColumn | None = None,
    detail: dict[str, Any] | None = None,
) -> Evidence:
    low, high = test.auc.interval(study.subject) if test.auc else (None, None)
    facts = dict(detail or {})
    facts |= {"exchangeable_units": test.movable}
    if test.p_value is None or test.auc is None:
        facts["reason"] = _why_not(test, column)
    return Evidence(
        **common,
        metric=metric,
        column=column.name if column else None,
        role=column.role if column else None,
        estimate=test.auc.estimate if test.auc else None,
        ci_low=low,
        ci_high=high,
        p_value=test.p_value,
        detail=facts,
    )


def _why_not(test: LabelTest, column: MetadataColumn | None) -> str:
    where = f"level of {column.name}" if column else "combination of the columns"
    if test.movable == 0:
        return f"no {where} has records of two labels, so labels cannot be compared within it"
    if test.columns == 0:
        return f"the view is the same for all records of each {where}"
    return f"no test fold has records of two labels at the same {where}"
