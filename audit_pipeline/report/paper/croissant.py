"""A fragment of Croissant metadata with the responsible-AI properties that an audit can fill in, as JSON-LD.

The vocabulary is Croissant RAI 1.0 (http://mlcommons.org/croissant/RAI/1.0), a description of a dataset by the MLCommons
association beside the Croissant format itself. Of its twenty properties an audit knows these five:

======================================  =========  ================================================================
``rai:dataBiases``                      many       one text a finding that fails or warns
``rai:dataLimitations``                 many       what could not be decided, what no audit sees, how biases were looked for
``rai:dataCollection``                  one        which acquisition metadata was recorded, and how it goes with the label
``rai:dataCollectionMissingData``       one        missing values of each column
``rai:dataUseCases``                    many       how a model on these data should be validated
======================================  =========  ================================================================

What an audit cannot know (who annotated, who maintains, what is sensitive) is left to the dataset's authors: this is a
fragment to merge into their ``croissant.json``, not a complete description.
"""

from __future__ import annotations

from typing import Any

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.paper.document import dump
from audit_pipeline.report.paper.facts import Facts, facts_of
from audit_pipeline.report.paper.methods import methods_of
from audit_pipeline.report.paper.sentences import called, listed
from audit_pipeline.report.text import count
from audit_pipeline.verdict_types import Finding

CONFORMS = "http://mlcommons.org/croissant/RAI/1.0"
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
}
"""As Croissant files have it, spelt out: resolving it loads nothing."""

ALWAYS = (
    "The audit speaks of the declared metadata columns and of what the recorded data show of them; a confounder that nobody "
    "recorded and the data do not show stays unseen.",
    "Columns that passed did so at this mix of labels; a selection or a merger of these data needs an audit of its own.",
)


def as_croissant(folder: AuditFolder) -> str:
    """Return the fragment as JSON-LD."""
    return dump(as_dict(folder))


def as_dict(folder: AuditFolder) -> dict[str, Any]:
    """Return the content of the fragment; a property of which nothing is known is absent."""
    facts = facts_of(folder)
    properties: dict[str, Any] = {
        "rai:dataBiases": biases_of(folder),
        "rai:dataLimitations": [*limitations_of(folder), f"How biases were looked for: {methods_of(facts).paragraph}"],
        "rai:dataCollection": collection_of(facts),
        "rai:dataCollectionMissingData": missing_of(folder),
        "rai:dataUseCases": uses_of(folder),
    }
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": folder.verdict.dataset,
        "conformsTo": CONFORMS,
        **{name: found for name, found in properties.items() if found},
    }


def biases_of(folder: AuditFolder) -> list[str]:
    """Return one text a finding that fails or warns, worst first."""
    return [
        f"{finding.verdict.upper()}: {finding.headline}"
        for finding in folder.findings
        if finding.verdict in {"fail", "warn"}
    ]


def limitations_of(folder: AuditFolder) -> list[str]:
    """Return what the audit could not decide, and what no audit can."""
    undecided = [finding.headline for finding in folder.findings if finding.verdict == "inconclusive"]
    return [*undecided, *ALWAYS]


def collection_of(facts: Facts) -> str:
    """Say which acquisition metadata was recorded, in one text."""
    size = count(facts.records, "record") if facts.records else "Records"
    if facts.subjects and facts.subjects != facts.records:
        size += f" of {count(facts.subjects, 'subject')}"
    said = [f"{size}, labelled by {called(facts.label)}." if facts.label else f"{size}."]
    for what, names in (
        ("acquisition metadata that must not influence the label", facts.nuisance),
        ("legitimate covariates", facts.covariates),
    ):
        if names:
            said.append(f"Recorded as {what}: {listed([called(name) for name in names], most=40)}.")
    if facts.subject:
        said.append(f"Subjects are told apart by {called(facts.subject)}.")
    return " ".join(said)


def missing_of(folder: AuditFolder) -> str | None:
    """Say how many values of each declared column are missing; None where the folder does not say."""
    entries = [
        entry
        for entry in folder.manifest
        if entry.get("entry") == "column"
        and entry.get("missing") is not None
        and entry.get("role") not in (None, "unused")
    ]
    if not entries:
        return None
    told = [f"{called(entry['name'])}: {count(entry['missing'])}" for entry in entries if entry["missing"]]
    if not told:
        return "No value of a column that was audited is missing."
    return f"Missing values by column: {listed(told, most=40)}; no other column that was audited has any."


def uses_of(folder: AuditFolder) -> list[str]:
    """Return what to do before a model is trained on these data, one text a finding that does not pass."""
    return [_use(finding) for finding in folder.findings if finding.verdict != "pass"]


def _use(finding: Finding) -> str:
    who = "The dataset as a whole" if finding.column is None else called(finding.column)
    return f"{who}: {finding.next_step}"
