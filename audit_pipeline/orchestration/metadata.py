"""What a materialisation shows: facts, files, small tables; in the order of what a person asks first.

Dagster keeps the order, and gives all values the width of the widest: one long path, which cannot wrap, pushes headline and
tables out of sight. So paths and keys are short, and sentences are entries of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from audit_pipeline.pipeline import Stage
from audit_pipeline.report.text import number, visible
from audit_pipeline.store import StageRecord
from audit_pipeline.verdict_types import LEVELS, Finding, Verdict

MAX_ROWS = 30
"""Rows of a table kept inline: each materialisation stores them in the event database again."""

DIGITS = 4
"""Significant digits of figures in checks (decimals would turn a small p into 0); the output folder has all of them."""

Metadata = dict[str, Any]
Row = Mapping[str, str | int | float | bool | None]


def stage_metadata(stage: Stage, record: StageRecord) -> Metadata:
    """Return what is known of a finished stage: its summary, its evidence if it is a probe, and its files."""
    shown: Metadata = {}
    for name, value in record.summary.items():
        if value != stage.description:
            shown |= _fact(name, value)
    shown |= _files(stage, record)
    shown["computed"] = "reused: nothing that decides the result has changed" if record.reused else "in this run"
    shown["results"] = dg.MetadataValue.path(_short(record.folder.parent))
    shown["stage_key"] = record.key[:12]
    return shown


def verdict_metadata(verdict: Verdict, *, output_folder: Path, names: Mapping[str, str]) -> Metadata:
    """Return the headline, the findings as a table and in words, and where the page lies.

    ``names`` maps each declared column to its check, under whose name its finding is told.
    """
    shown: Metadata = {
        "headline": visible(verdict.headline),
        "verdict": verdict.verdict,
        "findings": findings_table(verdict.findings),
    }
    for position, finding in enumerate(worst_first(verdict.findings), start=1):
        # Parentheses cannot collide: the name of a check has none.
        name = names.get(finding.column or "", f"finding ({position})")
        shown[name] = f"{finding.verdict}, {finding.reason}: {sentences(finding)}"
    # A path, not a file:// link: browsers refuse to follow those from a page that was served over http.
    shown["report"] = dg.MetadataValue.path(_short(output_folder / "report.html"))
    shown["dagster/row_count"] = len(verdict.findings)
    return shown


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings from fail to pass, in their given order within a level."""
    return sorted(findings, key=lambda finding: -LEVELS.index(finding.verdict))


def sentences(finding: Finding) -> str:
    """Return what was found and what to do."""
    return " ".join(part for part in (visible(finding.headline), visible(finding.next_step)) if part)


def findings_table(findings: Iterable[Finding]) -> dg.TableMetadataValue:
    """Return one row a finding, the worst first; figures with their intervals, blank where they have no meaning."""
    return table(
        [
            {
                "column": visible(finding.column, limit=40) if finding.column is not None else "(dataset)",
                "verdict": finding.verdict,
                "V": _estimate(finding.association_v, finding.association_low, finding.association_high),
                "AUC alone": _estimate(finding.metadata_auc, finding.metadata_auc_low, finding.metadata_auc_high),
                "AUC read": _estimate(finding.separability_auc, finding.separability_low, finding.separability_high),
                "inflation": _estimate(finding.inflation, finding.inflation_low, finding.inflation_high),
            }
            for finding in worst_first(findings)
        ],
        {
            "V": "Association of label and column: bias-corrected Cramér's V, with its 95% interval",
            "AUC alone": "How well the column alone predicts the label",
            "AUC read": "How well the data reveal the column, given the label",
            "inflation": "Pooled AUC of the model minus its AUC within levels of the column",
        },
    )


def finding_figures(finding: Finding) -> Metadata:
    """Return the figures of a finding that have a meaning; Dagster plots each over the history of its check."""
    figures: Metadata = {}
    for name, value in finding.as_dict().items():
        if isinstance(value, int) and not isinstance(value, bool):
            figures[name] = dg.MetadataValue.int(value)
        elif isinstance(value, float):
            figures[name] = dg.MetadataValue.float(_rounded(value))
    return figures


def table(rows: Sequence[Row], described: Mapping[str, str] | None = None) -> dg.TableMetadataValue:
    """Return rows as a table; the types of its columns are those of the first value that is there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [
        dg.TableColumn(name, _kind(row.get(name) for row in rows), description=(described or {}).get(name))
        for name in names
    ]
    records = [dg.TableRecord(dict(row)) for row in rows[:MAX_ROWS]]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=columns))


def _kind(values: Iterable[Any]) -> str:
    first = next((value for value in values if value is not None), "")
    return {bool: "bool", int: "int", float: "float"}.get(type(first), "string")


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _estimate(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def _short(path: Path) -> str:
    """Return the path from the working directory if it lies below it; that is where a person started Dagster."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _fact(name: str, value: Any) -> Metadata:
    """Return a summary's entry in the form that Dagster shows best."""
    if value is None or value in ("", [], {}):
        return {}
    if isinstance(value, Mapping):
        simple = all(isinstance(v, str | int | float | bool) for v in value.values())
        rows = [{"name": visible(key, limit=60), "value": v} for key, v in value.items()]
        return {name: table(rows) if simple else dict(value)}
    if isinstance(value, list | tuple):
        if all(isinstance(row, Mapping) for row in value):
            return {name: table([{str(k): _cell(v) for k, v in row.items()} for row in value])}
        if all(isinstance(row, str) for row in value):
            return {name: "; ".join(visible(row) for row in value)}
        return {name: list(value)}
    return {name: visible(value) if isinstance(value, str) else value}


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, int | float | bool) else visible(value, limit=300)


def _files(stage: Stage, record: StageRecord) -> Metadata:
    import pyarrow.parquet as pq

    shown: Metadata = {}
    rows: list[Row] = []
    for name in stage.outputs:
        path = record.folder / name
        kilobytes = round(path.stat().st_size / 1e3, 1)
        facts: dict[str, Any] = {"file": name, "rows": None, "columns": None, "kilobytes": kilobytes}
        if path.suffix == ".parquet":
            content = pq.read_metadata(path)
            facts |= {"rows": content.num_rows, "columns": content.num_columns}
            # Dagster's own key, shown at the top of the page. The first table is the one that a stage is about.
            shown.setdefault("dagster/row_count", content.num_rows)
            # A probe's own rows; the verdict's file holds those of all probes again.
            if "probe" in stage.options and content.num_rows:
                shown["evidence"] = _evidence(path)
        rows.append(facts)
    shown["files"] = table(rows)
    return shown


def _evidence(path: Path) -> dg.TableMetadataValue:
    from audit_pipeline.evidence import read

    return table(
        [
            {
                "metric": row.metric,
                "column": visible(row.column or "", limit=40),
                "view": visible(", ".join(part for part in (row.view, row.level) if part), limit=60),
                "estimate": _estimate(row.estimate, row.ci_low, row.ci_high),
                "p": None if row.p_value is None else _rounded(row.p_value),
            }
            for row in read(path)[:MAX_ROWS]
        ]
    )
