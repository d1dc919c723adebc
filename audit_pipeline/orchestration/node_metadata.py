"""What a materialisation shows of the stages it ran: their summaries, their evidence, their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from audit_pipeline.evidence import Evidence
from audit_pipeline.orchestration.metadata import MAX_ROWS, Metadata, Row, estimate, rounded, short, table
from audit_pipeline.orchestration.nodes import Node, label
from audit_pipeline.orchestration.schemas import column_schema
from audit_pipeline.pipeline import Stage
from audit_pipeline.report.text import visible
from audit_pipeline.store import StageRecord

REUSED = "reused: nothing that decides the result has changed"
COMPUTED = "in this run"

MAX_ROWS_EACH = 15
"""Rows of evidence kept inline for each of several probes; ``evidence.parquet`` of the verdict has all."""


def node_metadata(node: Node, records: Mapping[str, StageRecord]) -> Metadata:
    """Return what is known of a node's finished stages; ``records`` holds at least theirs, by the stage's name."""
    return _of_several(node, records) if node.shared else _of_one(node.stages[0], records[node.stages[0].name])


def _of_one(stage: Stage, record: StageRecord) -> Metadata:
    shown = _summary(stage, record)
    rows = _rows(stage, record)
    if rows is not None:
        # Dagster's own key, shown at the top of the page.
        shown["dagster/row_count"] = rows
    if rows and _is_probe(stage):
        shown |= _evidence("evidence", record, MAX_ROWS)
    shown["files"] = table(_files(stage, record))
    shown |= column_schema(stage, record)
    shown["computed"] = REUSED if record.reused else COMPUTED
    shown["results"] = dg.MetadataValue.path(short(record.folder.parent))
    shown["stage_key"] = record.key[:12]
    return shown


def _of_several(node: Node, records: Mapping[str, StageRecord]) -> Metadata:
    """Return one table of the stages, then under each stage's name its evidence or its facts and files."""
    overview: list[Row] = []
    facts: Metadata = {}
    for stage in node.stages:
        record, name = records[stage.name], label(stage)
        rows = _rows(stage, record)
        overview.append({"stage": name, "rows": rows, "computed": "reused" if record.reused else COMPUTED})
        if not _is_probe(stage):
            facts |= {f"{name}: {fact}": value for fact, value in _summary(stage, record).items()}
            facts[f"{name}: files"] = table(_files(stage, record))
        elif rows:
            facts |= _evidence(name, record, MAX_ROWS_EACH)
    shown: Metadata = {"stages": table(overview), **facts}
    if all(_is_probe(stage) for stage in node.stages):
        shown["dagster/row_count"] = sum(int(row["rows"] or 0) for row in overview)
    # Probes write one schema; of views the first one is what the model sees.
    shown |= column_schema(node.stages[0], records[node.stages[0].name])
    shown["results"] = dg.MetadataValue.path(short(records[node.stages[0].name].folder.parent.parent))
    return shown


def _is_probe(stage: Stage) -> bool:
    return "probe" in stage.options


def _summary(stage: Stage, record: StageRecord) -> Metadata:
    shown: Metadata = {}
    for name, value in record.summary.items():
        if value != stage.description:
            shown |= _fact(name, value)
    return shown


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


def _rows(stage: Stage, record: StageRecord) -> int | None:
    """Return the rows of the first table, the one that a stage is about."""
    import pyarrow.parquet as pq

    name = next((name for name in stage.outputs if name.endswith(".parquet")), None)
    return None if name is None else int(pq.read_metadata(record.folder / name).num_rows)


def _files(stage: Stage, record: StageRecord) -> list[Row]:
    import pyarrow.parquet as pq

    rows: list[Row] = []
    for name in stage.outputs:
        path: Path = record.folder / name
        facts: dict[str, Any] = {"file": name, "rows": None, "columns": None}
        if path.suffix == ".parquet":
            content = pq.read_metadata(path)
            facts |= {"rows": content.num_rows, "columns": content.num_columns}
        rows.append({**facts, "kB": round(path.stat().st_size / 1e3, 1)})
    return rows


def _evidence(name: str, record: StageRecord, limit: int) -> Metadata:
    """Return a probe's first rows, those about nuisance columns on top; the verdict's file holds those of all probes.

    Columns without any value are left out and names may break between their words: what is wider than the page is cut off.
    """
    from audit_pipeline.evidence import read

    found = sorted(read(record.folder / "evidence.parquet"), key=_precedence)
    rows: list[Row] = [
        {
            "column": "(dataset)" if row.column is None else visible(row.column, limit=40),
            "metric": _words(row.metric),
            "view": visible(", ".join(part for part in (_words(row.view or ""), row.level) if part), limit=60),
            # A figure that has no meaning says why, if its probe did.
            "estimate": estimate(row.estimate, row.ci_low, row.ci_high)
            or visible(str(row.detail.get("reason", "")), limit=40),
            "p": None if row.p_value is None else rounded(row.p_value),
        }
        for row in found[:limit]
    ]
    filled = [key for key in rows[0] if any(row[key] not in (None, "", "(dataset)") for row in rows)]
    title = name if len(found) <= limit else f"{name} (first {limit} of {len(found)} rows)"
    return {title: table([{key: row[key] for key in filled} for row in rows])}


def _precedence(row: Evidence) -> int:
    if row.column is None:
        return 1
    return 0 if row.role == "nuisance" else 2


def _words(name: str) -> str:
    return name.replace("_", " ").replace("/", " / ")
