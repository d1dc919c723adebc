"""Stage ``splits``: folds, what leaving a level out would test, a counterbalanced test part, and the split that is given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.dataset.records import AuditData, MetadataColumn, load, load_info
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.stats.basis import is_identifier

if TYPE_CHECKING:
    import pyarrow as pa

LABEL = "(label)"
TEST_SHARE = 0.2
_RESTARTS = 100
"""For the split that is given: as good as the default to a few per cent, and ten times as fast."""


def run(context: StageContext) -> dict[str, Any]:
    """Write ``splits.parquet`` and ``splits.json``; ``splits.facts`` says what the two hold."""
    from audit_pipeline.splits import assign_folds, counterbalanced_test
    from audit_pipeline.splits.facts import COLUMNS, counterbalanced_facts, fold_facts

    data, spec = load(context.inputs["dataset"]), context.spec
    usable = [column for column in data.columns if not is_identifier(column, data.subject)]
    codes = {LABEL: data.label.astype(np.int64)} | {c.name: c.strata()[0].astype(np.int64) for c in usable}
    levels = {LABEL: data.classes} | {column.name: column.strata()[1] for column in usable}
    nuisance = [column for column in usable if column.role == "nuisance"]
    subject = data.subject if data.has_subject else None

    found = assign_folds(
        codes,
        subject=data.subject,
        cross_with=LABEL,
        n_folds=max(2, min(spec.folds, data.n_subjects // 2)),
        seed=spec.seed,
        progress=lambda done, total: context.progress(done, total, "folds"),
    )
    facts: dict[str, Any] = fold_facts(found) | {"leave_one_level_out": _levels_out(data, nuisance)}
    arrays: dict[str, np.ndarray] = {"row": data.row, "subject": data.subject, "fold": found.fold.astype(np.int16)}

    context.progress(0, 0, "counterbalanced test part")
    arrays["counterbalanced_test"] = np.zeros(data.n, dtype=np.bool_)
    facts["counterbalanced_test"] = None
    if nuisance:
        part = counterbalanced_test(
            {column.name: codes[column.name] for column in nuisance},
            label=data.label,
            subject=subject,
            share=TEST_SHARE,
            seed=spec.seed,
        )
        arrays["counterbalanced_test"] = part.test
        facts["counterbalanced_test"] = counterbalanced_facts(part, data.classes, levels)

    facts["given"] = None
    if data.split is not None:
        context.progress(0, 0, "the given split")
        name = str(load_info(context.inputs["dataset"])["split"])
        facts["given"], proposed = _given(data, name, codes, levels, seed=spec.seed)
        arrays["proposed_split"] = proposed
    facts["columns"] = {name: COLUMNS[name] for name in arrays}

    stored = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    write_table(_table(arrays, data.row, stored), context.out / "splits.parquet")
    (context.out / "splits.json").write_text(stored, encoding="utf-8")
    return {key: facts[key] for key in ("n_folds", "objective", "lower_bound", "optimal")}


def _levels_out(data: AuditData, nuisance: list[MetadataColumn]) -> dict[str, Any]:
    """Return the parts of every nuisance column, and why some columns have none."""
    from audit_pipeline.splits.facts import level_facts
    from audit_pipeline.splits.leave_one_level_out import leave_one_level_out

    columns = []
    for column in nuisance:
        codes, levels = column.strata()
        parts = leave_one_level_out(
            codes,
            label=data.label,
            subject=data.subject if data.has_subject else None,
            levels=levels,
            labels=data.classes,
        )
        columns.append(level_facts(column.name, parts, data.classes, cut=column.codes is None))
    used = {column.name for column in nuisance}
    skipped = {
        column.name: f"its {len(column.levels):,} levels name records rather than conditions"
        for column in data.with_role("nuisance")
        if column.name not in used
    }
    return {"columns": columns, "skipped": skipped}


def _given(
    data: AuditData, name: str, codes: dict[str, np.ndarray], levels: dict[str, tuple[str, ...]], *, seed: int
) -> tuple[dict[str, Any], np.ndarray]:
    """Return the facts about the given split, and the proposed part of each record by name (None: in no part)."""
    from audit_pipeline.splits.facts import given_facts
    from audit_pipeline.splits.given import MOST_PARTS, audit_split

    assert data.split is not None
    # A missing value is no part: those records are left out of the comparison, not made into a part of their own.
    assigned = np.array([level != MISSING for level in data.split_levels])[data.split]
    proposed = np.full(data.n, None, dtype=object)
    present, part = np.unique(data.split[assigned], return_inverse=True)
    parts = [data.split_levels[code] for code in present.tolist()]
    if not 1 <= len(parts) <= MOST_PARTS:
        says = f"{len(parts):,} parts, more than {MOST_PARTS}, and was not compared" if parts else "no value at all"
        return {"column": name, "headline": f"The given split {name!r} has {says}.", "parts": []}, proposed
    found = audit_split(
        part.reshape(-1),
        {column: values[assigned] for column, values in codes.items()},
        subject=data.subject[assigned] if data.has_subject else None,
        cross_with=LABEL,
        seed=seed,
        restarts=_RESTARTS,
    )
    if found.proposed is not None:
        proposed[assigned] = np.array(parts, dtype=object)[found.proposed]
    return given_facts(name, found, parts=parts, levels=levels, unassigned=int((~assigned).sum())), proposed


def _table(arrays: dict[str, np.ndarray], row: np.ndarray, facts: str) -> pa.Table:
    """Return the columns by row of the file, each with its description, the facts in the schema's metadata."""
    import pyarrow as pa

    from audit_pipeline.splits.facts import COLUMNS

    order = np.argsort(row, kind="stable")
    kinds = {"proposed_split": pa.string(), "counterbalanced_test": pa.bool_(), "fold": pa.int16()}
    fields = [pa.field(name, kinds.get(name, pa.int64()), metadata={"description": COLUMNS[name]}) for name in arrays]
    columns = [pa.array(values[order], field.type) for values, field in zip(arrays.values(), fields, strict=True)]
    return pa.table(columns, schema=pa.schema(fields, metadata={"audit_pipeline.splits": facts}))
