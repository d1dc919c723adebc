"""Stage of every probe: upstream folders in, evidence rows out."""

from __future__ import annotations

from typing import Any

from audit_pipeline import evidence
from audit_pipeline.pipeline import StageContext
from audit_pipeline.probes import ProbeInputs, registered
from audit_pipeline.threads import one_thread


def run(context: StageContext, *, probe: str) -> dict[str, Any]:
    """Write ``evidence.parquet`` of the probe of that name."""
    # Imported before the limit below is set: a thread pool can only be limited once its library is loaded.
    import scipy.linalg  # noqa: F401

    found = next(candidate for candidate in registered() if candidate.name == probe)
    if "scikitlearn" in found.kinds:
        import sklearn.linear_model  # noqa: F401
    with one_thread():
        rows = found.function(ProbeInputs(context.spec, context.inputs, context.progress))
    evidence.write(context.out / "evidence.parquet", context.spec.name, rows)
    return {"question": found.question, "rows": len(rows)}
