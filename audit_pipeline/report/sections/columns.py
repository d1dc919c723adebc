"""One card a metadata column: the two edges, the size of the damage, the verdict, the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from audit_pipeline.report import column_figures as figures
from audit_pipeline.report.figures.dots import Row, Value, dot_plot
from audit_pipeline.report.figures.mosaic import Counts, mosaic, pool
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import place
from audit_pipeline.report.measures import counts_of, reason_missing
from audit_pipeline.report.naming import header_words, quiet, title
from audit_pipeline.report.remarks import Remarks, remarks
from audit_pipeline.report.sections import Section
from audit_pipeline.report.text import interval, name, number, p_value
from audit_pipeline.verdict_types import Finding


@dataclass(frozen=True)
class Fact:
    """A named figure in words; ``note`` explains it or says why it is missing."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Card:
    """What a card shows beside the finding itself; ``measured`` is False for findings without figures (a split, a view).

    ``index`` numbers its anchor, ``meaning`` says what a header column is, ``remarks`` are notes of the dataset on its column.
    """

    index: int
    title: str
    meaning: str
    remarks: tuple[str, ...]
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
    levels: Markup | None
    left_out: bool
    views: Markup | None
    power: Markup | None
    view: Markup | None
    severity: tuple[Fact, ...]


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the cards, worst column first; header columns that have nothing to say apart, with the notes on headers."""
    noted = remarks(folder)
    cards = [_card(folder, finding, index, noted) for index, finding in enumerate(folder.shown, 1)]
    return {
        "cards": [card for card in cards if not quiet(card.finding)],
        "headers": [card for card in cards if quiet(card.finding)],
        "header_notes": noted.headers,
    }


def _card(folder: AuditFolder, finding: Finding, index: int, noted: Remarks) -> Card:
    # Only a nuisance is held against the tolerances.
    policy = folder.verdict.policy if finding.role == "nuisance" else {}
    counts = pool(cells) if (cells := counts_of(folder, finding)) else None
    shown = name(finding.column or "the dataset")
    return Card(
        index=index,
        title=title(finding),
        meaning=header_words(finding),
        remarks=noted.about(finding.column),
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
        readability=figures.readability(folder, finding, policy.get("separability")),
        readability_note=_beside(
            folder,
            finding,
            "separability_auc",
            place(finding.separability_low, finding.separability_high, policy.get("separability")),
        ),
        sensor=(_test(folder, finding, "p_sensor", "one test over all probes"),),
        aucs=figures.models(folder, finding),
        levels=figures.levels(folder, finding),
        left_out=any(row.estimate is not None for row in folder.rows(finding, "auc_left_out")),
        views=figures.views_within(folder, finding),
        view=figures.view_by_column(folder, finding),
        power=figures.power(folder, finding, policy.get("association")),
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


def _severity(folder: AuditFolder, finding: Finding) -> tuple[Fact, ...]:
    value = _with_interval(finding.inflation, finding.inflation_low, finding.inflation_high, signed=True)
    note = "AUC over all records minus AUC within levels of the column"
    if finding.model:
        note += f"; model: {name(finding.model)}"
    facts = [_fact(folder, finding, "inflation", "Inflation of the score", value, note)]
    if finding.reason == "aliased":
        said = "where the two cannot be told apart no test can part them; the counts decide"
        facts.append(Fact("Both edges by chance?", "cannot be asked", said))
    elif finding.p_adjusted is not None:
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
