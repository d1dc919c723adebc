"""What else tells the label: parts of the record that should not, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_pipeline.report.column_figures import MOST_LEVELS, before_after
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.sections import Section
from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import interval, number, p_value, visible
from audit_pipeline.wording_numbers import capital
from audit_pipeline.wording_views import VIEW_WORDS

MOST_ROWS = 40
_HONEST = {"little": "hardly", "much": "it may well"}


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the picture and the table of all views, and why others had nothing to show."""
    rows = list(folder.book.where(metric="view_auc"))
    overall = {row.view: row for row in rows if row.estimate is not None}
    persists = {row.view: row for row in folder.book.where(metric="view_persists")}
    given: object = next((row.detail.get("given") for row in persists.values() if row.detail.get("given")), [])
    unseen = [
        f"{capital(VIEW_WORDS.get(row.view or '', row.view or ''))}: {visible(row.detail['reason'], limit=200)}"
        for row in rows
        if row.estimate is None and row.detail.get("reason")
    ]
    return {
        "drawn": before_after(
            overall,
            persists,
            label="AUC of each view by itself for the label, then where all recorded columns are alike",
        ),
        "more": max(0, len(overall) - MOST_LEVELS),
        "table": _table(overall, persists) if overall else None,
        "given": [str(column) for column in given] if isinstance(given, list | tuple) else [],
        "unseen": unseen[:MOST_ROWS],
    }


def _table(overall: Mapping[Any, Any], persists: Mapping[Any, Any]) -> Table:
    rows = []
    for view, row in sorted(overall.items(), key=lambda pair: -(pair[1].estimate or 0.0)):
        kept = persists.get(view)
        rows.append(
            (
                capital(VIEW_WORDS.get(view or "", visible(view or "", limit=60))),
                f"{number(row.estimate)} {interval(row.ci_low, row.ci_high)}".strip(),
                f"{number(kept.estimate)} {interval(kept.ci_low, kept.ci_high)}".strip() if kept else "",
                p_value(kept.p_value) if kept is not None and kept.p_value is not None else "",
                _HONEST.get(str(kept.detail.get("honest", "")), "") if kept is not None else "",
            )
        )
    shown, note = capped(rows, most=MOST_ROWS, where="evidence.parquet")
    return Table(
        caption="Each view by itself: AUC for the label, and whether the label may show in it honestly",
        heads=heads("view", "#all records", "#all columns alike", "#by chance", "honestly?"),
        rows=shown,
        note=note,
    )


SECTION = Section(name="views", title="What else tells the label", order=32, template="views.html.j2", context=context)
