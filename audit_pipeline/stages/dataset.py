"""Stage ``dataset``: files in, canonical records and a manifest out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline import digests
from audit_pipeline.dataset import kinds, ordered, remarks, roles
from audit_pipeline.dataset.files import find_files
from audit_pipeline.dataset.look import Look, look_at
from audit_pipeline.dataset.order import canonical_order
from audit_pipeline.dataset.read import Loaded, load_table
from audit_pipeline.dataset.records import AuditData, MetadataColumn, Role, save
from audit_pipeline.errors import DataError, shorten
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.spec import AuditSpec

if TYPE_CHECKING:
    import pyarrow as pa

MIN_RECORDS = 10


def run(context: StageContext) -> dict[str, Any]:
    """Read, validate and write ``records.parquet``, ``columns.json`` and ``manifest.parquet``."""
    spec = context.spec
    if not spec.nuisance:
        raise DataError(
            "no nuisance column is declared, so there is nothing to audit the label against",
            remedy="name the acquisition metadata that must not influence the label, e.g. `nuisance: [site, scanner]`",
        )
    context.progress(0, 3, "reading")
    named = [name for role, names in spec.roles().items() if role not in ("features", "ignore") for name in names]
    loaded = load_table(
        find_files(spec),
        wanted=[name for names in spec.roles().values() for name in names],
        exact=named,
        missing=spec.missing,
    )
    table, first = loaded.table, loaded.shown
    roles.check_columns(spec, table.column_names, first)
    context.progress(1, 3, "checking columns")

    roles.refuse_if_many(spec.label, loaded, limit=roles.MAX_CLASSES)
    label = roles.label_factor(table.column(spec.label), spec, first)
    keep = np.ones(table.num_rows, dtype=bool)
    notes: list[str] = []
    if kinds.MISSING in label.levels:
        keep = label.codes != label.levels.index(kinds.MISSING)
        notes.append(f"{int((~keep).sum())} of {len(keep)} records have no label and were left out")
    if int(keep.sum()) < MIN_RECORDS:
        raise DataError(
            f"there are {int(keep.sum())} labelled records",
            file=first,
            expected=f"at least {MIN_RECORDS}; about 220 are needed before a two-site column can pass",
            remedy="collect more records before auditing",
        )
    kept = np.flatnonzero(keep)
    subject = roles.subject_codes(spec, loaded, kept) if spec.subject else np.arange(len(kept), dtype=np.int64)
    whole_label = label
    if not keep.all():
        table = table.filter(keep)
        whole_label = roles.label_factor(table.column(spec.label), spec, first)
    label_values = roles.label_values(table.column(spec.label), spec, loaded, kept)
    looks = {name: look_at(table.column(name)) for name in table.column_names}
    asked: list[tuple[str, Role]] = [(name, "nuisance") for name in spec.nuisance]
    asked += [(name, "covariate") for name in spec.covariates]
    columns = [
        MetadataColumn(
            name=name,
            role=role,
            kind="continuous",
            values=ordered.ranks(table.column(name), spec.order[name], name=name, loaded=loaded, kept=kept),
        )
        if name in spec.order
        else roles.metadata_column(name, role, table.column(name), loaded, looks[name])
        for name, role in asked
    ]
    arrays, info, feature_notes = roles.feature_columns(spec, table, loaded, looks)
    split = kinds.factor(table.column(spec.split), kinds.kind_of(table.column(spec.split))) if spec.split else None
    _check_classes(spec, whole_label, subject, first)
    suspects, suspected = _hidden(arrays, info, columns, looks)
    notes += [
        *suspects,
        *remarks.alike(spec.label, whole_label.levels),
        *(
            remarks.rare_classes(spec.label, whole_label.levels, whole_label.codes, subject)
            if label_values is None
            else []
        ),
        *remarks.about_columns(columns, looks),
        *remarks.about_subjects(spec, whole_label.codes, subject),
        *remarks.about_features(spec, list(arrays), looks),
        *loaded.notes,
    ]

    numeric = [a for a in arrays.values() if a.dtype == np.float64] + [
        c.values for c in columns if c.values is not None
    ]
    order = canonical_order(numeric, table.num_rows)
    codes, classes = _renumber(whole_label.codes[order], whole_label.levels)
    data = AuditData(
        row=kept[order].astype(np.int64),
        label=codes,
        classes=classes,
        subject=_renumber(subject[order], ())[0].astype(np.int64),
        columns=tuple(_reorder(column, order) for column in columns),
        has_subject=spec.subject is not None,
        label_values=None if label_values is None else label_values[order],
        split=_renumber(split.codes[order], split.levels)[0] if split else None,
        split_levels=_renumber(split.codes[order], split.levels)[1] if split else (),
        notes=(*notes, *feature_notes),
    )
    context.progress(2, 3, "digesting")
    features: dict[str, Any] = {}
    for entry in info:
        values = arrays[entry["name"]][order]
        if entry["levels"]:
            values, levels = _renumber(values, tuple(entry["levels"]))
            entry["levels"] = list(levels)
        features[entry["name"]] = values
    save(
        context.out,
        data=data,
        features=features,
        feature_info=info,
        extra={
            "label": spec.label,
            "subject": spec.subject,
            "split": spec.split,
            "suspected_missing": suspected,
        },
    )
    write_table(_manifest(spec, table, loaded, looks, info), context.out / "manifest.parquet")
    context.progress(3, 3, "")
    return {
        "records": data.n,
        "subjects": data.n_subjects,
        "classes": {name: int(count) for name, count in zip(classes, np.bincount(codes), strict=True)},
        "features": len(features),
        "files": len(loaded.files),
        "notes": list(data.notes),
    }


def _hidden(
    arrays: Mapping[str, np.ndarray],
    info: Sequence[Mapping[str, Any]],
    columns: Sequence[MetadataColumn],
    looks: Mapping[str, Look],
) -> tuple[list[str], list[dict[str, object]]]:
    """Return notes and facts on values of features and metadata that may stand for missing ones."""
    values: dict[str, np.ndarray] = dict(arrays)
    levels: dict[str, Sequence[str]] = {entry["name"]: entry["levels"] for entry in info if entry["levels"]}
    for column in columns:
        if column.codes is None:
            assert column.values is not None
            values[column.name] = column.values
        else:
            values[column.name], levels[column.name] = column.codes, column.levels
    return remarks.hidden_missing(values, levels, looks, [column for column in columns if column.role == "nuisance"])


def _check_classes(spec: AuditSpec, label: kinds.Factor, subject: np.ndarray, file: str) -> None:
    subjects = [len(np.unique(subject[label.codes == code])) for code in range(len(label.levels))]
    if sum(count >= roles.MIN_CLASS for count in subjects) >= 2:
        return
    smallest = int(np.argmin(subjects))
    raise DataError(
        f"the class {shorten(label.levels[smallest])} has {subjects[smallest]} "
        f"{'subject' if subjects[smallest] == 1 else 'subjects'}",
        file=file,
        column=spec.label,
        expected=f"two classes with at least {roles.MIN_CLASS} subjects each, to train on one and test on another",
        remedy="collect more of that class, or merge it with another",
    )


def _renumber(codes: np.ndarray, levels: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number levels by first appearance in canonical order; drops levels that no record has."""
    found, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[inverse], tuple(levels[int(found[position])] for position in order) if levels else ()


