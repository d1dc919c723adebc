"""The facts of an audit as one JSON document, for programs that should not have to know the output folder.

The keys are a contract: a change of meaning raises :data:`JSON_VERSION`. Names are exactly those of the data; every character
beyond ASCII, and every sign that HTML would read, is spelt as an escape, so that the document can lie in a page or a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import reason_words
from audit_pipeline.report.paper.facts import Facts, facts_of
from audit_pipeline.report.paper.methods import methods_of
from audit_pipeline.report.paper.results import results_of
from audit_pipeline.verdict_types import Finding

JSON_VERSION = 1
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

# name of a figure -> fields of a finding: value, low, high
_FIGURES = {
    "association_v": ("association_v", "association_low", "association_high"),
    "metadata_auc": ("metadata_auc", "metadata_auc_low", "metadata_auc_high"),
    "separability_auc": ("separability_auc", "separability_low", "separability_high"),
    "auc_pooled": ("auc_pooled", None, None),
    "auc_adjusted": ("auc_adjusted", "auc_adjusted_low", "auc_adjusted_high"),
    "inflation": ("inflation", "inflation_low", "inflation_high"),
    "overlap": ("overlap", None, None),
}
_P_VALUES = ("p_design", "p_sensor", "p_adjusted")
_SIZES = ("n", "n_subjects", "min_detectable_v", "n_to_decide")


def as_json(folder: AuditFolder) -> str:
    """Return the document; the same folder gives the same bytes."""
    return dump(as_dict(folder))


def dump(content: Mapping[str, Any]) -> str:
    """Return JSON that is harmless wherever it is printed or embedded; NaN is an error, never a value."""
    return json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False).translate(_HTML) + "\n"


def as_dict(folder: AuditFolder) -> dict[str, Any]:
    """Return the content of the document."""
    facts, verdict = facts_of(folder), folder.verdict
    return {
        "schema_version": JSON_VERSION,
        "dataset": verdict.dataset,
        "verdict": verdict.verdict,
        "headline": verdict.headline,
        "records": facts.records,
        "subjects": facts.subjects,
        "label": facts.label,
        "findings": [_finding(finding) for finding in folder.findings],
        "policy": dict(verdict.policy),
        "methods": methods_of(facts).as_dict(),
        "results": [{"column": finding.column, "text": told} for finding, told in results_of(facts)],
        "provenance": _provenance(facts),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """Return a finding with its figures and intervals together; what was not measured is null."""
    return {
        "column": finding.column,
        "role": finding.role,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "reason_words": reason_words(finding),
        "headline": finding.headline,
        "next_step": finding.next_step,
        "notes": list(finding.notes),
        "figures": {name: _figure(finding, *fields) for name, fields in _FIGURES.items()},
        "p_values": {name: getattr(finding, name) for name in _P_VALUES},
        "sizes": {name: getattr(finding, name) for name in _SIZES},
        "separability_probe": finding.separability_probe,
        "model": finding.model,
    }


def _figure(finding: Finding, value: str, low: str | None, high: str | None) -> dict[str, Any] | None:
    estimate = getattr(finding, value)
    if estimate is None:
        return None
    ends = [getattr(finding, end) if end else None for end in (low, high)]
    return {"estimate": estimate, "ci95": ends if None not in ends else None}


def _provenance(facts: Facts) -> dict[str, Any]:
    """Return what the figures came from: digests, versions, seed. Neither places nor clocks."""
    return {key: facts.setting(key) for key in ("spec", "spec_sha256", "seed", "files", "code", "python", "packages")}
