"""Finding what a node builds on, and refusing what does not belong to this audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dagster as dg

from audit_pipeline.orchestration.nodes import Node, ancestors
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import StageRecord, Store


def upstream_records(
    node: Node,
    graph: Sequence[Node],
    spec: AuditSpec,
    store: Store,
    *,
    key_of: Callable[[str], dg.AssetKey],
) -> dict[str, StageRecord]:
    """Return the current records of all stages that lead to a node, by the stage's name.

    Dagster lets a person materialise one asset while those above it are missing, or were made from other data, another
    spec or other code. A verdict on such a mixture would name digests in its lineage that never met, so it is refused.

    Raises
    ------
    dagster.Failure : naming the first asset to materialise.
    """
    records: dict[str, StageRecord] = {}
    for home, stage in ancestors(node, graph):
        record = store.current(stage.name)
        if record is None:
            raise _failure(node, home, key_of, "has no result yet", "missing")
        if record.key != stage.key(spec, records):
            raise _failure(node, home, key_of, "was made from other data, another spec or other code", "outdated")
        records[stage.name] = record
    return records


def _failure(node: Node, above: Node, key_of: Callable[[str], dg.AssetKey], fact: str, word: str) -> dg.Failure:
    first, own = key_of(above.name).to_user_string(), key_of(node.name).to_user_string()
    return dg.Failure(
        description=(
            f"{own} builds on {first}, which {fact}.\n"
            f'  what to do: materialise {first} first, or both with all between them: the selection `+key:"{own}"`'
        ),
        metadata={word: first},
        allow_retries=False,
    )
