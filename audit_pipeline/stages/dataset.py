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
from audit_pipeline.dataset.media import Origin
from audit_pipeline.dataset.order import canonical_order
from audit_pipeline.dataset.read import Loaded, load_table
from audit_pipeline.dataset.records import AuditData, MetadataColumn, Role, save
from audit_pipeline.errors import DataError, shorten
from audit_pipeline.models.encoders import get_encoder
from audit_pipeline.parquet import write_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.recordings.check import check_headers, check_table
from audit_pipeline.recordings.derived import audited, of_origin
from audit_pipeline.recordings.ingest import MOST_REMAINDERS, Ingested, ingest, write_facts
from audit_pipeline.recordings.listing import list_recordings
from audit_pipeline.recordings.matrices import write_look
from audit_pipeline.recordings.names import ENCODER
from audit_pipeline.spec import FILE, AuditSpec
from audit_pipeline.stats.thinning import viewed

if TYPE_CHECKING:
    import pyarrow as pa

MIN_RECORDS = 10


def run(context: StageContext) -> dict[str, Any]:
    """Read, validate and write ``records.parquet``, ``columns.json`` and ``manifest.parquet``."""
    spec = context.spec
    if not spec.nuisance and spec.medium is None:
        raise DataError(
            "no nuisance column is declared, so there is nothing to audit the label against",
            remedy="name the acquisition metadata that must not influence the label, e.g. `nuisance: [site, scanner]`",
        )
    context.progress(0, 3, "reading")
    loaded, recordings = _load(context)
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
    coded = np.where(keep, label.codes, -1)
    if recordings is not None:
        notes += recordings.check(spec, coded, label.levels)
        keep &= recordings.readable
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
    if recordings is not None:
        derived, told = audited(dict(zip(table.column_names, table.columns, strict=True)), spec)
        asked += [(name, "nuisance") for name in derived]
        notes += [*told, *_undeclared(spec, table.column_names)]
        if not asked:
            notes.append(
                "no column of metadata is declared, and no header tells files apart, so there is none to audit"
            )
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
    arrays: dict[str, np.ndarray] = {}
    info: list[dict[str, Any]] = []
    feature_notes: list[str] = []
    if recordings is None:
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
    if recordings is not None:
        # What a record holds decides, as it does in a table: the first digits of its digest.
        numeric = [np.array([int(recordings.digest(record)[:13], 16) for record in kept.tolist()], dtype=np.float64)]
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
    seen = viewed(data.subject, spec.seed)
    if spec.medium == "image" and len(seen) > MOST_REMAINDERS:
        said = f"the pattern of sensors was not looked for: few subjects have as many as {len(seen):,} records"
        data = replace(data, notes=(*data.notes, said))
    if recordings is not None and spec.encoder is not None:
        encoded = recordings.encode(spec, kept[order], context.progress)
        write_look(context.out / f"look_{ENCODER}.parquet", encoded.matrix)
        data = replace(
            data,
            notes=(
                *data.notes,
                f"models see what {spec.encoder} makes of the recordings (version {encoded.version[:12]})",
            ),
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
        recording=[recordings.listing.names[record] for record in kept[order].tolist()] if recordings else None,
    )
    if spec.recording is not None:
        # A path may say where on this machine a file lies; the rows of recordings have their names.
        looks[spec.recording] = replace(looks[spec.recording], most_frequent=None)
    manifest = _manifest(spec, table, loaded, looks, info, recordings.manifest(coded) if recordings else [])
    write_table(manifest, context.out / "manifest.parquet")
    if recordings is not None:
        others = [*of_origin(table, Origin.RECORDED), *of_origin(table, Origin.NAME)]
        write_facts(context.out / "facts.parquet", {name: table.column(name).take(order) for name in others})
        recordings.write(context.out, kept[order], seen, context.progress)
    context.progress(3, 3, "")
    return {
        "records": data.n,
        "subjects": data.n_subjects,
        "classes": {name: int(count) for name, count in zip(classes, np.bincount(codes), strict=True)},
        "features": len(features),
        "files": len(loaded.files),
        "notes": list(data.notes),
    }


def _load(context: StageContext) -> tuple[Loaded, Ingested | None]:
    """Read the table; of recordings also all that can be seen of them."""
    spec = context.spec
    named = [name for role, names in spec.roles().items() if role not in ("features", "ignore") for name in names]
    wanted = [name for names in spec.roles().values() for name in names]
    if spec.medium is None:
        return load_table(find_files(spec), wanted=wanted, exact=named, missing=spec.missing), None
    if spec.encoder is not None:
        # Before the long work: whether it is there.
        get_encoder(spec.encoder, spec.medium, spec.weights)
    listing = list_recordings(spec, wanted=wanted, exact=named)
    check_table(spec, listing)
    found = ingest(spec, listing, cache=context.cache, progress=context.progress)
    check_headers(spec, found.loaded)
    return found.loaded, found


def _undeclared(spec: AuditSpec, names: Sequence[str]) -> list[str]:
    """Return a note on columns of the table that no role was given to: with recordings they are not features."""
    declared = {name for columns in spec.roles().values() for name in columns}
    left = [name for name in names if name not in declared and not name.startswith(FILE)]
    if not left:
        return []
    shown = ", ".join(map(repr, left[:5])) + (" …" if len(left) > 5 else "")
    return [f"not audited, since the spec gives them no role: {shown}; name what was recorded with under `nuisance:`"]


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
    spec: AuditSpec,
    table: pa.Table,
    loaded: Loaded,
    looks: Mapping[str, Look],
    features: list[dict[str, Any]],
    recordings: list[dict[str, Any]],
) -> pa.Table:
    """Return one row a file, one a column and one a recording: digest, role and profile, or what is wrong."""
    import pyarrow as pa

    role_of = {name: role for role, names in spec.roles().items() for name in names}
    role_of |= {entry["name"]: "features" for entry in features}
    entries: list[dict[str, Any]] = [
        {
            "entry": "file",
            "name": file.name,
            "sha256": file.digest(),
            "bytes": file.size,
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
    entries += recordings
    text, count, number = pa.string(), pa.int64(), pa.float64()
    kinds_of_fields = {
        **dict.fromkeys(("entry", "name", "role", "kind", "sha256"), text),
        **dict.fromkeys(("bytes", "rows", "missing", "infinite", "distinct"), count),
        **dict.fromkeys(("minimum", "mean", "maximum"), number),
        "most_frequent": text,
    }
    if recordings:
        kinds_of_fields |= {"row": count, **dict.fromkeys(("problem", "reason", "remedy"), text)}
    return pa.Table.from_pylist(entries, schema=pa.schema(list(kinds_of_fields.items())))
