"""Sensor edge: does the data reveal a metadata column, given the label?"""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.basis import column_basis, is_identifier
from audit_pipeline.stats.seeds import generator

MAX_RECORDS = 20_000
"""Beyond this many records whole subjects are drawn until there are about this many; evidence says how many decided."""


@probe(
    "sensor",
    question="Does the recorded data reveal the column, given the label?",
    inputs=("dataset", "values"),
    kinds=("scikitlearn", "parquet"),
    order=20,
)
def sensor(inputs: ProbeInputs) -> list[Evidence]:
    """Test whether the data tells levels of a column apart among records of the same label.

    Three probes look at the data: ``linear`` (the columns), ``quadratic`` (squares and products: variances, covariances,
    XOR) and ``trees`` (leaves of totally random trees: thresholds and missing-value patterns). Each is a cross-fitted ridge
    regression of the column's residual given the label; folds never split a subject. Values of the column are permuted as
    the design allows: whole subjects with the same labels, or records of one subject and label where the column varies
    within subjects.

    Metrics
    -------
    ``p_sensor``
        p-value of "the data is independent of the column given the label", maximum over probes inside the same
        permutations. ``estimate`` is the largest statistic in null deviations.
    ``separability_auc``
        For each probe, the AUC with which it tells levels apart within label, with a 95% interval by subjects; ``detail`` has
        the one-sided 95% bound ``upper``. "Not readable" always means: not by these probes.
    ``detectable_auc``
        For each probe, the smallest AUC from which on at least 95% of columns planted in random directions of its features
        were detected by this very test; none where even an AUC of .9 would have been missed. ``detail`` has the rates. Only
        measured where the test itself did not reject beyond doubt.
    ``separability_level``
        The same for each level against the others, by the best probe.
    ``separability_label``
        The same inside each label, by the best probe.

    References
    ----------
    Berrett, Wang, Barber and Samworth, The conditional permutation test for independence while controlling for confounders,
    JRSS B 82 (2020); Winkler et al., Multi-level block permutation, NeuroImage 123 (2015); Westfall and Young,
    Resampling-Based Multiple Testing (1993), for the maximum statistic.
    """
    data, matrix = inputs.data(), inputs.view("values").matrix
    rows: list[Evidence] = []
    kept = _thin(data, generator(inputs.spec.seed, "sensor", "thin"))
    for done, column in enumerate(data.columns):
        inputs.progress(done, len(data.columns), column.name)
        rng = generator(inputs.spec.seed, "sensor", done)
        rows += _column(inputs, data, column, matrix, kept, rng)
    return rows


def _thin(data: AuditData, rng: np.random.Generator) -> np.ndarray:
    if data.n <= MAX_RECORDS:
        return np.arange(data.n)
    size = np.bincount(data.subject)
    order = rng.permutation(len(size))
    chosen = np.zeros(len(size), dtype=bool)
    chosen[order[: max(2, int(np.searchsorted(np.cumsum(size[order]), MAX_RECORDS)))]] = True
    return np.flatnonzero(chosen[data.subject])


def _column(
    inputs: ProbeInputs,
    data: AuditData,
    column: MetadataColumn,
    matrix: np.ndarray,
    kept: np.ndarray,
    rng: np.random.Generator,
) -> list[Evidence]:
    from audit_pipeline.models import conditional
    from audit_pipeline.models.crossfit import label_folds
    from audit_pipeline.stats.exchange import given_label

    if is_identifier(column, data.subject):
        return []
    label = data.label[kept].astype(np.int64)
    _, subject = np.unique(data.subject[kept], return_inverse=True)
    part = MetadataColumn(
        name=column.name,
        role=column.role,
        kind=column.kind,
        levels=column.levels,
        codes=column.codes[kept] if column.codes is not None else None,
        values=column.values[kept] if column.values is not None else None,
    )
    basis = column_basis(part, subject)
    if len(np.unique(basis.codes)) < 2:
        return []
    exchange = given_label(basis.codes, label, subject)
    fold = label_folds(label, subject, inputs.spec.folds, inputs.spec.seed)
    common: dict[str, Any] = {"probe": "sensor", "column": column.name, "role": column.role, "n": len(kept)}
    common["n_subjects"] = int(subject.max()) + 1
    # Enough permutations for Holm's smallest threshold over all columns, with room to be below it.
    permutations = max(499, 60 * len(data.columns))
    test = conditional.conditional_test(
        matrix[kept], basis, exchange, fold, rng, permutations, lambda message: inputs.progress(0, 0, message)
    )
    rows = [
        Evidence(
            **common,
            metric="p_sensor",
            view="values",
            estimate=max((fit.z for fit in test.fits), default=None),
            p_value=test.p_value if test.fits else None,
            detail={
                "permutations": test.permutations,
                "exchangeable_units": test.movable,
                "paired_share": exchange.paired,
                "probes": [fit.name for fit in test.fits],
                "records_of": data.n,
                **({} if test.fits else {"reason": _why_untested(test.movable)}),
            },
        )
    ]
    strata = conditional.label_fold_strata(label, fold)
    best = max(test.fits, key=lambda fit: fit.z, default=None)
    for fit in test.fits:
        auc = conditional.within_label_auc(fit.predictions, basis, part.values, strata)
        if auc is None:
            continue
        low, high = auc.interval(subject)
        rows.append(
            Evidence(
                **common,
                metric="separability_auc",
                view=f"values/{fit.name}",
                estimate=auc.estimate,
                ci_low=low,
                ci_high=high,
                p_value=fit.p_value,
                detail={"upper": auc.interval(subject, z=1.6448536269514722)[1], "z": fit.z, "best": fit is best},
            )
        )
        if fit.detection is not None:
            rows.append(
                Evidence(
                    **common,
                    metric="detectable_auc",
                    view=f"values/{fit.name}",
                    estimate=fit.detection.smallest,
                    detail={"rates": {f"{auc:g}": rate for auc, rate in fit.detection.rates.items()}},
                )
            )
        if fit is best:
            rows += _details(fit.predictions, basis, part, label, fold, subject, data, common, fit.name)
    return rows


def _why_untested(movable: int) -> str:
    if movable == 0:
        return "no label has records at several levels of this column, so the data cannot be compared within a label"
    return "the features do not vary within a label"


def _details(
    predictions: np.ndarray,
    basis: Any,
    column: MetadataColumn,
    label: np.ndarray,
    fold: np.ndarray,
    subject: np.ndarray,
    data: AuditData,
    common: dict[str, Any],
    name: str,
) -> list[Evidence]:
    """Return where the best probe reads the column: by level, and by label."""
    from audit_pipeline.models import conditional

    rows = []
    strata = conditional.label_fold_strata(label, fold)
    if 2 < len(basis.levels) <= 60:
        for code, auc in conditional.level_aucs(predictions, basis, strata).items():
            low, high = auc.interval(subject)
            rows.append(
                Evidence(
                    **common,
                    metric="separability_level",
                    view=f"values/{name}",
                    level=basis.levels[code],
                    estimate=auc.estimate,
                    ci_low=low,
                    ci_high=high,
                )
            )
    for code, title in enumerate(data.classes):
        within = conditional.within_label_auc(predictions, basis, column.values, np.where(label == code, strata, -1))
        if within is not None:
            low, high = within.interval(subject)
            rows.append(
                Evidence(
                    **common,
                    metric="separability_label",
                    view=f"values/{name}",
                    level=title,
                    estimate=within.estimate,
                    ci_low=low,
                    ci_high=high,
                    detail={"upper": within.interval(subject, z=1.6448536269514722)[1]},
                )
            )
    return rows
