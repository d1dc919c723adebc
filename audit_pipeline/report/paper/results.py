"""The results, one paragraph a failed column, in the words of the field: estimates, 95% CIs, p-values."""

from __future__ import annotations

from collections.abc import Callable

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import worst_first
from audit_pipeline.report.paper.facts import Facts
from audit_pipeline.report.paper.sentences import called, capital, figure, joined, listed, probability
from audit_pipeline.report.text import number
from audit_pipeline.verdict_types import Finding, Level
from audit_pipeline.wording_views import VIEW_WORDS, view_words

MOST = 100
"""Paragraphs; further failed columns are counted."""


def results_of(facts: Facts) -> tuple[tuple[Finding, str], ...]:
    """Return a paragraph for each finding that fails, worst first as the page has them, at most :data:`MOST`."""
    failed = [finding for finding in worst_first(facts.folder.verdict.findings) if finding.verdict == "fail"]
    return tuple((finding, paragraph(facts, finding)) for finding in failed[:MOST])


def others_of(folder: AuditFolder) -> str:
    """Say in one sentence which findings did not fail; empty where there are none."""
    words: dict[Level, str] = {
        "inconclusive": "could not be decided with this many records",
        "warn": "gave a warning",
        "pass": "passed",
    }
    told = []
    for level, said in words.items():
        named = dict.fromkeys(_who(finding) for finding in folder.verdict.findings if finding.verdict == level)
        if named:
            told.append(f"{listed(list(named))} {said}")
    return f"Of the other findings, {joined(*told)}." if told else ""


def _who(finding: Finding) -> str:
    if finding.column is not None:
        return called(finding.column)
    return "the views of the data" if finding.role == "view" else "the dataset as a whole"


def paragraph(facts: Facts, finding: Finding) -> str:
    """Return the paragraph of one finding. Reasons without figures of their own are told by the verdict's own headline."""
    tell = _BY_REASON.get(finding.reason) if finding.role == "nuisance" and finding.association_v is not None else None
    if tell is None:
        return finding.headline
    return " ".join(sentence for sentence in tell(facts, finding) if sentence)


def _confounded(facts: Facts, finding: Finding) -> list[str]:
    column, label = called(finding.column), _label(facts)
    return [
        f"The column {column} was associated with {label} ({_association(finding)}).",
        _readable(facts, finding, column),
        f"Both edges were present together (intersection-union test, {_adjusted(finding)}): {column} is a shortcut to {label}."
        if finding.p_adjusted is not None
        else "",
        _inflation(finding, column),
    ]


def _aliased(facts: Facts, finding: Finding) -> list[str]:
    column, label = called(finding.column), _label(facts)
    overlap = f" (smallest overlap of two labels over levels of {column} {number(finding.overlap)})"
    return [
        f"The column {column} and {label} were aliased{overlap if finding.overlap is not None else ''}: {_association(finding)}.",
        f"No analysis of these data can separate the two, so a model's performance on {label} cannot be told from recognition of "
        f"{column}.",
        _readable(facts, finding, column),
    ]


_BY_REASON: dict[str, Callable[[Facts, Finding], list[str]]] = {"confounded": _confounded, "aliased": _aliased}


def _label(facts: Facts) -> str:
    return called(facts.label) if facts.label else "the label"


def _association(finding: Finding) -> str:
    assert finding.association_v is not None
    alone = ""
    if finding.metadata_auc is not None:
        alone = "metadata alone, " + figure(
            "AUC", finding.metadata_auc, finding.metadata_auc_low, finding.metadata_auc_high
        )
    return joined(
        figure("bias-corrected Cramér's V", finding.association_v, finding.association_low, finding.association_high),
        probability(finding.p_design),
        alone,
    )


def _readable(facts: Facts, finding: Finding, column: str) -> str:
    if finding.separability_auc is None:
        return ""
    given = "among records with the same label"
    if facts.covariates and any(facts.folder.rows(finding, "p_sensor_given_covariates")):
        given += f" and at equal {listed([called(name) for name in facts.covariates])}"
    probe = finding.separability_probe
    by = view_words(probe) if probe in VIEW_WORDS else "the recorded data"
    size = figure("AUC", finding.separability_auc, finding.separability_low, finding.separability_high)
    shown = (
        "identified" if finding.p_sensor is not None and finding.p_sensor <= facts.policy.get("alpha", 0.05) else None
    )
    if shown is None:
        return f"Whether {by} identify {column} {given} was not shown ({joined(size, probability(finding.p_sensor))})."
    return f"{capital(by)} {shown} {column} {given} ({joined(size, _permutation(facts, finding))})."


def _permutation(facts: Facts, finding: Finding) -> str:
    """Return the p-value of the test that decided, with its permutations."""
    rows = facts.folder.rows(finding, "p_sensor_given_covariates") or facts.folder.rows(finding, "p_sensor")
    drawn = next((row.detail.get("permutations") for row in rows), None)
    p = probability(finding.p_sensor, name="permutation p")
    return f"{p}, {drawn:,} permutations" if p and isinstance(drawn, int) else p


def _adjusted(finding: Finding) -> str:
    return probability(finding.p_adjusted, name="Holm-adjusted p")


def _inflation(finding: Finding, column: str) -> str:
    if finding.inflation is None or finding.auc_pooled is None or finding.auc_adjusted is None:
        return ""
    model = f"The {called(finding.model)} baseline" if finding.model else "The baseline"
    inside = figure("AUC", finding.auc_adjusted, finding.auc_adjusted_low, finding.auc_adjusted_high, digits=3)
    size = figure("inflation", finding.inflation, finding.inflation_low, finding.inflation_high, digits=3)
    return (
        f"{model} reached an out-of-fold AUC of {number(finding.auc_pooled, digits=3)} over all records; within levels of {column} "
        f"it was {inside.removeprefix('AUC = ')} ({size})."
    )
