"""Sensor edge: does the data reveal a metadata column, given the label?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.recordings.names import HEADER_VIEWS, PATTERN
from audit_pipeline.spec import AuditSpec
from audit_pipeline.stats.auc import Z90, Auc
from audit_pipeline.stats.basis import (
    ColumnBasis,
    column_basis,
    is_identifier,
    label_to_condition_on,
    to_condition_on,
)
from audit_pipeline.stats.multiplicity import permutations_for
from audit_pipeline.stats.seeds import generator
from audit_pipeline.stats.thinning import whole_subjects

if TYPE_CHECKING:
    from audit_pipeline.models.conditional import ConditionalTest, ProbeFit

MAX_LEVELS = 60
MAX_RECORDS = 6_000
"""Beyond this many records whole subjects are drawn until there are about this many; evidence says how many decided."""


@probe(
    "sensor",
    question="Does the recorded data reveal the column, given the label?",
    inputs=("dataset", "values", "views"),
    kinds=("scikitlearn", "parquet"),
    order=20,
    decides=True,
)
def sensor(inputs: ProbeInputs) -> list[Evidence]:
    """Test whether the data tells levels of a column apart among records of the same label.

    Several probes look at the data: ``linear`` (the columns, or the embedding of a recording), ``quadratic`` (squares and
    products: variances, covariances, XOR) and ``trees`` (leaves of totally random trees: thresholds and missing-value patterns);
    in a table also ``rounding`` (how numbers were rounded, where they were); in recordings also every view of them (border,
    noise, silence ...), and of images ``pattern``, the directions in which the remainders of a denoiser vary together, where a
    sensor's fixed pattern shows. Header fields and file names take no part: models see pixels and samples. Each is a cross-fitted ridge
    regression of the column's residual given the label; folds never split a subject. Values of the column are permuted as
    the design allows: whole subjects with the same labels, or records of one subject and label where the column varies
    within subjects.

    Metrics
    -------
    ``p_sensor``
        p-value of "the data is independent of the column given the label", maximum over probes inside the same
        permutations. ``estimate`` is the largest statistic in null deviations.
    ``p_sensor_given_covariates``, ``separability_given_covariates``, ``detectable_given_covariates``
        The same given the label *and* the declared covariates, where there are any: a column that is readable only because its
        records differ in a covariate has no sensor edge of its own. These decide; the others are reported beside them.
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
    Resampling-Based Multiple Testing (1993), for the maximum statistic; Lukas, Fridrich and Goljan, Digital camera identification
    from sensor pattern noise, IEEE TIFS 1 (2006).
    """
    data, matrix = inputs.data(), inputs.view("values").matrix
    rows: list[Evidence] = []
    # Of very many records the views hold some; those that decide here are drawn among them.
    parts = {name: inputs.part("views", name) for name in looked_at(inputs.spec)}
    viewed = next(iter(parts.values()))[1]
    _, subject = np.unique(data.subject[viewed], return_inverse=True)
    drawn = whole_subjects(subject, MAX_RECORDS, generator(inputs.spec.seed, "sensor", "thin"))
    kept, others = viewed[drawn], {name: view.matrix[drawn] for name, (view, _) in parts.items()}
    for done, column in enumerate(data.columns):
        inputs.progress(done, len(data.columns), column.name)
        rng = generator(inputs.spec.seed, "sensor", done)
        rows += _column(inputs, data, column, matrix[kept], others, kept, rng)
    return rows


def looked_at(spec: AuditSpec) -> list[str]:
    """Return the views that are looked at beside the values: parts of what a model sees, never the header or the file's name."""
    if spec.medium is None:
        return ["rounding"]
    return [*(name for name in spec.views if name not in HEADER_VIEWS), *([PATTERN] if spec.image else [])]


@dataclass(frozen=True)
class _Part:
    """The records that decide on one column."""

    column: MetadataColumn
    basis: ColumnBasis
    label: np.ndarray
    subject: np.ndarray
    fold: np.ndarray
    common: dict[str, Any]


