"""Tags on runs, so that the list of runs says what was audited and what came of it, and can be filtered by it.

A run of one audit has ``dataset``, ``spec_digest`` and, once it is known, ``verdict``. A run of several has ``audit/<slug>`` with
the verdict of each, the worst of them as its ``verdict``, and their number as its ``dataset``.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from audit_pipeline.spec import AuditSpec
from audit_pipeline.verdict_types import LEVELS, Level

DATASET, SPEC_DIGEST, VERDICT = "dataset", "spec_digest", "verdict"
_EACH = "audit/"
_DIGITS = 12


def known_tags(spec: AuditSpec) -> dict[str, str]:
    """Return what is known of a run of one audit before it starts."""
    return {DATASET: spec.slug, SPEC_DIGEST: spec.digest()[:_DIGITS]}


def judged_tags(spec: AuditSpec, verdict: Level, present: Mapping[str, str]) -> dict[str, str]:
    """Return the tags to add to a run when an audit in it was judged; ``present`` are those that it has."""
    each = {name.removeprefix(_EACH): level for name, level in present.items() if name.startswith(_EACH)}
    if not each and VERDICT in present and DATASET in present:
        each[present[DATASET]] = present[VERDICT]
    each[spec.slug] = verdict
    worst = max((level for level in each.values() if level in LEVELS), key=lambda level: LEVELS.index(level))
    if len(each) == 1:
        return {**known_tags(spec), VERDICT: worst}
    return {
        DATASET: f"{len(each)} datasets",
        SPEC_DIGEST: f"{len(each)} specs",
        VERDICT: worst,
        **{f"{_EACH}{slug}": level for slug, level in each.items()},
    }


def tag_run(context: dg.AssetExecutionContext, spec: AuditSpec, verdict: Level) -> None:
    """Tag the run that an audit was judged in."""
    # As stored now, not as the step knew it at its start: another audit may have been judged in this run meanwhile.
    run_id = context.run.run_id
    run = context.instance.get_run_by_id(run_id)
    present = run.tags if run is not None else {}
    context.instance.add_run_tags(run_id, judged_tags(spec, verdict, present))
