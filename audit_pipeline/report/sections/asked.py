"""What was asked: the spec, the tolerances, and the columns with their roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.sections import Section
from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import count, lookup, number, visible

POLICY = {
    "alpha": "rate of false alarms over all columns",
    "association": "tolerated association of label and column (Cramér's V)",
    "separability": "tolerated readability of the column from the data, given the label (AUC)",
    "overlap": "below this overlap, label and column cannot be told apart",
    "unreadable": "tolerated share of recordings that cannot be read (a table has none)",
}
MOST_COLUMNS = 60
# What a reader looks for first; anything else in the spec follows in its own order.
_FIRST = ("data", "label", "subject", "nuisance", "covariates", "features", "image", "audio", "split", "folds", "seed")


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the spec as pairs, the policy and the manifest's columns as tables."""
    notes = lookup(folder.verdict.lineage, "notes")
    return {
        "pairs": _spec(folder),
        "notes": list(notes)[:20] if isinstance(notes, list | tuple) else [],
        "policy": _policy(folder),
        "columns": _columns(folder),
    }


def _spec(folder: AuditFolder) -> list[tuple[str, str]]:
    spec = lookup(folder.verdict.lineage, "spec")
    if isinstance(spec, Mapping):
        # The lineage names the data by its files' digests, not by where it lay.
        files = [str(entry.get("name")) for entry in folder.manifest if entry.get("entry") == "file"]
        spec = {"data": files, **spec}
        known = [key for key in _FIRST if key in spec]
        others = [key for key in spec if key not in {*_FIRST, "name", "policy"}]
        return [(str(key), _value(spec[key])) for key in (*known, *others) if spec[key] not in (None, [], (), {})]
    # A verdict without lineage still tells which columns it judged.
    roles: dict[str, list[str]] = {}
    for finding in folder.verdict.findings:
        if finding.column is not None:
            roles.setdefault(finding.role, []).append(finding.column)
    return [(role, _value(columns)) for role, columns in roles.items()]


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(visible(item, limit=80) for item in value[:40])
        return shown + (f" and {len(value) - 40:,} more" if len(value) > 40 else "")
    return visible(value, limit=400)


def _policy(folder: AuditFolder) -> Table:
    return Table(
        caption="Policy: the thresholds of the decision",
        heads=heads("threshold", "#value", "meaning"),
        rows=[(key, number(value), POLICY.get(key, "")) for key, value in folder.verdict.policy.items()],
    )


def _columns(folder: AuditFolder) -> Table | None:
    entries = [entry for entry in folder.manifest if entry.get("entry", "column") == "column"]
    if not entries:
        return None
    rows = [
        (
            visible(entry.get("name"), limit=80),
            str(entry.get("role") or ""),
            str(entry.get("kind") or ""),
            count(entry.get("distinct")) if entry.get("distinct") is not None else "",
            count(entry.get("missing")) if entry.get("missing") is not None else "",
        )
        for entry in entries
    ]
    shown, note = capped(rows, most=MOST_COLUMNS, where="manifest.parquet")
    return Table(
        caption="Columns of the data",
        heads=heads("column", "role", "kind", "#distinct values", "#missing"),
        rows=shown,
        note=note,
    )


SECTION = Section(name="asked", title="What was asked", order=20, template="asked.html.j2", context=context)
