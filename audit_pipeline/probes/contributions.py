"""Contributions: what do a model and the metadata each explain of the label, and how does the model do on balanced data?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn, Role
from audit_pipeline.evidence import Evidence
from audit_pipeline.models.predictions import Predictions
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.basis import column_basis, is_identifier
from audit_pipeline.stats.seeds import generator
from audit_pipeline.stats.thinning import whole_subjects

if TYPE_CHECKING:
    from audit_pipeline.models.decomposition import Share

MAX_RECORDS = 20_000
"""Beyond this many records whole subjects are drawn until there are about this many, for the decomposition."""

MAX_BALANCED = 50_000
"""The same for evaluation on balanced data."""

MIN_EFFECTIVE = 0.3
"""Weights that leave less than this share of the sample say more of a few heavy records than of the model."""

MODEL, METADATA, COVARIATES = "model", "metadata", "covariates"


@probe(
    "contributions",
    question="What do a model and the metadata each explain of the label, and how does the model do where both are balanced?",
    inputs=("dataset", "baselines"),
    kinds=("scikitlearn", "parquet"),
    order=32,
)
def contributions(inputs: ProbeInputs) -> list[Evidence]:
    """Share out what is explained of the label among a model's score, the nuisance columns and the declared covariates.

    The label is regressed on the out-of-fold score of a baseline, on the nuisance columns and on the covariates (logistic
    regression, cross-fitted by subjects), with each and without each. A model whose unique part is small knows little that the
    metadata does not know. Then the model is scored with weights that make label and column independent.

    Metrics
    -------
    ``explained``
        Share of the label's log-loss that is explained out of fold (McFadden's R2), 0 to 1, with a 95% interval by subjects; below
        0 where a block is worse than the label's shares. ``level`` says by what: ``all``, or ``model``, ``metadata``,
        ``covariates`` alone. ``view`` is the baseline.
    ``unique``
        For each of these blocks, the share that it explains beyond the others.
    ``shared``
        ``explained`` by all minus the unique parts: what no single block owns. Negative where blocks explain more together.
    ``effective_share``
        For each column, the effective sample size of the weights P(label) P(level) / P(label, level) over the number of records.
        A number is cut at its quintiles, rare levels are pooled.
    ``balanced_auc``, ``balanced_accuracy``
        For each column and baseline, AUC and mean recall under these weights, with 95% intervals by subjects; ``detail`` has the
        unweighted figure. Refused, with the reason in ``detail``, where a cell of label and level is empty or the effective
        sample size is below .3 n. A record is given the label whose probability exceeds its share the most.

    References
    ----------
    Dinga, Schmaal, Penninx, Veltman and Marquand, Controlling for effects of confounding variables on machine learning
    predictions, bioRxiv 2020.08.17.255034, for the decomposition (there in one test set, here cross-fitted); McFadden,
    Conditional logit analysis (1974); Rosenbaum, Model-based direct adjustment, JASA 82 (1987), for the weights; Kish, Survey
    Sampling (1965), for the effective sample size; Snoek, Miletić and Scholte, NeuroImage 184 (2019), on why records are
    weighted rather than dropped.
    """
    data, predictions = inputs.data(), inputs.predictions()
    rows = _decomposition(inputs, data, predictions)
    kept = whole_subjects(data.subject, MAX_BALANCED, generator(inputs.spec.seed, "contributions", "balanced"))
    for done, column in enumerate(data.columns):
        inputs.progress(done, len(data.columns), column.name)
        if not is_identifier(column, data.subject):
            rows += _balanced(data, predictions, column.take(kept), kept)
    return rows


def _decomposition(inputs: ProbeInputs, data: AuditData, predictions: Predictions) -> list[Evidence]:
    from audit_pipeline.models.decomposition import LogLosses, decompose

    kept = whole_subjects(data.subject, MAX_RECORDS, generator(inputs.spec.seed, "contributions"))
    _, subject = np.unique(data.subject[kept], return_inverse=True)
    blocks = {METADATA: _block(data, "nuisance", kept, subject), COVARIATES: _block(data, "covariate", kept, subject)}
    given = {name: block for name, block in blocks.items() if block.shape[1]}
    scores = {model: predictions.scores(model)[kept] for model in predictions.models}
    # Log-odds against the first class: its own column would repeat the others.
    given |= {f"{MODEL} {model}": score[:, 1:] - score[:, :1] for model, score in scores.items()}
    losses = LogLosses(given, data.label[kept].astype(np.int64), len(data.classes), predictions.fold[kept])
    common: dict[str, Any] = {"probe": "contributions", "n": len(kept), "n_subjects": int(subject.max()) + 1}
    rows: list[Evidence] = []
    for done, model in enumerate(predictions.models):
        inputs.progress(done, len(predictions.models), model)
        names = {f"{MODEL} {model}": MODEL} | {name: name for name in blocks if name in given}
        found = decompose(losses, list(names), subject)
        shares: list[tuple[str, str | None, Share]] = [("explained", "all", found.total)]
        shares += [("explained", title, found.alone[name]) for name, title in names.items()]
        shares += [("unique", title, found.unique[name]) for name, title in names.items()]
        shares.append(("shared", None, found.shared))
        rows += [
            Evidence(
                **common,
                metric=metric,
                view=model,
                level=level,
                estimate=share.estimate,
                ci_low=share.low,
                ci_high=share.high,
                detail={"measure": "McFadden's R2, out of fold", "records_of": data.n},
            )
            for metric, level, share in shares
        ]
    return rows


def _block(data: AuditData, role: Role, kept: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return the columns of a role as a matrix; the last of several levels is told by the others."""
    parts = []
    for column in data.with_role(role):
        if is_identifier(column, data.subject):
            continue
        basis = column_basis(column.take(kept), subject)
        parts.append(basis.matrix[:, : basis.degrees] if basis.categorical else basis.matrix)
    matrix = np.column_stack(parts) if parts else np.zeros((len(kept), 0))
    return np.asarray(matrix[:, matrix.std(axis=0) > 0])


