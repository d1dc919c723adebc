"""From evidence rows to what figures and tables need, and why a figure is missing."""

from __future__ import annotations

from audit_pipeline.report.figures.mosaic import cells_of
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.text import visible
from audit_pipeline.verdict_types import Finding

_WHY = {
    "count": "The evidence holds no counts of labels by level for this column.",
    "association_v": "The evidence holds no association of label and column.",
    "p_design": "The evidence holds no test of the association.",
    "overlap": "Overlap has a meaning only for a column with levels.",
    "metadata_auc": "The evidence holds no AUC of the column alone.",
    "separability_auc": "No probe could look for the column within one label.",
    "p_sensor": "No probe could test for the column within one label.",
    "inflation": "No model's score could be compared over all records and within levels of the column.",
}
# Where the evidence tells a figure's story under another metric.
_METRIC = {"p_design": "association_v"}
_REASON_KEYS = ("reason", "why", "skipped", "note")


def counts_of(folder: AuditFolder, finding: Finding) -> dict[tuple[str, str], int]:
    """Return ``(level, label) -> records`` of the finding's column, empty when there are no counts."""
    rows = []
    for row in folder.rows(finding, "count"):
        label, level = row.detail.get("label"), row.detail.get("level")
        if label is None or level is None:
            continue
        rows.append((str(label), str(level), int(row.estimate or 0)))
    return cells_of(rows)


def reason_missing(folder: AuditFolder, finding: Finding, field: str) -> str:
    """Say why a figure is missing: in the probe's words if it left any, else in general ones."""
    for row in folder.rows(finding, _METRIC.get(field, field)):
        for key in _REASON_KEYS:
            if row.detail.get(key):
                return visible(row.detail[key], limit=300)
    return _WHY.get(field, "The evidence holds no such figure.")