def _reorder(column: MetadataColumn, order: np.ndarray) -> MetadataColumn:
    if column.codes is None:
        assert column.values is not None
        return replace(column, values=column.values[order])
    codes, levels = _renumber(column.codes[order], column.levels)
    return replace(column, codes=codes, levels=levels)


def _manifest(
    spec: AuditSpec, table: pa.Table, loaded: Loaded, looks: Mapping[str, Look], features: list[dict[str, Any]]
) -> pa.Table:
    """Return one row a file and one a column: digest, role and profile."""
    import pyarrow as pa

    role_of = {name: role for role, names in spec.roles().items() for name in names}
    role_of |= {entry["name"]: "features" for entry in features}
    entries: list[dict[str, Any]] = [
        {
            "entry": "file",
            "name": file.name,
            "sha256": file.digest(),
            "bytes": file.local.stat().st_size,
            "rows": count,
        }
        for file, count in zip(loaded.files, loaded.rows, strict=True)
    ]
    entries += [
        {
            "entry": "column",
            "name": name,
            "role": role_of.get(name, "unused"),
            "sha256": digests.of_column(table.column(name)) if looks[name].kind != "unusable" else None,
            "rows": table.num_rows,
            **looks[name].profile(),
        }
        for name in table.column_names
    ]
    text, count, number = pa.string(), pa.int64(), pa.float64()
    kinds_of_fields = {
        **dict.fromkeys(("entry", "name", "role", "kind", "sha256"), text),
        **dict.fromkeys(("bytes", "rows", "missing", "infinite", "distinct"), count),
        **dict.fromkeys(("minimum", "mean", "maximum"), number),
        "most_frequent": text,
    }
    return pa.Table.from_pylist(entries, schema=pa.schema(list(kinds_of_fields.items())))
