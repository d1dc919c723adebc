"""Columns that nobody had to write down: what the headers of the recordings say of how they were made.

Fields of the header that depend on device, settings and software become nuisance columns ``file.*``, so that a dataset
without any metadata is still audited. Fields that depend on what was recorded, and file names, become views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audit_pipeline.dataset import kinds
from audit_pipeline.dataset.media import FIELDS, PREFIX, Origin
from audit_pipeline.dataset.media.columns import naming
from audit_pipeline.errors import shorten
from audit_pipeline.spec import AuditSpec

if TYPE_CHECKING:
    import pyarrow as pa

LAST = ("jpeg_huffman", "jpeg_process", "density", "byte_order", "strips", "layout")
"""Fields that tell programs apart by habits of theirs that few people know."""


def file_columns(facts: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array]:
    """Return a column for every header field that some file states, by name with ``file.``; null where a file does not.

    Dates are timestamps; a date that is none is null.
    """
    import pyarrow as pa

    stated = {name for row in facts for name in row}
    columns: dict[str, pa.Array] = {}
    for name, field in FIELDS.items():
        if name not in stated:
            continue
        values = [row.get(name) for row in facts]
        if field.type == "number":
            columns[PREFIX + name] = pa.array(values, pa.float64())
        elif field.type == "date":
            columns[PREFIX + name] = pa.array([_moment(value) for value in values], pa.timestamp("us"))
        else:
            columns[PREFIX + name] = pa.array(values, pa.string())
    return columns


def audited(columns: Mapping[str, pa.ChunkedArray], spec: AuditSpec) -> tuple[list[str], list[str]]:
    """Return which header columns become nuisance columns, and notes on the others.

    Left out are fields that depend on what was recorded, columns with a role in the spec, those that say the same of all
    files or something else of nearly each, and those that part the files exactly as a column before them does.

    Parameters
    ----------
    columns : ``file.*`` and declared metadata columns of the records that are audited, by name.
    """
    declared = {name for names in spec.roles().values() for name in names}
    partitions = {_partition(columns[name]): name for name in (*spec.nuisance, *spec.covariates) if name in columns}
    chosen: list[str] = []
    constant: list[str] = []
    naming_files: list[str] = []
    notes: list[str] = []
    for name, column in sorted(columns.items(), key=lambda pair: _place(pair[0])):
        field = FIELDS.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if field is None or field.origin is not Origin.ACQUISITION or name in declared:
            continue
        distinct = len(column.unique())
        if distinct <= 1:
            constant.append(f"{name} ({shorten(column[0].as_py())})")
        elif naming(field.type, distinct, len(column)):
            naming_files.append(f"{name} ({distinct:,} values)")
        else:
            partition = _partition(column)
            if partition in partitions:
                notes.append(
                    f"{name} parts the files exactly as {partitions[partition]} does, and is not audited again"
                )
                continue
            partitions[partition] = name
            chosen.append(name)
    if constant:
        notes.append(f"the same in the headers of all files: {', '.join(constant)}")
    if naming_files:
        notes.append(
            f"different in nearly every file, so that it names files and does not group them: {', '.join(naming_files)}"
        )
    return chosen, notes


def _place(name: str) -> int:
    """Return the place of a header column among those that part the files alike: what a person understands comes first."""
    field = name.removeprefix(PREFIX)
    if field in LAST:
        return 2 + LAST.index(field)
    return 0 if field not in ("jpeg_tables",) else 1


def of_origin(table: pa.Table, origin: Origin) -> list[str]:
    """Return the names of the header columns of an origin."""
    headers = [name for name in table.column_names if name.startswith(PREFIX)]
    return [name for name in headers if FIELDS[name.removeprefix(PREFIX)].origin is origin]


def _partition(column: pa.ChunkedArray) -> bytes:
    """Return what two columns have in common that part the records alike: their levels, which are numbered by appearance."""
    return kinds.factor(column, kinds.kind_of(column)).codes.tobytes()


def _moment(value: object) -> Any:
    import datetime as dt

    if not isinstance(value, str):
        return None
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=None) if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)