def _balanced(data: AuditData, predictions: Predictions, column: MetadataColumn, kept: np.ndarray) -> list[Evidence]:
    from audit_pipeline.stats.auc import combine, pairwise_aucs
    from audit_pipeline.stats.balance import balancing_weights, weighted_auc, weighted_balanced_accuracy

    _, subject = np.unique(data.subject[kept], return_inverse=True)
    level, names = _levels(column, subject)
    if len(np.unique(level)) < 2:
        return []
    label, fold = data.label[kept].astype(np.int64), predictions.fold[kept]
    common: dict[str, Any] = {"probe": "contributions", "column": column.name, "role": column.role}
    common |= {"n": len(kept), "n_subjects": int(subject.max()) + 1}
    balance = balancing_weights(label, level)
    weight, share = balance.weight, balance.effective_share
    reason = _refusal(share, balance.empty, data.classes, names, column.name)
    detail = {"reason": reason} if reason else {}
    rows = [Evidence(**common, metric="effective_share", estimate=share, detail=detail)]
    if weight is None or reason:
        return rows
    measured: list[tuple[str, str, tuple[float, float, float], float]] = []
    prior = np.bincount(label, minlength=len(data.classes)) / len(label)
    for model in predictions.models:
        scores = predictions.scores(model)[kept]
        auc = weighted_auc(scores, label, fold, weight)
        plain = combine(pairwise_aucs(scores, label, fold))
        if auc is not None and plain is not None:
            measured.append(("balanced_auc", model, (auc.estimate, *auc.interval(subject)), plain.estimate))
        right = (predictions.proba[model][kept] / np.maximum(prior, 1e-12)).argmax(axis=1) == label
        before, *_ = weighted_balanced_accuracy(right, label, np.ones(len(label)), subject)
        under = weighted_balanced_accuracy(right, label, weight, subject)
        measured.append(("balanced_accuracy", model, under, before))
    rows += [
        Evidence(
            **common,
            metric=metric,
            view=model,
            estimate=estimate,
            ci_low=low,
            ci_high=high,
            detail={"unweighted": before},
        )
        for metric, model, (estimate, low, high), before in measured
    ]
    return rows


def _levels(column: MetadataColumn, subject: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    if column.codes is None:
        codes, names = column.strata()
        return codes.astype(np.int64), names
    basis = column_basis(column, subject)
    return basis.codes, basis.levels


def _refusal(
    share: float | None,
    empty: tuple[tuple[int, int], ...],
    classes: tuple[str, ...],
    levels: tuple[str, ...],
    column: str,
) -> str | None:
    """Say why weights cannot balance this column, or return None."""
    if empty:
        label, level = empty[0]
        more = f" (and {len(empty) - 1} more such cells)" if len(empty) > 1 else ""
        return (
            f"no record of {classes[label]!r} at {column} {levels[level]!r}{more}: weights cannot stand in for what was "
            "never recorded"
        )
    if share is not None and share < MIN_EFFECTIVE:
        return (
            f"balancing {column} would leave an effective {share:.0%} of the records, below {MIN_EFFECTIVE:.0%}: a few heavy "
            "records would decide"
        )
    return None