def _column(
    inputs: ProbeInputs,
    data: AuditData,
    column: MetadataColumn,
    matrix: np.ndarray,
    others: dict[str, np.ndarray],
    kept: np.ndarray,
    rng: np.random.Generator,
) -> list[Evidence]:
    from audit_pipeline.models.conditional import conditional_test
    from audit_pipeline.models.conditioning import given_covariates, given_strata
    from audit_pipeline.models.crossfit import label_folds
    from audit_pipeline.stats.exchange import given_label

    if is_identifier(column, data.subject):
        return []
    label = data.label[kept].astype(np.int64)
    _, subject = np.unique(data.subject[kept], return_inverse=True)
    chosen = column.take(kept)
    basis = column_basis(chosen, subject)
    if len(np.unique(basis.codes)) < 2:
        return []
    common: dict[str, Any] = {"probe": "sensor", "column": column.name, "role": column.role}
    common |= {"n": len(kept), "n_subjects": int(subject.max()) + 1}
    fold = label_folds(label, subject, inputs.spec.folds, inputs.spec.seed)
    part = _Part(chosen, basis, label, subject, fold, common)
    response = label_to_condition_on(data)
    if response is None:
        exchange = given_label(basis.codes, label, subject)
        given_the_label = given_strata(basis, exchange)
        numbers = []
    else:
        # A label that is a number has no strata: its smooth functions are conditioned on as covariates are.
        exchange = given_label(basis.codes, np.zeros_like(label), subject)
        numbers = [response[kept]]
        given_the_label = given_covariates(basis, exchange, numbers)
    givens = {"": given_the_label}
    covariates = [other.take(kept) for other in data.with_role("covariate")]
    covariates = [other for other in covariates if not is_identifier(other, subject) and other.name != column.name]
    if covariates and column.role == "nuisance":
        bases = [to_condition_on(other, subject) for other in covariates]
        givens["_given_covariates"] = given_covariates(basis, exchange, [*numbers, *bases])
    rows = []
    for suffix, given in givens.items():
        test = conditional_test(
            matrix,
            basis,
            given,
            fold,
            rng,
            permutations_for(len(data.with_role("nuisance")), 499),
            lambda message: inputs.progress(0, 0, message),
            others,
            frozenset({PATTERN}),
        )
        facts: dict[str, Any] = {"paired_share": exchange.paired, "records_of": data.n}
        if suffix:
            facts["covariates"] = [other.name for other in covariates]
        rows += _test_rows(part, test, suffix, facts)
        if not suffix:
            rows += _where(part, test, data.classes)
    return rows


def _test_rows(part: _Part, test: ConditionalTest, suffix: str, facts: dict[str, Any]) -> list[Evidence]:
    """Return the p-value, and for each probe its separability and what it would have detected."""
    from audit_pipeline.models.conditional import label_fold_strata, within_label_auc

    rows = [
        Evidence(
            **part.common,
            metric=f"p_sensor{suffix}",
            view="values",
            estimate=max((fit.z for fit in test.fits), default=None),
            p_value=test.p_value if test.fits else None,
            detail={
                "permutations": test.permutations,
                "exchangeable_units": test.movable,
                "probes": [fit.name for fit in test.fits],
                **facts,
                **({} if test.fits else {"reason": _why_untested(test.movable)}),
            },
        )
    ]
    strata = label_fold_strata(part.label, part.fold)
    best = max(test.fits, key=lambda fit: fit.z, default=None)
    for fit in test.fits:
        auc = within_label_auc(fit.predictions, part.basis, part.column.values, strata)
        if auc is None:
            continue
        low, high = auc.interval(part.subject)
        rows.append(
            Evidence(
                **part.common,
                metric=f"separability{suffix or '_auc'}",
                view=_view(fit),
                estimate=auc.estimate,
                ci_low=low,
                ci_high=high,
                p_value=fit.p_value,
                detail={"upper": auc.interval(part.subject, z=Z90)[1], "z": fit.z, "best": fit is best},
            )
        )
        if fit.detection is not None:
            rows.append(
                Evidence(
                    **part.common,
                    metric=f"detectable{suffix or '_auc'}",
                    view=_view(fit),
                    estimate=fit.detection.smallest,
                    detail={"rates": {f"{auc:g}": rate for auc, rate in fit.detection.rates.items()}},
                )
            )
    return rows


def _view(fit: ProbeFit) -> str:
    """Return what was looked at, and how: a view that is not the values is looked at in one way only."""
    return fit.view or f"values/{fit.name}"


def _why_untested(movable: int) -> str:
    if movable == 0:
        return "no label has records at several levels of this column, so the data cannot be compared within a label"
    return "the features do not vary within a label"


def _where(part: _Part, test: ConditionalTest, classes: tuple[str, ...]) -> list[Evidence]:
    """Return where the best probe reads the column: by level, and by label."""
    from audit_pipeline.models.conditional import label_fold_strata, level_aucs, within_label_auc

    best = max(test.fits, key=lambda fit: fit.z, default=None)
    if best is None:
        return []
    strata = label_fold_strata(part.label, part.fold)
    found: list[tuple[str, str, Auc]] = []
    if 2 < len(part.basis.levels) <= MAX_LEVELS:
        levels = level_aucs(best.predictions, part.basis, strata)
        found += [("separability_level", part.basis.levels[code], auc) for code, auc in levels.items()]
    for code, title in enumerate(classes):
        inside = np.where(part.label == code, strata, -1)
        within = within_label_auc(best.predictions, part.basis, part.column.values, inside)
        found += [("separability_label", title, within)] if within is not None else []
    rows = []
    for metric, level, auc in found:
        low, high = auc.interval(part.subject)
        rows.append(
            Evidence(
                **part.common,
                metric=metric,
                view=_view(best),
                level=level,
                estimate=auc.estimate,
                ci_low=low,
                ci_high=high,
                detail={"upper": auc.interval(part.subject, z=Z90)[1]},
            )
        )
    return rows
