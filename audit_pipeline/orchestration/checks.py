"""Findings as asset checks, and the one check that can turn a run red.

Each metadata column has a check of severity WARN: it shows and keeps the history of what was found, and never stops
anything. Only ``gate`` is blocking and of severity ERROR. A non-blocking ERROR would show red and still let the run end as
a success with exit status 0; a blocking check per column would add nothing to the gate. All checks are results of the
verdict's own step, after everything was written and published, so a red run has lost no result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import dagster as dg

from audit_pipeline.orchestration import headers
from audit_pipeline.orchestration.keys import column_slugs
from audit_pipeline.orchestration.metadata import (
    MAX_ROWS,
    Metadata,
    finding_figures,
    findings_table,
    sentences,
    told_of,
    unlinked,
    worst_first,
)
from audit_pipeline.report.text import visible
from audit_pipeline.spec import AuditSpec
from audit_pipeline.verdict_types import LEVELS, Finding, Verdict

FailOn = Literal["warn", "inconclusive", "fail", "never"]

GATE = "gate"
DATASET = "finding_dataset"


def check_names(spec: AuditSpec) -> dict[str, str]:
    """Return the check of every metadata column, ``finding_<column>``; a column called "dataset" gives way."""
    slugs = column_slugs([*spec.nuisance, *spec.covariates], taken=["dataset"])
    return {column: f"finding_{slug}" for column, slug in slugs.items()}


def check_specs(spec: AuditSpec, key: dg.AssetKey, *, fail_on: FailOn) -> list[dg.AssetCheckSpec]:
    """Return the checks on the verdict's asset, in the order gate, columns, dataset."""
    when = (
        "Never fails the run." if fail_on == "never" else f"Fails the run when the verdict is {_at_or_above(fail_on)}."
    )
    specs = [dg.AssetCheckSpec(GATE, asset=key, blocking=True, description=when)]
    for column, name in check_names(spec).items():
        question = (
            f"Could a model use {visible(column, limit=60)!r} as a shortcut for {visible(spec.label, limit=60)!r}?"
            if column in spec.nuisance
            else f"How much of {visible(spec.label, limit=60)!r} is {visible(column, limit=60)!r}? Declared legitimate."
        )
        specs.append(dg.AssetCheckSpec(name, asset=key, description=unlinked(question)))
    specs.append(dg.AssetCheckSpec(DATASET, asset=key, description=headers.question(spec)))
    return specs


def check_results(spec: AuditSpec, key: dg.AssetKey, verdict: Verdict, *, fail_on: FailOn) -> list[dg.AssetCheckResult]:
    """Return the result of every check that :func:`check_specs` declares."""
    names = check_names(spec)
    results = [_gate(key, verdict, fail_on=fail_on)]
    for column, name in names.items():
        found = [finding for finding in verdict.findings if finding.column == column]
        results.append(_column(key, name, found))
    rest = [finding for finding in verdict.findings if finding.column not in names]
    results.append(_dataset(key, rest, headers.not_audited(verdict)))
    return results


def gate_fails(verdict: Verdict, fail_on: FailOn) -> bool:
    """Return whether the verdict is at or above ``fail_on``."""
    return fail_on != "never" and LEVELS.index(verdict.verdict) >= LEVELS.index(fail_on)


def _at_or_above(fail_on: FailOn) -> str:
    return " or ".join(LEVELS[LEVELS.index(fail_on) :]) if fail_on != "never" else "never"


def _gate(key: dg.AssetKey, verdict: Verdict, *, fail_on: FailOn) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=GATE,
        passed=not gate_fails(verdict, fail_on),
        severity=dg.AssetCheckSeverity.ERROR,
        description=unlinked(f"{verdict.verdict}: {visible(verdict.headline)}"),
        metadata={
            "verdict": verdict.verdict,
            "fails_on": fail_on if fail_on == "never" else _at_or_above(fail_on),
            **{f"columns_{level}": _count(verdict.findings, level) for level in LEVELS},
        },
    )


def _column(key: dg.AssetKey, name: str, found: Sequence[Finding]) -> dg.AssetCheckResult:
    if not found:
        # Silence is no absolution: what was declared must be judged.
        return _warning(key, name, passed=False, description="The verdict holds no finding on this column.")
    worst = worst_first(found)[0]
    return _warning(
        key,
        name,
        passed=worst.verdict == "pass",
        description=sentences(worst),
        metadata={"verdict": worst.verdict, "reason": worst.reason, **finding_figures(worst)},
    )


def _dataset(key: dg.AssetKey, found: Sequence[Finding], not_audited: str) -> dg.AssetCheckResult:
    """Return the result for all that is about no declared column; ``not_audited`` tells of header fields without a finding."""
    figures: Metadata = {f"findings_{level}": _count(found, level) for level in LEVELS}
    rest: Metadata = {"headers_not_audited": not_audited} if not_audited else {}
    if not found:
        told = "Nothing was found beyond the declared columns."
        if not_audited:
            told += f" Header fields are no columns of their own here: {not_audited}."
        return _warning(key, DATASET, passed=True, description=told, metadata=rest | figures)
    worst = worst_first(found)[0]
    return _warning(
        key,
        DATASET,
        passed=worst.verdict == "pass",
        description=headers.told(found) + sentences(worst),
        metadata={
            "verdict": worst.verdict,
            "reason": worst.reason,
            "findings": findings_table(found),
            **{_named(finding, position): told_of(finding) for position, finding in _listed(found)},
            **rest,
            **figures,
        },
    )


def _listed(found: Sequence[Finding]) -> list[tuple[int, Finding]]:
    # A single one is told in full already.
    return list(enumerate(worst_first(found)[:MAX_ROWS], start=1)) if len(found) > 1 else []


def _named(finding: Finding, position: int) -> str:
    return visible(finding.column, limit=60) if finding.column is not None else f"finding ({position})"


def _warning(
    key: dg.AssetKey, name: str, *, passed: bool, description: str, metadata: Metadata | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=unlinked(description),
        metadata=metadata or {},
    )


def _count(findings: Iterable[Finding], level: str) -> int:
    return sum(finding.verdict == level for finding in findings)
