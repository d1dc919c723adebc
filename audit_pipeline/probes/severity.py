"""Severity: how much of a model's score is the shortcut?"""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.models.predictions import METADATA, Predictions
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.seeds import generator

MAX_RECORDS = 10_000
"""Records that decide on the p-value of the inflation; its estimate rests on all."""

MAX_PERMUTED = 1_000_000
"""Records x permutations of the inflation test; beyond it fewer permutations are drawn."""


@probe(
    "severity",
    question="How much of a baseline's score comes from comparing records across levels of the column?",
    inputs=("dataset", "baselines"),
    kinds=("scikitlearn", "parquet"),
    order=30,
    decides=True,
)
def severity(inputs: ProbeInputs) -> list[Evidence]:
    """Compare a model's AUC over all records with its AUC inside levels of each column.

    In the population the difference (inflation) is positive only if label and column are associated, the data reveals the
    column, and the model uses it. It measures damage; it is no proof of confounding, and says nothing without a design edge.

    Metrics
    -------
    ``auc_model``
        For each baseline, the metadata-only one included: out-of-fold AUC over all pairs of labels (dataset-wide).
    ``auc_pooled``, ``auc_adjusted``
        For each column and baseline: AUC over the pairs of labels that share a level, pooled and inside levels (a number is
        cut at its quintiles). Only records of one test fold are compared.
    ``inflation``
        ``auc_pooled - auc_adjusted`` with a 95% interval that accounts for their correlation. p-value, one-sided: exchanging
        the column's values among records of the same label leaves the adjusted AUC as it is.
    ``auc_level``
        For each level and baseline: AUC inside that level.

    References
    ----------
    Janes and Pepe, Adjusting for covariate effects on classification accuracy using the covariate-adjusted ROC curve,
    Biometrika 96 (2009); Hand and Till, Machine Learning 45 (2001), for several labels; LeDell, Petersen and van der Laan,
    EJS 9 (2015), for the intervals of cross-validated AUCs.
    """
    data, predictions = inputs.data(), inputs.predictions()
    rows = _models(data, predictions)
    for done, column in enumerate(data.columns):
        inputs.progress(done, len(data.columns), column.name)
        rows += _column(data, predictions, column, generator(inputs.spec.seed, "severity", done))
    return rows


def _pair_weights(data: AuditData, pairs: Any) -> dict[tuple[int, int], float]:
    size = np.bincount(data.label, minlength=len(data.classes)).astype(np.float64)
    return {(a, b): float(size[a] * size[b]) for a, b in pairs}


def _models(data: AuditData, predictions: Predictions) -> list[Evidence]:
    from audit_pipeline.stats.auc import combine, pairwise_aucs

    rows = []
    for name in predictions.proba:
        pairs = pairwise_aucs(predictions.scores(name), data.label, predictions.fold)
        auc = combine(pairs, _pair_weights(data, pairs))
        if auc is None:
            continue
        low, high = auc.interval(data.subject)
        rows.append(
            Evidence(
                probe="severity",
                metric="auc_model",
                view=name,
                estimate=auc.estimate,
                ci_low=low,
                ci_high=high,
                n=data.n,
                n_subjects=data.n_subjects,
                detail={"sees": "nuisance columns" if name == METADATA else "recorded data"},
            )
        )
    return rows


