"""One card a metadata column: the two edges, the size of the damage, the verdict, the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.figures.dots import Row, Value, dot_plot
from audit_pipeline.report.figures.mosaic import Counts, mosaic, pool
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import place
from audit_pipeline.report.measures import counts_of, reason_missing
from audit_pipeline.report.sections import Section
from audit_pipeline.report.text import interval, name, number, p_value
from audit_pipeline.verdict_types import Finding

MOST_VIEWS = 6
MOST_MODELS = 4


@dataclass(frozen=True)
class Fact:
    """A named figure in words; ``note`` explains it or says why it is missing."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Card:
    """What a card shows beside the finding itself; ``measured`` is False for findings without figures (a split, a view)."""

    finding: Finding
    measured: bool
    counts: Counts | None
    mosaic: Markup | None
    no_mosaic: str
    association: Markup
    association_note: str
    design: tuple[Fact, ...]
    readability: Markup
    readability_note: str
    sensor: tuple[Fact, ...]
    aucs: Markup
    severity: tuple[Fact, ...]


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the cards, worst column first."""
    return {"cards": [_card(folder, finding) for finding in folder.shown]}


def _card(folder: AuditFolder, finding: Finding) -> Card:
    # Only a nuisance is held against the tolerances.
    policy = folder.verdict.policy if finding.role == "nuisance" else {}
    counts = pool(cells) if (cells := counts_of(folder, finding)) else None
    shown = name(finding.column or "the dataset")
    return Card(
        finding=finding,
        measured=finding.role in {"nuisance", "covariate"},
        counts=counts,
        mosaic=mosaic(counts, label=f"Records of each label at each level of {shown}") if counts else None,
        no_mosaic=reason_missing(folder, finding, "count"),
        association=_association(finding, policy.get("association")),
        association_note=_beside(
            folder,
            finding,
            "association_v",
            place(finding.association_low, finding.association_high, policy.get("association")),
        ),
        design=_design(folder, finding),
        readability=_readability(folder, finding, policy.get("separability")),
        readability_note=_beside(
            folder,
            finding,
            "separability_auc",
            place(finding.separability_low, finding.separability_high, policy.get("separability")),
        ),
        sensor=(_test(folder, finding, "p_sensor", "one test over all probes"),),
        aucs=_aucs(folder, finding),
        severity=_severity(folder, finding),
    )


def _association(finding: Finding, tolerance: float | None) -> Markup:
    value = Value(finding.association_v, finding.association_low, finding.association_high)
    row = Row("Link to the label (V)", value)
    return dot_plot([row], start=0.0, stop=1.0, tolerance=tolerance, label="Cramér's V with its 95% interval")


def _beside(folder: AuditFolder, finding: Finding, field: str, where: str) -> str:
    """Say where the interval lies, or why there is no figure."""
    if getattr(finding, field) is None:
        return reason_missing(folder, finding, field)
    return f"The interval {where}." if where else ""


def _test(folder: AuditFolder, finding: Finding, field: str, note: str) -> Fact:
    value = getattr(finding, field)
    if value is None:
        return Fact("Could it be chance?", "not measured", reason_missing(folder, finding, field))
    return Fact("Could it be chance?", p_value(value), note)


def _design(folder: AuditFolder, finding: Finding) -> tuple[Fact, ...]:
    return (
        _test(folder, finding, "p_design", "this column alone"),
        _fact(
            folder,
            finding,
            "overlap",
            "Overlap of the labels",
            number(finding.overlap),
            "1: every level has the same mix of labels; 0: no level holds two labels",
        ),
    )


def _readability(folder: AuditFolder, finding: Finding, tolerance: float | None) -> Markup:
    views = [row for row in folder.rows(finding, "separability_auc") if row.view is not None]
    views.sort(key=lambda row: -(row.estimate if row.estimate is not None else -1.0))
    rows = [Row(f"by {row.view}", _value(row)) for row in views[:MOST_VIEWS]]
    if not rows:
        by = f"by {finding.separability_probe}" if finding.separability_probe else "by the best probe"
        rows = [Row(by, Value(finding.separability_auc, finding.separability_low, finding.separability_high))]
    return dot_plot(
        rows,
        start=0.5,
        stop=1.0,
        tolerance=tolerance,
        label="How well each probe tells the column's levels apart within one label, as AUC with its 95% interval",
    )


def _aucs(folder: AuditFolder, finding: Finding) -> Markup:
    alone = Value(finding.metadata_auc, finding.metadata_auc_low, finding.metadata_auc_high)
    rows = [Row(f"{name(finding.column or 'metadata', limit=24)} alone", alone)]
    pooled = {row.view: row for row in folder.rows(finding, "auc_pooled")}
    adjusted = {row.view: row for row in folder.rows(finding, "auc_adjusted")}
    # The model that the verdict speaks of comes first.
    models = sorted({*pooled, *adjusted}, key=lambda model: (model != finding.model, model or ""))
    for model in models[:MOST_MODELS]:
        before, after = _value(pooled.get(model), kind="pooled"), _value(adjusted.get(model), kind="adjusted")
        rows.append(Row(model or "model", before, after))
    if not models:
        before = Value(finding.auc_pooled, kind="pooled")
        after = Value(finding.auc_adjusted, finding.auc_adjusted_low, finding.auc_adjusted_high, kind="adjusted")
        rows.append(Row(finding.model or "model", before, after))
    return dot_plot(
        rows,
        start=0.5,
        stop=1.0,
        digits=3,
        label="AUC for the label: the column alone; then each model over all records, and within levels of the column",
    )


def _value(row: Evidence | None, *, kind: str = "plain") -> Value:
    return Value(None) if row is None else Value(row.estimate, row.ci_low, row.ci_high, kind)


def _severity(folder: AuditFolder, finding: Finding) -> tuple[Fact, ...]:
    value = _with_interval(finding.inflation, finding.inflation_low, finding.inflation_high, signed=True)
    note = "AUC over all records minus AUC within levels of the column"
    if finding.model:
        note += f"; model: {name(finding.model)}"
    facts = [_fact(folder, finding, "inflation", "Inflation of the score", value, note)]
    if finding.p_adjusted is not None:
        facts.append(
            Fact("Both edges by chance?", p_value(finding.p_adjusted), "the larger p-value, adjusted for all columns")
        )
    if finding.min_detectable_v is not None:
        facts.append(
            Fact("Smallest V that would be noticed", number(finding.min_detectable_v), "in four of five such datasets")
        )
    if finding.n_to_decide is not None:
        facts.append(
            Fact(
                "Size that would decide",
                f"about {finding.n_to_decide:,}",
                "records, or subjects where several share one",
            )
        )
    return tuple(facts)


def _fact(folder: AuditFolder, finding: Finding, field: str, title: str, value: str, note: str) -> Fact:
    if getattr(finding, field) is None:
        return Fact(title, "not measured", reason_missing(folder, finding, field))
    return Fact(title, value, note)


def _with_interval(value: float | None, low: float | None, high: float | None, *, signed: bool = False) -> str:
    digits = 3 if signed else 2
    between = interval(low, high, digits=digits, signed=signed)
    return number(value, digits=digits, signed=signed) + (f" {between}" if between else "")


SECTION = Section(name="columns", title="Column by column", order=30, template="columns.html.j2", context=context)
