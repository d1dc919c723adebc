"""Five tiny stages, two of them in one node, in place of the real ones: what Dagster shows and does, without statistics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from audit_pipeline import evidence
from audit_pipeline.errors import DataError
from audit_pipeline.evidence import Evidence
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import OUTPUT_FILES, Stage, StageContext
from audit_pipeline.verdict_types import Finding, Level, Verdict


def dataset(context: StageContext) -> dict[str, Any]:
    text = Path(context.spec.data_paths[0]).read_text(encoding="utf-8")
    if "broken" in text:
        raise DataError("the table is broken", file=context.spec.data_paths[0], row=3, remedy="mend it")
    write_table(pa.table({"text": [text]}), context.out / "records.parquet")
    for step in range(1_000):
        context.progress(step, 1_000, "reading")
    return {"records": 1, "classes": {"yes": 3, "no": 4}, "notes": ["one note"], "empty": None}


def ask(context: StageContext, probe: str) -> dict[str, Any]:
    if f"no {probe}" in Path(context.spec.data_paths[0]).read_text(encoding="utf-8"):
        raise DataError(f"nothing to {probe}", remedy="bring some")
    context.progress(0, 1, "asking")
    rows = [Evidence(probe=probe, metric="v", column="site", estimate=0.5, ci_low=0.4, ci_high=0.6, n=7)]
    evidence.write(context.out / "evidence.parquet", context.spec.name, rows)
    return {"question": "Asks.", "rows": 1}


def verdict(context: StageContext, level: Level = "pass") -> dict[str, Any]:
    def finding(column: str | None, verdict: Level) -> Finding:
        return Finding(
            column=column,
            role="nuisance",
            verdict=verdict,
            reason="confounded" if verdict == "fail" else "independent",
            headline=f"{column} is {verdict}",
            next_step="Collect more.",
            association_v=0.5,
            association_low=0.4,
            association_high=0.6,
            n=7,
        )

    columns = [*context.spec.nuisance, *context.spec.covariates]
    findings = tuple(finding(column, level if column == columns[0] else "pass") for column in columns)
    if level == "inconclusive":
        findings = (*findings, finding(None, level))
    judged = Verdict(dataset=context.spec.name, verdict=level, headline=f"It is {level}.", findings=findings, policy={})
    for name in OUTPUT_FILES:
        (context.out / name).write_text("stand-in", encoding="utf-8")
        if name.endswith(".parquet"):
            write_table(pa.table({"level": [level]}), context.out / name)
    counts = [
        Evidence(
            probe="design", metric="count", column=columns[0], estimate=7, detail={"label": label, "level": "here"}
        )
        for label in ("yes", "no")
    ]
    evidence.write(context.out / "evidence.parquet", context.spec.name, counts)
    stored = {**judged.as_dict(), "lineage": {**context.run_info, "spec_sha256": context.spec.digest()}}
    (context.out / "verdict.json").write_text(json.dumps(stored), encoding="utf-8")
    return {"findings": len(findings)}


def _probe(name: str, *, node: str = "") -> Stage:
    return Stage(
        f"probe_{name}",
        ("dataset",),
        ("evidence.parquet",),
        "fake_stages:ask",
        f"Asks the {name}.",
        spec_keys=("policy",),
        options={"probe": name},
        node=node,
    )


def graph(level: Level) -> tuple[Stage, ...]:
    return (
        Stage("dataset", (), ("records.parquet",), "fake_stages:dataset", "Reads.", spec_keys=("label",)),
        _probe("fake"),
        _probe("first", node="further_probes"),
        _probe("second", node="further_probes"),
        Stage(
            "verdict",
            ("dataset", "probe_fake", "probe_first", "probe_second"),
            OUTPUT_FILES,
            "fake_stages:verdict",
            "Judges.",
            options={"level": level},
            volatile=("verdict.json", "verdict.intoto.json", "report.html"),
        ),
    )