def _column(
    data: AuditData, predictions: Predictions, column: MetadataColumn, rng: np.random.Generator
) -> list[Evidence]:
    from audit_pipeline.stats.auc import combine, crossed, difference, pairwise_aucs
    from audit_pipeline.stats.basis import is_identifier

    strata, names = column.strata()
    if is_identifier(column, data.subject) or len(np.unique(strata)) < 2:
        return []
    common: dict[str, Any] = {
        "probe": "severity",
        "column": column.name,
        "role": column.role,
        "n": data.n,
        "n_subjects": data.n_subjects,
    }
    adjusted_strata = crossed(strata, predictions.fold)
    null = _Null(data, strata, predictions.fold, rng)
    rows: list[Evidence] = []
    for model in predictions.models:
        scores = predictions.scores(model)
        inside = pairwise_aucs(scores, data.label, adjusted_strata)
        if not inside:
            continue
        weights = _pair_weights(data, inside)
        everywhere = pairwise_aucs(scores, data.label, predictions.fold, list(inside))
        pooled, adjusted = combine(everywhere, weights), combine(inside, weights)
        assert pooled is not None
        assert adjusted is not None
        value, low, high = difference(pooled, adjusted, data.subject)
        p = null.p_value(scores, list(inside), weights)
        sizes = len(data.classes) * (len(data.classes) - 1) // 2
        detail = {"label_pairs_compared": len(inside), "label_pairs": sizes}
        for metric, auc in (("auc_pooled", pooled), ("auc_adjusted", adjusted)):
            ends = auc.interval(data.subject)
            rows.append(
                Evidence(
                    **common,
                    metric=metric,
                    view=model,
                    estimate=auc.estimate,
                    ci_low=ends[0],
                    ci_high=ends[1],
                    detail=detail,
                )
            )
        rows.append(
            Evidence(
                **common,
                metric="inflation",
                view=model,
                estimate=value,
                ci_low=low,
                ci_high=high,
                p_value=p,
                detail=detail,
            )
        )
        if len(names) <= 60:
            rows += _levels(data, scores, strata, names, predictions.fold, model, common)
    return rows


class _Null:
    """Adjusted AUCs with the column's values exchanged within label and the scores as they are.

    Where there are very many records, those of randomly drawn subjects decide on the p-value; the estimates rest on all.
    """

    def __init__(self, data: AuditData, strata: np.ndarray, fold: np.ndarray, rng: np.random.Generator) -> None:
        from audit_pipeline.stats.auc import crossed
        from audit_pipeline.stats.exchange import given_label
        from audit_pipeline.stats.thinning import whole_subjects

        self.kept = whole_subjects(data.subject, MAX_RECORDS, rng)
        _, subject = np.unique(data.subject[self.kept], return_inverse=True)
        self.label, column, fold = data.label[self.kept], strata[self.kept], fold[self.kept]
        exchange = given_label(column.astype(np.float64), self.label.astype(np.int64), subject)
        count = int(np.clip(MAX_PERMUTED // len(self.kept), 19, 199))
        orders = [np.arange(len(self.kept)), *exchange.draw(count, rng)]
        self.strata = [crossed(column[order], fold) for order in orders]

    def p_value(
        self, scores: np.ndarray, pairs: list[tuple[int, int]], weights: dict[tuple[int, int], float]
    ) -> float | None:
        """Return the one-sided p-value of "exchanging the column leaves the adjusted AUC as it is"; None without pairs."""
        from audit_pipeline.stats.auc import combine, pairwise_aucs

        values = []
        for strata in self.strata:
            found = pairwise_aucs(scores[self.kept], self.label, strata, pairs)
            auc = combine(found, {key: weights[key] for key in found})
            if auc is not None:
                values.append(auc.estimate)
        return float((np.asarray(values) <= values[0] + 1e-12).mean()) if len(values) > 1 else None


def _levels(
    data: AuditData,
    scores: np.ndarray,
    strata: np.ndarray,
    names: tuple[str, ...],
    fold: np.ndarray,
    model: str,
    common: dict[str, Any],
) -> list[Evidence]:
    from audit_pipeline.stats.auc import combine, pairwise_aucs
    from audit_pipeline.stats.codes import distinct

    rows = []
    for code, name in enumerate(names):
        used = np.flatnonzero(strata == code)
        pairs = pairwise_aucs(scores[used], data.label[used], fold[used])
        auc = combine(pairs, _pair_weights(data, pairs))
        if auc is None:
            continue
        low, high = auc.interval(data.subject[used])
        rows.append(
            Evidence(
                **{**common, "n": len(used), "n_subjects": distinct(data.subject[used])},
                metric="auc_level",
                view=model,
                level=name,
                estimate=auc.estimate,
                ci_low=low,
                ci_high=high,
            )
        )
    return rows
