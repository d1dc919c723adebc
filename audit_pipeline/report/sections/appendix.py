"""Every evidence row, as the probes wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.sections import Section
from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import visible

MOST_ROWS = 2_000
MANY_COLUMNS = 10
"""Judged columns above which half as many rows are shown: their cards need the room, and a page must stay light."""


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return all rows up to :data:`MOST_ROWS`; the file has the others."""
    most = MOST_ROWS if len(folder.shown) <= MANY_COLUMNS else MOST_ROWS // 2
    rows, note = capped([_row(row) for row in folder.book.rows[:most]], most=most, where="evidence.parquet")
    total = len(folder.book.rows)
    if total > most:
        note = f"{most:,} of {total:,} rows are shown; all of them are in evidence.parquet."
    table = Table(
        caption="Every row of evidence.parquet",
        heads=heads(
            "probe",
            "metric",
            "column",
            "view",
            "level",
            "#estimate",
            "#95% interval",
            "#p",
            "#n",
            "#subjects",
            "detail",
        ),
        rows=rows,
        note=note,
    )
    return {"table": table if rows else None}


def _row(row: Evidence) -> tuple[str, ...]:
    return (
        visible(row.probe, limit=60),
        visible(row.metric, limit=60),
        visible(row.column or "", limit=60),
        visible(row.view or "", limit=60),
        visible(row.level or "", limit=80),
        _exact(row.estimate),
        f"[{_exact(row.ci_low)}, {_exact(row.ci_high)}]" if row.ci_low is not None or row.ci_high is not None else "",
        _exact(row.p_value),
        "" if row.n is None else f"{row.n:,}",
        "" if row.n_subjects is None else f"{row.n_subjects:,}",
        visible(json.dumps(dict(row.detail), sort_keys=True, ensure_ascii=False), limit=200) if row.detail else "",
    )


def _exact(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


SECTION = Section(
    name="appendix", title="Appendix: all evidence", order=70, template="appendix.html.j2", context=context
)
