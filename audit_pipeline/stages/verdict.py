"""Stage ``verdict``: evidence and policy in, the complete output folder out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit_pipeline import digests, evidence, lineage
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import OUTPUT_FILES, StageContext
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import Verdict, findings_table


def run(context: StageContext) -> dict[str, Any]:
    """Judge, and write every file of ``pipeline.OUTPUT_FILES``."""
    from audit_pipeline.report.page import render_page

    spec, out = context.spec, context.out
    probes = [name for name in context.inputs if name.startswith("probe_")]
    rows = [row for name in probes for row in evidence.read(context.inputs[name] / "evidence.parquet")]
    context.progress(0, 3, "judging")
    judged = decide(spec.name, rows, spec.policy)
    evidence.write(out / "evidence.parquet", spec.name, rows)
    write_table(findings_table(judged.findings), out / "findings.parquet")
    for stage, name in (
        ("splits", "splits.parquet"),
        ("baselines", "predictions.parquet"),
        ("dataset", "manifest.parquet"),
        ("maps", "maps.parquet"),
    ):
        shutil.copyfile(context.inputs[stage] / name, out / name)

    context.progress(1, 3, "lineage")
    origin = lineage.provenance(spec, context.records, out / "manifest.parquet", context.run_info)
    origin["splits"] = json.loads((context.inputs["splits"] / "splits.json").read_text(encoding="utf-8"))
    origin["notes"] = list(context.records["dataset"].summary.get("notes", []))
    write_table(_verdict_table(judged, origin), out / "verdict.parquet")
    origin["outputs"] = _digests(out)
    judged = replace(judged, lineage=origin)
    text = json.dumps(judged.as_dict(), ensure_ascii=False, indent=1, allow_nan=False)
    (out / "verdict.json").write_text(text, encoding="utf-8")

    context.progress(2, 3, "report")
    (out / "report.html").write_text(render_page(out), encoding="utf-8")
    signed = lineage.statement(judged.verdict, spec.name, origin, _digests(out))
    (out / "verdict.intoto.json").write_text(json.dumps(signed, ensure_ascii=False, indent=1), encoding="utf-8")
    context.progress(3, 3, "")
    return {"verdict": judged.verdict, "headline": judged.headline, "findings": len(judged.findings)}


def _digests(folder: Path) -> dict[str, str]:
    return {name: digests.of_file(folder / name) for name in OUTPUT_FILES if (folder / name).is_file()}


def _verdict_table(judged: Verdict, origin: dict[str, Any]) -> Any:
    """Return one row that depends on nothing but the content: no clock, no run."""
    import pyarrow as pa

    return pa.table(
        {
            "dataset": [judged.dataset],
            "verdict": [judged.verdict],
            "headline": [judged.headline],
            "findings": pa.array([len(judged.findings)], pa.int64()),
            "spec_sha256": [origin["spec_sha256"]],
            "code_sha256": [origin["code"]["sha256"]],
            "policy": [json.dumps(dict(judged.policy), sort_keys=True)],
        }
    )
