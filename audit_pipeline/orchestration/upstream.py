"""Finding what a stage builds on, and refusing what does not belong to this audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import dagster as dg

from audit_pipeline.pipeline import Stage
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import StageRecord, Store


def upstream_records(
    stage: Stage,
    stages: Sequence[Stage],
    spec: AuditSpec,
    store: Store,
    *,
    key_of: Callable[[str], dg.AssetKey],
) -> dict[str, StageRecord]:
    """Return the current records of all ancestors of a stage.

    Dagster lets a person materialise one asset while those above it are missing, or were made from other data, another
    spec or other code. A verdict on such a mixture would name digests in its lineage that never met, so it is refused.

    Raises
    ------
    dagster.Failure : naming the first asset to materialise.
    """
    records: dict[str, StageRecord] = {}
    for ancestor in _ancestors(stage, stages):
        record = store.current(ancestor.name)
        if record is None:
            raise _failure(stage, ancestor, key_of, "has no result yet", "missing")
        if record.key != ancestor.key(spec, records):
            raise _failure(stage, ancestor, key_of, "was made from other data, another spec or other code", "outdated")
        records[ancestor.name] = record
    return records


def _ancestors(stage: Stage, stages: Sequence[Stage]) -> Iterator[Stage]:
    """Yield the stages that lead to ``stage``, each after its own inputs."""
    by_name = {other.name: other for other in stages}
    seen: set[str] = set()

    def visit(name: str) -> Iterator[Stage]:
        if name in seen:
            return
        seen.add(name)
        for above in by_name[name].inputs:
            yield from visit(above)
        yield by_name[name]

    for name in stage.inputs:
        yield from visit(name)


def _failure(stage: Stage, ancestor: Stage, key_of: Callable[[str], dg.AssetKey], fact: str, word: str) -> dg.Failure:
    first, own = key_of(ancestor.name).to_user_string(), key_of(stage.name).to_user_string()
    return dg.Failure(
        description=(
            f"{own} builds on {first}, which {fact}.\n"
            f'  what to do: materialise {first} first, or both with all between them: the selection `+key:"{own}"`'
        ),
        metadata={word: first},
        allow_retries=False,
    )
