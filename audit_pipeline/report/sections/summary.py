"""The verdict, on one screen: what is wrong, with which column, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import LOOKS
from audit_pipeline.report.sections import Section
from audit_pipeline.report.text import count
from audit_pipeline.verdict_types import LEVELS


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the size of the data in words and how many columns have which verdict."""
    findings = folder.findings
    records = max((finding.n or 0 for finding in findings), default=0)
    subjects = max((finding.n_subjects or 0 for finding in findings), default=0)
    size = [count(records, "record")] if records else []
    if subjects and subjects != records:
        size.append(count(subjects, "subject"))
    tally = [
        f"{sum(finding.verdict == level for finding in findings)} {LOOKS[level].word.lower()}"
        for level in reversed(LEVELS)
        if any(finding.verdict == level for finding in findings)
    ]
    return {"size": ", ".join(size), "tally": ", ".join(tally), "look": LOOKS[folder.verdict.verdict]}


SECTION = Section(name="verdict", title="Verdict", order=10, template="summary.html.j2", context=context)
