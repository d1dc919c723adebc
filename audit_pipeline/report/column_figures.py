"""Pictures of one column's card, drawn from evidence alone; None where the evidence has nothing to draw."""

from __future__ import annotations

from markupsafe import Markup

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.figures.dots import Row, Value, dot_plot
from audit_pipeline.report.figures.power import power_curve
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.naming import view_of
from audit_pipeline.report.text import name
from audit_pipeline.verdict_types import Finding
from audit_pipeline.wording_numbers import capital
from audit_pipeline.wording_views import VIEW_WORDS

MOST_VIEWS = 6
MOST_MODELS = 4
MOST_LEVELS = 8


def value(row: Evidence | None, *, kind: str = "plain") -> Value:
    """Return the point of a row; one without an estimate for no row."""
    return Value(None) if row is None else Value(row.estimate, row.ci_low, row.ci_high, kind)


def readability(folder: AuditFolder, finding: Finding, tolerance: float | None) -> Markup:
    """How well each probe tells the column's levels apart within one label, best first."""
    views = [row for row in folder.rows(finding, "separability_auc") if row.view is not None]
    views.sort(key=lambda row: -(row.estimate if row.estimate is not None else -1.0))
    rows = [Row(_by(row.view), value(row)) for row in views[:MOST_VIEWS]]
    if not rows:
        by = _by(finding.separability_probe) if finding.separability_probe else "by the best probe"
        rows = [Row(by, Value(finding.separability_auc, finding.separability_low, finding.separability_high))]
    return dot_plot(
        rows,
        start=0.5,
        stop=1.0,
        tolerance=tolerance,
        label="How well each probe tells the column's levels apart within one label, as AUC with its 95% interval",
    )


def _by(view: str | None) -> str:
    words = VIEW_WORDS.get(view or "")
    return capital(words) if words else f"by {view}"


def models(folder: AuditFolder, finding: Finding) -> Markup:
    """The column alone beside each model: over all records, and within levels of the column."""
    alone = Value(finding.metadata_auc, finding.metadata_auc_low, finding.metadata_auc_high)
    rows = [Row(f"{name(finding.column or 'metadata', limit=24)} alone", alone)]
    pooled = {row.view: row for row in folder.rows(finding, "auc_pooled")}
    adjusted = {row.view: row for row in folder.rows(finding, "auc_adjusted")}
    # The model that the verdict speaks of comes first.
    shown = sorted({*pooled, *adjusted}, key=lambda model: (model != finding.model, model or ""))
    for model in shown[:MOST_MODELS]:
        before, after = value(pooled.get(model), kind="pooled"), value(adjusted.get(model), kind="adjusted")
        rows.append(Row(_model(model), before, after))
    if not shown:
        before = Value(finding.auc_pooled, kind="pooled")
        after = Value(finding.auc_adjusted, finding.auc_adjusted_low, finding.auc_adjusted_high, kind="adjusted")
        rows.append(Row(_model(finding.model), before, after))
    return dot_plot(
        rows,
        start=0.5,
        stop=1.0,
        digits=3,
        label="AUC for the label: the column alone; then each model over all records, and within levels of the column",
    )


def _model(model: str | None) -> str:
    return f"model: {model}" if model else "model"


def levels(folder: AuditFolder, finding: Finding) -> Markup | None:
    """The model at each level, having seen others of that level, and where the whole level was left out of training."""
    seen = [row for row in folder.rows(finding, "auc_level") if row.level is not None and row.view == finding.model]
    unseen = {row.level: row for row in folder.rows(finding, "auc_left_out") if row.estimate is not None}
    measured = [row for row in seen if row.estimate is not None or row.level in unseen]
    if not measured:
        return None
    largest = sorted(measured, key=lambda row: -(row.n or 0))[:MOST_LEVELS]
    rows = [
        Row(str(row.level), value(row, kind="adjusted"), value(unseen.get(row.level), kind="out") if unseen else None)
        for row in measured
        if row in largest
    ]
    told = ", and with the whole level left out of training" if unseen else ""
    return dot_plot(
        rows, start=0.5, stop=1.0, digits=3, label=f"AUC for the label of the model {finding.model} at each level{told}"
    )


def views_within(folder: AuditFolder, finding: Finding) -> Markup | None:
    """Each view by itself: how well it tells the label over all records, and within levels of the column."""
    overall = {row.view: row for row in folder.book.where(metric="view_auc") if row.estimate is not None}
    within = {row.view: row for row in folder.rows(finding, "view_auc_within")}
    return before_after(
        overall, within, label="AUC of each view by itself for the label, then within levels of the column"
    )


def before_after(
    overall: dict[str | None, Evidence], after: dict[str | None, Evidence], *, label: str
) -> Markup | None:
    """Return the plot of views over all records and after holding something fixed; None without any comparison."""
    if not any(row.estimate is not None for row in after.values()):
        return None
    best = sorted(overall.values(), key=lambda row: -(row.estimate or 0.0))[:MOST_LEVELS]
    rows = [
        Row(
            capital(VIEW_WORDS.get(row.view or "", row.view or "")),
            value(row, kind="pooled"),
            value(after.get(row.view), kind="adjusted"),
        )
        for row in best
    ]
    return dot_plot(rows, start=0.5, stop=1.0, label=label) if rows else None


def view_by_column(folder: AuditFolder, finding: Finding) -> Markup | None:
    """What a view that a finding speaks of says of the label: over all records, within each column, where all are alike."""
    view = view_of(finding)
    if view is None:
        return None
    overall = [row for row in folder.book.where(metric="view_auc", view=view) if row.estimate is not None]
    within = [row for row in folder.book.where(metric="view_auc_within", view=view) if row.estimate is not None]
    alike = [row for row in folder.book.where(metric="view_persists", view=view) if row.estimate is not None]
    rows = [
        *(Row("over all records", value(row, kind="pooled")) for row in overall[:1]),
        *(Row(f"within levels of {name(row.column or '', limit=24)}", value(row)) for row in within[:MOST_LEVELS]),
        *(Row("where all columns are alike", value(row, kind="adjusted")) for row in alike[:1]),
    ]
    if not rows:
        return None
    return dot_plot(rows, start=0.5, stop=1.0, label=f"AUC of {VIEW_WORDS[view]} by itself for the label")


def power(folder: AuditFolder, finding: Finding, tolerance: float | None) -> Markup | None:
    """What so many records could have shown; None where even a complete link might be missed."""
    rows = folder.rows(finding, "association_v")
    detail = rows[0].detail if rows else {}
    units = detail.get("units", finding.n)
    if not finding.min_detectable_v or finding.min_detectable_v >= 1 or not isinstance(units, int) or units < 2:
        return None
    return power_curve(
        units=units,
        detectable=finding.min_detectable_v,
        unit="records" if detail.get("unit", "records") == "records" else "subjects",
        tolerance=tolerance,
        decides=finding.n_to_decide,
        estimate=finding.association_v,
    )
