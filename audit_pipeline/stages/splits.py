"""Stage ``splits``: whole subjects into folds that share out labels, metadata levels and their crossings."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from audit_pipeline.dataset.records import load
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.stats.basis import is_identifier

LABEL = "(label)"


def run(context: StageContext) -> dict[str, Any]:
    """Write ``splits.parquet`` (row, subject, fold) and ``splits.json`` (objective, lower bound, deviation by column)."""
    import pyarrow as pa

    from audit_pipeline.splits import assign_folds

    data = load(context.inputs["dataset"])
    spec = context.spec
    columns: dict[str, np.ndarray] = {LABEL: data.label.astype(np.int64)}
    for column in data.columns:
        if not is_identifier(column, data.subject):
            columns[column.name] = column.strata()[0].astype(np.int64)
    folds = max(2, min(spec.folds, data.n_subjects // 2))
    found = assign_folds(
        columns,
        subject=data.subject,
        cross_with=LABEL,
        n_folds=folds,
        seed=spec.seed,
        progress=lambda done, total: context.progress(done, total, ""),
    )
    facts = {
        "n_folds": found.n_folds,
        "n_subjects": found.n_subjects,
        "objective": found.objective,
        "lower_bound": found.lower_bound,
        "optimal": found.optimal,
        "seed": found.seed,
        "deviation": dict(found.deviation),
    }
    order = np.argsort(data.row, kind="stable")
    table = pa.table(
        {
            "row": pa.array(data.row[order], pa.int64()),
            "subject": pa.array(data.subject[order], pa.int64()),
            "fold": pa.array(found.fold[order].astype(np.int16), pa.int16()),
        }
    )
    stored = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    write_table(table.replace_schema_metadata({"audit_pipeline.splits": stored}), context.out / "splits.parquet")
    (context.out / "splits.json").write_text(stored, encoding="utf-8")
    return {key: facts[key] for key in ("n_folds", "objective", "lower_bound", "optimal")}
