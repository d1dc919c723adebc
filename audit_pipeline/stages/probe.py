"""Stage of every probe: upstream folders in, evidence rows out."""

from __future__ import annotations

from typing import Any

from audit_pipeline import evidence
from audit_pipeline.pipeline import StageContext
from audit_pipeline.probes import ProbeInputs, registered


def run(context: StageContext, *, probe: str) -> dict[str, Any]:
    """Write ``evidence.parquet`` of the probe of that name."""
    found = next(candidate for candidate in registered() if candidate.name == probe)
    rows = found.function(ProbeInputs(context.spec, context.inputs, context.progress))
    evidence.write(context.out / "evidence.parquet", context.spec.name, rows)
    return {"question": found.question, "rows": len(rows)}
