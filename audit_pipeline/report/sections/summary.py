"""The verdict, on one screen: what is wrong, how sure, how bad, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from audit_pipeline.report.consultation import consult
from audit_pipeline.report.figures.mosaic import Counts, mosaic, pool
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import LOOKS
from audit_pipeline.report.measures import counts_of
from audit_pipeline.report.naming import quiet, title
from audit_pipeline.report.remarks import remarks
from audit_pipeline.report.sections import Section
from audit_pipeline.report.text import count, name
from audit_pipeline.verdict_types import LEVELS, Finding


@dataclass(frozen=True)
class Entry:
    """A finding of the list with its anchor's number and its heading."""

    index: int
    title: str
    finding: Finding


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the four answers, their picture, and the findings: the loud ones, and header columns with nothing wrong."""
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
    entries = [Entry(index, title(finding), finding) for index, finding in enumerate(folder.shown, 1)]
    pictured = _pictured(folder)
    return {
        "answers": consult(folder),
        "pictured": pictured,
        "size": ", ".join(size),
        "tally": ", ".join(tally),
        "look": LOOKS[folder.verdict.verdict],
        "lost": remarks(folder).lost,
        "entries": [entry for entry in entries if not quiet(entry.finding)],
        "headers": [entry for entry in entries if quiet(entry.finding)],
    }


@dataclass(frozen=True)
class Pictured:
    """The mosaic of the first screen, and of which column it is."""

    title: str
    counts: Counts
    drawn: Markup


def _pictured(folder: AuditFolder) -> Pictured | None:
    """Return the mosaic of the worst finding, or where that has none of the first declared column that has one."""
    worst = folder.findings[:1]
    others = [finding for finding in folder.shown if finding.verdict == "pass" and finding.role == "nuisance"]
    if worst and worst[0].verdict != "pass":
        others = []
    for finding in (*worst, *others):
        cells = counts_of(folder, finding)
        if cells:
            counts = pool(cells)
            shown = title(finding)
            return Pictured(
                shown, counts, mosaic(counts, label=f"Records of each label at each level of {name(shown)}")
            )
    return None


SECTION = Section(name="verdict", title="Verdict", order=10, template="summary.html.j2", context=context)
