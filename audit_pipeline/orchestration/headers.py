"""Columns ``file.*``: they come from the headers of recordings and are known only once these were read.

Checks are declared before anything ran, so such columns have none of their own. The check ``finding_dataset`` speaks for
them: each audited one is a row of its table, and why others were not audited is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit_pipeline.report.text import visible
from audit_pipeline.spec import FILE, AuditSpec
from audit_pipeline.verdict_types import LEVELS, Finding, Verdict

OWN = "Leakage, unrecorded confounders: findings about no declared column."


def question(spec: AuditSpec) -> str:
    """Return what ``finding_dataset`` asks."""
    if spec.medium is None:
        return OWN
    what = "images" if spec.medium == "image" else "sounds"
    return f"{OWN} And the columns `{FILE}*` from the headers of the {what}, which are known only once these were read."


def told(found: Sequence[Finding]) -> str:
    """Return how many findings there are of which verdict, header columns apart; nothing of a single one.

    It stands before the worst one, which is told in full.
    """
    if len(found) < 2:
        return ""
    headers = [finding for finding in found if (finding.column or "").startswith(FILE)]
    rest = [finding for finding in found if finding not in headers]
    parts = []
    if headers:
        noun = "column" if len(headers) == 1 else "columns"
        parts.append(f"{len(headers)} {noun} from headers ({_tally(headers)})")
    if rest:
        parts.append(f"{len(rest)} on the dataset as a whole ({_tally(rest)})")
    return f"{len(found)} findings: {', '.join(parts)}. The worst: "


def not_audited(verdict: Verdict) -> str:
    """Return what the audit noted about header fields that became no column; empty for tables."""
    notes = verdict.lineage.get("notes")
    if not isinstance(notes, list):
        return ""
    return "; ".join(visible(note, limit=1_000) for note in notes if isinstance(note, str) and FILE in note)


def _tally(found: Iterable[Finding]) -> str:
    levels = [finding.verdict for finding in found]
    return ", ".join(f"{levels.count(level)} {level}" for level in reversed(LEVELS) if level in levels)
