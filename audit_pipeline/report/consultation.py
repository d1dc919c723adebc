"""The first screen: what is wrong, how sure, how bad, what to do next, in words that need no statistics.

The verdict has judged before; this only says again what its worst finding says, for somebody who never saw this page.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.naming import is_header, title, view_of
from audit_pipeline.report.text import count, interval, number, p_value
from audit_pipeline.report.what_is_wrong import bare_name, wrong
from audit_pipeline.verdict_types import Finding
from audit_pipeline.wording_numbers import listed


@dataclass(frozen=True)
class Consultation:
    """Four answers about ``finding``, the worst one; ``finding`` is None where no column was judged."""

    finding: Finding | None
    wrong: str
    sure: str
    bad: str
    next_step: str


def consult(folder: AuditFolder) -> Consultation:
    """Return the four answers about the worst finding of a folder."""
    if not folder.findings:
        return Consultation(None, "No metadata column was judged.", "", "", "")
    worst = folder.findings[0]
    return Consultation(
        worst,
        wrong(folder, worst),
        _sure(folder, worst),
        _bad(folder, worst),
        _next(worst, folder.verdict.verdict),
    )


def _sure(folder: AuditFolder, finding: Finding) -> str:
    units = _units(finding)
    if finding.reason == "aliased":
        return (
            f"Certain: this is counted in {units}, not estimated. The overlap of the labels is {number(finding.overlap)}: 1 would "
            f"be the same mix at every level, below {number(folder.verdict.policy.get('overlap'))} nothing can be separated."
        )
    if finding.verdict == "pass":
        return _allowed(folder, units)
    if finding.verdict == "inconclusive":
        missed = number(finding.min_detectable_v) if finding.min_detectable_v is not None else "moderate size"
        return f"Not sure: with {units} a link with the label below {missed} would often go unnoticed (0 is none, 1 is complete)."
    p = _chance(folder, finding)
    if p is None:
        return f"It is seen in {units}; no test says how likely chance alone is."
    harmless = (
        "nothing but the recorded columns told the label"
        if finding.role == "view"
        else "it and the label were independent"
        if finding.reason == "associated_unresolved"
        else f"{title(finding)} were no shortcut"
    )
    return f"{_degree(p)}: if {harmless}, {_odds(p)} such datasets would show as much ({p_value(p)})."


def _allowed(folder: AuditFolder, units: str) -> str:
    """Say how strong a link of the judged columns with the label may still be: the bound that the verdict went by."""
    bounds = [
        (row.estimate, title(each))
        for each in folder.findings
        if each.role == "nuisance"
        for row in folder.rows(each, "association_upper")
        if row.estimate is not None
    ]
    if not bounds:
        return f"As sure as {units} allow."
    bound, column = max(bounds)
    tolerated = folder.verdict.policy.get("association")
    beside = f", where {number(tolerated)} is tolerated" if tolerated is not None and bound < tolerated else ""
    return (
        f"From {units}: the strongest link with the label that the data still allow is {number(bound)} ({column}; 0 is none, "
        f"1 is complete){beside}."
    )


def _chance(folder: AuditFolder, finding: Finding) -> float | None:
    """Return the p-value that the finding rests on."""
    if finding.reason == "associated_unresolved":
        return finding.p_design
    view = view_of(finding)
    if view is None:
        return finding.p_adjusted
    rows = [row for row in folder.book.where(metric="view_persists", view=view) if row.p_value is not None]
    return rows[0].p_value if rows else None


def _degree(p: float) -> str:
    return "Very sure" if p <= 0.01 else "Sure by the usual standard" if p <= 0.05 else "Not sure"


def _odds(p: float) -> str:
    if p < 0.001:
        return "fewer than 1 of 1,000"
    return f"at most 1 of {int(1 / p):,}" if p <= 0.1 else f"{p:.0%} of"


def _bad(folder: AuditFolder, finding: Finding) -> str:
    bare = bare_name(finding)
    alone = (
        f"{'This field of the header' if is_header(finding) else bare} alone, without a look at any "
        f"{'recording' if _recorded(folder) else 'feature'}, predicts the label with AUC {number(finding.metadata_auc)}"
        if finding.metadata_auc is not None
        else ""
    )
    scale = "0.50 is guessing, 1.00 is perfect"
    if finding.reason == "aliased":
        return (
            f"As bad as can be: no score on these data shows that they were told apart by anything else. {alone} ({scale})."
            if alone
            else ""
        )
    if finding.verdict == "pass":
        models = [row for row in folder.book.where(metric="auc_model") if row.estimate is not None]
        if not models:
            return "No harm is seen."
        best = max(models, key=lambda row: row.estimate or 0.0)
        return f"No harm is seen: a simple model reaches AUC {number(best.estimate)} ({scale}), and no shortcut to that was found."
    if finding.inflation is not None and finding.auc_adjusted is not None:
        within = f"AUC {number(finding.auc_pooled)} over all records, {number(finding.auc_adjusted)} among those alike in {bare}"
        share = (
            f"{number(finding.inflation, digits=3)}{_between(finding.inflation_low, finding.inflation_high, digits=3)}"
        )
        if (finding.inflation_low or 0.0) > 0:
            return f"A model reaches {within}: {share} of it comes from {bare}. {alone} ({scale})."
        return f"A model reaches {within}; that it gains by {bare} is not proven ({share}). {alone} ({scale})."
    view = view_of(finding)
    if view is not None:
        rows = [*folder.book.where(metric="view_auc", view=view), *folder.book.where(metric="view_persists", view=view)]
        told = [
            f"{number(row.estimate)}{_between(row.ci_low, row.ci_high)}{where}"
            for row, where in zip(rows, (" over all records", " where all recorded columns are alike"), strict=False)
            if row.estimate is not None
        ]
        return f"By itself it predicts the label with AUC {listed(told)} ({scale})." if told else ""
    return f"{alone} ({scale})." if alone else ""


def _next(finding: Finding, verdict: str) -> str:
    if is_header(finding) and finding.reason in {"aliased", "confounded", "weakly_confounded"}:
        return (
            "Ask how the files of each label came to be written differently. Export all of them from their originals in one way, "
            "or, if they come from different places, declare the place as a nuisance column; then audit again."
        )
    if verdict == "pass":
        return f"Train. {finding.next_step}" if finding.next_step.startswith("Nothing to repair") else finding.next_step
    return finding.next_step


def _between(low: float | None, high: float | None, *, digits: int = 2) -> str:
    between = interval(low, high, digits=digits)
    return f" {between}" if between else ""


def _units(finding: Finding) -> str:
    fewer = finding.n_subjects is not None and finding.n is not None and finding.n_subjects < finding.n
    if finding.n is None:
        return "the records at hand"
    return count(finding.n_subjects, "subject") if fewer else count(finding.n, "record")


def _recorded(folder: AuditFolder) -> bool:
    spec = folder.verdict.lineage.get("spec") if folder.verdict.lineage else None
    return isinstance(spec, dict) and bool(spec.get("image") or spec.get("audio"))
