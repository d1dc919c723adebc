"""One asset a node of the graph: a stage, or stages that are drawn as one.

Without ``from __future__ import annotations``: Dagster reads the type of an asset's context from the function itself.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from audit_pipeline import lineage, pipeline
from audit_pipeline.errors import AuditError
from audit_pipeline.orchestration.checks import FailOn, check_names, check_results, check_specs, gate_fails
from audit_pipeline.orchestration.keys import DEFAULT_PREFIX, FAIL_ON, NAME, SLUG, SPEC, asset_key
from audit_pipeline.orchestration.metadata import verdict_metadata
from audit_pipeline.orchestration.node_metadata import node_metadata
from audit_pipeline.orchestration.nodes import Node, code_version, data_version, described, nodes
from audit_pipeline.orchestration.pictures import pictures
from audit_pipeline.orchestration.progress import LogProgress
from audit_pipeline.orchestration.resources import STORE_KEY, AuditStore
from audit_pipeline.orchestration.run_tags import tag_run
from audit_pipeline.orchestration.upstream import upstream_records
from audit_pipeline.pipeline import VIEWS
from audit_pipeline.portfolio.entries import DIGITS
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
    graph = nodes(pipeline.graph(spec), medium=spec.medium)
    return [_asset(node, graph, spec, settings) for node in graph]


def _asset(node: Node, graph: Sequence[Node], spec: AuditSpec, settings: Settings) -> dg.AssetsDefinition:
    def key_of(name: str) -> dg.AssetKey:
        return asset_key(spec, name, key_prefix=settings.key_prefix)

    key = key_of(node.name)
    is_verdict = node.name == VERDICT

    @dg.asset(
        key=key,
        deps=[key_of(name) for name in node.inputs] or list(settings.upstream),
        group_name=settings.group,
        description=described(node, spec),
        kinds=_kinds(node, spec),
        code_version=code_version(node, spec),
        owners=list(settings.owners),
        tags=dict(settings.tags),
        metadata=_declared(spec) | (_known_by(spec, settings) if is_verdict else {}),
        check_specs=check_specs(spec, key, fail_on=settings.fail_on) if is_verdict else None,
        required_resource_keys={STORE_KEY},
    )
    def run(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster compares the bare type
        records, verdict = _compute(context, node, graph, spec, settings, key_of)
        version = dg.DataVersion(data_version(node, records))
        facts = node_metadata(node, records)
        if verdict is None:
            return dg.MaterializeResult(asset_key=key, data_version=version, metadata=facts)
        tell = context.log.error if gate_fails(verdict, settings.fail_on) else context.log.info
        tell(f"{spec.name}: {verdict.verdict}. {visible(verdict.headline)}")
        tag_run(context, spec, verdict.verdict)
        output_folder = _store(context).output_folder(spec.slug)
        shown = verdict_metadata(
            verdict, output_folder=output_folder, names=check_names(spec), images=pictures(records[VERDICT].folder)
        )
        return dg.MaterializeResult(
            asset_key=key,
            data_version=version,
            metadata=_both(shown, facts),
            check_results=check_results(spec, key, verdict, fail_on=settings.fail_on),
        )

    return run


def _compute(
    context: dg.AssetExecutionContext,
    node: Node,
    graph: Sequence[Node],
    spec: AuditSpec,
    settings: Settings,
    key_of: Callable[[str], dg.AssetKey],
) -> tuple[dict[str, StageRecord], Verdict | None]:
    """Run the node's stages and return their records, and for the last node also publish and return the verdict.

    Foreseeable failures become ``dg.Failure``. What was finished before one is kept, and not computed again.
    """
    at_work = ""
    try:
        store = _store(context).store(spec.slug)
        output_folder = _store(context).output_folder(spec.slug)
        pipeline.check_output_folder(output_folder)
        records = upstream_records(node, graph, spec, store, key_of=key_of)
        run_info = {
            "runner": "dagster",
            "dagster_run_id": context.run.run_id,
            "job": context.run.job_name,
            "data": lineage.whereabouts(spec, output_folder),
        }
        for number, stage in enumerate(node.stages, start=1):
            if node.shared:
                at_work = f"{stage.name}, {number} of {len(node.stages)} in {node.name}"
                context.log.info(f"{at_work}: {stage.description}")
            # A throttle each, so that the first step of every stage is told.
            progress = LogProgress(context.log.info)
            records[stage.name] = pipeline.execute(stage, spec, store, records, progress=progress, run_info=run_info)
        own = {stage.name: records[stage.name] for stage in node.stages}
        if node.name != VERDICT:
            return own, None
        # Before the gate is judged: a red run leaves the same files as a green one.
        record = own[VERDICT]
        pipeline.publish(record, output_folder)
        return own, from_dict(json.loads((record.folder / "verdict.json").read_text(encoding="utf-8")))
    except AuditError as error:
        # The message is complete; a retry would meet the same data, and a traceback would bury it.
        message = str(error)
        if at_work:
            message += f"\n  (in {at_work})"
        if not node.inputs and settings.upstream:
            makers = ", ".join(upstream.to_user_string() for upstream in settings.upstream)
            message += f"\n  (the data are made by {makers}: materialise that first if they are missing or old)"
        raise dg.Failure(description=message, allow_retries=False) from None


def _known_by(spec: AuditSpec, settings: Settings) -> dict[str, Any]:
    """Return what the definition of a verdict tells the portfolio, and the spec as it is judged by."""
    digest = spec.digest()[:DIGITS]
    known = {NAME: spec.name, SLUG: spec.slug, SPEC: digest, FAIL_ON: settings.fail_on}
    return {"spec": dg.MetadataValue.json(spec.content()), **known}


def _kinds(node: Node, spec: AuditSpec) -> set[str]:
    """Return what a node is made of, and of those that see recordings whether these are images or sounds."""
    seen = [spec.medium] if spec.medium is not None and (not node.inputs or node.stages[0].node == VIEWS) else []
    return set([*seen, *node.kinds][:MAX_KINDS])


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
