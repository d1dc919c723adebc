"""One asset a stage.

Without ``from __future__ import annotations``: Dagster reads the type of an asset's context from the function itself.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from audit_pipeline import digests, lineage, pipeline
from audit_pipeline.errors import AuditError
from audit_pipeline.orchestration.checks import FailOn, check_names, check_results, check_specs, gate_fails
from audit_pipeline.orchestration.keys import DEFAULT_PREFIX, asset_key
from audit_pipeline.orchestration.metadata import stage_metadata, verdict_metadata
from audit_pipeline.orchestration.progress import LogProgress
from audit_pipeline.orchestration.resources import STORE_KEY, AuditStore
from audit_pipeline.orchestration.upstream import upstream_records
from audit_pipeline.pipeline import Stage
from audit_pipeline.report.text import visible
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import StageRecord
from audit_pipeline.verdict_types import Verdict, from_dict

VERDICT = "verdict"
MAX_KINDS = 3
"""Dagster refuses an asset with more."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an audit appears in Dagster; see :func:`~audit_pipeline.orchestration.definitions.audit_definitions`."""

    group: str
    key_prefix: tuple[str, ...] = DEFAULT_PREFIX
    upstream: tuple[dg.AssetKey, ...] = ()
    fail_on: FailOn = "fail"
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def audit_assets(spec: AuditSpec, settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the assets of an audit, in an order in which they can run."""
    stages = pipeline.graph(spec)
    return [_asset(stage, stages, spec, settings) for stage in stages]


def code_version(stage: Stage, spec: AuditSpec) -> str:
    """Return a short digest of all but the data that decides a stage's result.

    That is the part of the spec that the stage reads, as in ``Stage.key``: a changed threshold makes the verdict stale in
    the UI, not the training of baselines.
    """
    content = spec.content()
    part = content if stage.spec_keys is None else {name: content[name] for name in stage.spec_keys}
    return digests.of_value(
        {"stage": stage.name, "spec": part, "options": dict(stage.options), "code": digests.of_code(stage.judging)}
    )[:12]


def _asset(stage: Stage, stages: Sequence[Stage], spec: AuditSpec, settings: Settings) -> dg.AssetsDefinition:
    def key_of(name: str) -> dg.AssetKey:
        return asset_key(spec, name, key_prefix=settings.key_prefix)

    key = key_of(stage.name)
    is_verdict = stage.name == VERDICT

    @dg.asset(
        key=key,
        deps=[key_of(name) for name in stage.inputs] or list(settings.upstream),
        group_name=settings.group,
        description=stage.description,
        kinds=set(stage.kinds[:MAX_KINDS]),
        code_version=code_version(stage, spec),
        owners=list(settings.owners),
        tags=dict(settings.tags),
        metadata=_declared(spec),
        check_specs=check_specs(spec, key, fail_on=settings.fail_on) if is_verdict else None,
        required_resource_keys={STORE_KEY},
    )
    def run(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster compares the bare type
        record, verdict = _compute(context, stage, stages, spec, settings, key_of)
        if verdict is None:
            return dg.MaterializeResult(
                asset_key=key, data_version=dg.DataVersion(record.content), metadata=stage_metadata(stage, record)
            )
        tell = context.log.error if gate_fails(verdict, settings.fail_on) else context.log.info
        tell(f"{spec.name}: {verdict.verdict}. {visible(verdict.headline)}")
        output_folder = _store(context).output_folder(spec.slug)
        shown = verdict_metadata(verdict, output_folder=output_folder, names=check_names(spec))
        return dg.MaterializeResult(
            asset_key=key,
            data_version=dg.DataVersion(record.content),
            metadata=_both(shown, stage_metadata(stage, record)),
            check_results=check_results(spec, key, verdict, fail_on=settings.fail_on),
        )

    return run


def _compute(
    context: dg.AssetExecutionContext,
    stage: Stage,
    stages: Sequence[Stage],
    spec: AuditSpec,
    settings: Settings,
    key_of: Callable[[str], dg.AssetKey],
) -> tuple[StageRecord, Verdict | None]:
    """Run the stage; for the last one also publish and return the verdict. Foreseeable failures become ``dg.Failure``."""
    try:
        store = _store(context).store(spec.slug)
        output_folder = _store(context).output_folder(spec.slug)
        pipeline.check_output_folder(output_folder)
        record = pipeline.execute(
            stage,
            spec,
            store,
            upstream_records(stage, stages, spec, store, key_of=key_of),
            progress=LogProgress(context.log.info),
            run_info={
                "runner": "dagster",
                "dagster_run_id": context.run.run_id,
                "job": context.run.job_name,
                "data": lineage.whereabouts(spec, output_folder),
            },
        )
        if stage.name != VERDICT:
            return record, None
        # Before the gate is judged: a red run leaves the same files as a green one.
        pipeline.publish(record, output_folder)
        return record, from_dict(json.loads((record.folder / "verdict.json").read_text(encoding="utf-8")))
    except AuditError as error:
        # The message is complete; a retry would meet the same data, and a traceback would bury it.
        message = str(error)
        if not stage.inputs and settings.upstream:
            makers = ", ".join(upstream.to_user_string() for upstream in settings.upstream)
            message += f"\n  (the data are made by {makers}: materialise that first if they are missing or old)"
        raise dg.Failure(description=message, allow_retries=False) from None


def _both(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return both, ``first`` on top and unchanged: a stage's summary may use the same words."""
    return first | {name: value for name, value in second.items() if name not in first}


def _store(context: dg.AssetExecutionContext) -> AuditStore:
    store = getattr(context.resources, STORE_KEY)
    assert isinstance(store, AuditStore)
    return store


def _declared(spec: AuditSpec) -> dict[str, Any]:
    """Return what a person who meets the asset in the catalogue wants to know of the audit."""
    declared = {"label": spec.label, "subject": spec.subject, "nuisance": ", ".join(spec.nuisance)}
    declared |= {
        "covariates": ", ".join(spec.covariates),
        "data": ", ".join(Path(path).name for path in spec.data_paths),
    }
    return {name: value for name, value in declared.items() if value}
