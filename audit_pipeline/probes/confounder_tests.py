"""Confounder tests: the partial and the full confounder test of a model's predictions, for readers who know them."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.models.predictions import Predictions
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.basis import column_basis, is_identifier
from audit_pipeline.stats.seeds import generator

MAX_RECORDS = 5_000
"""Beyond this many records whole subjects are drawn until there are about this many; evidence says how many decided."""

PERMUTATIONS = 499


@probe(
    "confounder_tests",
    question="Do a baseline's predictions depend on the column given the label, and on the label given the column?",
    inputs=("dataset", "baselines"),
    order=37,
)
def confounder_tests(inputs: ProbeInputs) -> list[Evidence]:
    """Run the partial and the full confounder test on each baseline's out-of-fold predictions.

    They speak of one model, not of the dataset: predictions may depend on a column given the label without any confounding, so no
    verdict follows from them. For label and column in levels both are permutations within strata, exact for given predictions and
    never 0; values change places between whole subjects (between the records of a subject where they vary within it).
    Out-of-fold predictions were learnt from the labels of other folds, which the full test, like the published one, takes no
    account of: at a nominal .05 it rejects up to about .09 of true nulls. The partial test has no such excess.

    Metrics
    -------
    ``partial_confounder``
        For each column and baseline: the share of what predictions and column could have in common within label that they do have,
        beyond chance; 0 none, 1 all. p-value: predictions are independent of the column given the label (small: the model is
        biased by the column).
    ``full_confounder``
        For each column and baseline: AUC of the predictions inside levels of the column, with a 95% interval by subjects (a number
        is cut at its quintiles, and what varies inside these counts as not the column's). p-value, one-sided: predictions are
        independent of the label given the column (large: the column may explain the model entirely).

    References
    ----------
    Spisak, Statistical quantification of confounding bias in machine learning models, GigaScience 11 (2022); Berrett, Wang,
    Barber and Samworth, JRSS B 82 (2020), of which permutation within strata is the case for levels; Phipson and Smyth,
    Permutation p-values should never be zero, SAGMB 9 (2010).
    """
    from audit_pipeline.stats.thinning import whole_subjects

    data, predictions = inputs.data(), inputs.predictions()
    kept = whole_subjects(data.subject, MAX_RECORDS, generator(inputs.spec.seed, "confounder_tests"))
    rows: list[Evidence] = []
    for done, column in enumerate(data.columns):
        inputs.progress(done, len(data.columns), column.name)
        if not is_identifier(column, data.subject):
            rng = generator(inputs.spec.seed, "confounder_tests", done)
            rows += _column(data, predictions, column.take(kept), kept, rng)
    return rows


def _column(
    data: AuditData, predictions: Predictions, column: MetadataColumn, kept: np.ndarray, rng: np.random.Generator
) -> list[Evidence]:
    from audit_pipeline.stats.auc import combine, crossed, pairwise_aucs
    from audit_pipeline.stats.confounder import full_test, partial_test
    from audit_pipeline.stats.exchange import given_label

    label, fold = data.label[kept].astype(np.int64), predictions.fold[kept]
    _, subject = np.unique(data.subject[kept], return_inverse=True)
    level = column.strata()[0]
    if len(np.unique(level)) < 2:
        return []
    common: dict[str, Any] = {"probe": "confounder_tests", "column": column.name, "role": column.role}
    common |= {"n": len(kept), "n_subjects": int(subject.max()) + 1}
    basis = column_basis(column, subject)
    by_label = given_label(basis.codes.astype(np.float64), label, subject)
    inside = crossed(level, fold)
    by_level = given_label(label.astype(np.float64), inside, subject)
    detail = {"permutations": PERMUTATIONS, "records_of": data.n}
    rows: list[Evidence] = []
    partial_draws = by_label.draw(PERMUTATIONS, rng) if by_label.movable(basis.codes) else None
    full_draws = by_level.draw(PERMUTATIONS, rng) if by_level.movable(label) else None
    for model in predictions.models:
        scores = predictions.scores(model)[kept]
        found = (
            partial_test(scores[:, 1:] - scores[:, :1], basis.matrix, by_label, partial_draws)
            if partial_draws is not None
            else None
        )
        reason = "" if found else f"no label has predictions to compare at several levels of {column.name}"
        rows.append(
            Evidence(
                **common,
                metric="partial_confounder",
                view=model,
                estimate=found[0] if found else None,
                p_value=found[1] if found else None,
                detail=detail if found else {"reason": reason},
            )
        )
        auc = combine(pairwise_aucs(scores, label, inside)) if full_draws is not None else None
        reason = "" if auc else f"no level of {column.name} has records of two labels in one test fold"
        low, high = auc.interval(subject) if auc else (None, None)
        rows.append(
            Evidence(
                **common,
                metric="full_confounder",
                view=model,
                estimate=auc.estimate if auc else None,
                ci_low=low,
                ci_high=high,
                p_value=full_test(scores, label, inside, full_draws) if auc and full_draws is not None else None,
                detail=detail if auc else {"reason": reason},
            )
        )
    return rows
