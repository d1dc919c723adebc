"""The evidence behind each verdict as tables, folded away until asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.measures import counts_of
from audit_pipeline.report.naming import title
from audit_pipeline.report.sections import Section
from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import count, interval, name, number, p_value
from audit_pipeline.verdict_types import Finding

MOST_ROWS = 100
ALL_ROWS = 900
"""Rows that a table of each column may have in sum; many columns get shorter tables, so that the page stays light."""
_WHERE = "evidence.parquet"
_TABLES = (
    ("overlap", "Overlap of pairs of labels over the levels", ("level", "pair of labels")),
    ("separability_auc", "Readable given the label (AUC), by probe", ("view", "probe")),
    ("separability_label", "Readable inside each label (AUC)", ("level", "label")),
    ("separability_level", "Each level against the others, given the label (AUC)", ("level", "level")),
    ("auc_level", "AUC for the label inside each level", ("level", "level")),
)
"""Metrics worth a table of their own: caption, and the field that names a row with its heading."""


@dataclass(frozen=True)
class Block:
    """The tables of one finding, under its heading."""

    title: str
    tables: tuple[Table, ...]


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return a block a finding, and the rows that belong to the dataset as a whole."""
    most = max(10, min(MOST_ROWS, ALL_ROWS // max(1, len(folder.shown))))
    blocks = [Block(title(finding), tuple(_tables(folder, finding, most))) for finding in folder.shown]
    return {"blocks": blocks}


def _tables(folder: AuditFolder, finding: Finding, most: int) -> Iterable[Table]:
    cells = counts_of(folder, finding)
    if cells:
        yield _crosstab(cells, finding, most)
    for metric, caption, first in _TABLES:
        rows = folder.rows(finding, metric)
        if rows:
            yield _estimates(caption, rows, first=first, most=most)
    models = _models(folder, finding)
    if models is not None:
        yield models


def _crosstab(cells: Mapping[tuple[str, str], int], finding: Finding, most: int) -> Table:
    labels = list(dict.fromkeys(label for _, label in cells))
    levels = list(dict.fromkeys(level for level, _ in cells))
    rows = []
    for level in levels:
        held = [cells.get((level, label), 0) for label in labels]
        rows.append((name(level), *(f"{value:,}" for value in held), f"{sum(held):,}"))
    shown, note = capped(rows, most=most, where=_WHERE)
    return Table(
        caption=f"Records by level of {name(finding.column)} and label",
        heads=heads("level", *(f"#{name(label)}" for label in labels), "#all"),
        rows=shown,
        note=note,
    )


def _estimates(caption: str, rows: Sequence[Evidence], *, first: tuple[str, str], most: int) -> Table:
    key, what = first
    other = "view" if key == "level" else "level"
    # A second name only where it tells rows apart: several models at each level, say.
    several = len({getattr(row, other) for row in rows}) > 1
    between = any(row.ci_low is not None for row in rows)
    tested = any(row.p_value is not None for row in rows)
    cells = [
        (
            name(getattr(row, key) or "all"),
            *([name(getattr(row, other) or "all")] if several else []),
            number(row.estimate, digits=3),
            *([interval(row.ci_low, row.ci_high, digits=3)] if between else []),
            *([p_value(row.p_value) if row.p_value is not None else ""] if tested else []),
            count(row.n) if row.n is not None else "",
        )
        for row in rows
    ]
    shown, note = capped(cells, most=most, where=_WHERE)
    columns = [what, "#estimate", "#records"]
    columns[1:1] = ["by"] if several else []
    columns[-1:-1] = (["#95% interval"] if between else []) + (["#test"] if tested else [])
    return Table(caption=caption, heads=heads(*columns), rows=shown, note=note)


def _models(folder: AuditFolder, finding: Finding) -> Table | None:
    metrics = ("auc_pooled", "auc_adjusted", "inflation")
    found = {metric: {row.view: row for row in folder.rows(finding, metric)} for metric in metrics}
    models = list(dict.fromkeys(view for metric in metrics for view in found[metric]))
    if not models:
        return None

    def cell(metric: str, model: str | None) -> str:
        row = found[metric].get(model)
        if row is None:
            return "not measured"
        signed = metric == "inflation"
        between = interval(row.ci_low, row.ci_high, digits=3, signed=signed)
        return number(row.estimate, digits=3, signed=signed) + (f" {between}" if between else "")

    return Table(
        caption="AUC for the label by model: over all records, within levels, and the difference",
        heads=heads("model", "#all records", "#within levels", "#inflation"),
        rows=[(name(model or "model"), *(cell(metric, model) for metric in metrics)) for model in models],
    )


SECTION = Section(
    name="evidence", title="The evidence behind it", order=40, template="evidence.html.j2", context=context
)
