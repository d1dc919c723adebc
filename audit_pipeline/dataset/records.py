"""The records of an audit in memory: label, subject, metadata columns, as codes and numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from audit_pipeline.dataset.kinds import MISSING, date_name

Role = Literal["nuisance", "covariate"]


@dataclass(frozen=True)
class MetadataColumn:
    """One acquisition-metadata column.

    Parameters
    ----------
    name, role : as the spec has them.
    kind : ``categorical`` (``codes`` and ``levels``) or ``continuous`` (``values``, NaN for missing).
    codes : (n,) int32 index into ``levels``; for a continuous column None.
    values : (n,) float64; for a categorical column None.
    dates : whether the values are seconds since 1970 and are shown as dates.
    """

    name: str
    role: Role
    kind: Literal["categorical", "continuous"]
    levels: tuple[str, ...] = ()
    codes: np.ndarray | None = None
    values: np.ndarray | None = None
    dates: bool = False

    def cut(self, parts: int) -> MetadataColumn:
        """Return the column as levels; a number is cut at its quantiles."""
        if self.codes is not None:
            return self
        codes, names = self.strata(parts)
        return MetadataColumn(name=self.name, role=self.role, kind="categorical", levels=names, codes=codes)

    def take(self, rows: np.ndarray) -> MetadataColumn:
        """Return the column at the given records."""
        return replace(
            self,
            codes=self.codes[rows] if self.codes is not None else None,
            values=self.values[rows] if self.values is not None else None,
        )

    def strata(self, parts: int = 5) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return codes (n,) and names of the column's levels; a continuous column is cut at its quantiles into ``parts``."""
        if self.codes is not None:
            return self.codes, self.levels
        assert self.values is not None
        known = ~np.isnan(self.values)
        edges = (
            np.unique(np.quantile(self.values[known], np.linspace(0, 1, parts + 1)[1:-1]))
            if known.any()
            else np.array([])
        )
        codes = np.searchsorted(edges, np.nan_to_num(self.values), side="left").astype(np.int32)
        shown = [date_name(edge) if self.dates else f"{edge:.6g}" for edge in edges]
        names = [f"≤ {shown[0]}", *(f"{a} to {b}" for a, b in pairwise(shown)), f"> {shown[-1]}"] if shown else ["all"]
        if not known.all():
            codes = np.where(known, codes, len(names)).astype(np.int32)
            names.append(MISSING)
        # Few distinct values leave parts without records.
        used, codes = np.unique(codes, return_inverse=True)
        names = [names[code] for code in used]
        return codes.astype(np.int32), tuple(names)


@dataclass(frozen=True)
class AuditData:
    """Labels, subjects and metadata of the records, in canonical order (see ``dataset.order``).

    Parameters
    ----------
    row : (n,) int64, number of the record in the files as read, from 0.
    label : (n,) int32 index into ``classes``.
    label_values : (n,) float64, the label itself where it is a number or ordered; ``label`` then holds classes cut from it.
    subject : (n,) int64; each record is its own subject where the spec names none.
    """

    row: np.ndarray
    label: np.ndarray
    classes: tuple[str, ...]
    subject: np.ndarray
    columns: tuple[MetadataColumn, ...]
    has_subject: bool
    split: np.ndarray | None = None
    split_levels: tuple[str, ...] = ()
    label_values: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of records."""
        return len(self.label)

    @cached_property
    def n_subjects(self) -> int:
        """Number of independent units."""
        return int(self.subject.max()) + 1 if self.n else 0

    def column(self, name: str) -> MetadataColumn:
        """Return the metadata column of that name."""
        return next(column for column in self.columns if column.name == name)

    def with_role(self, role: Role) -> tuple[MetadataColumn, ...]:
        """Return the metadata columns of a role, in the spec's order."""
        return tuple(column for column in self.columns if column.role == role)


def save(
    folder: Path,
    *,
    data: AuditData,
    features: dict[str, Any],
    feature_info: list[dict[str, Any]],
    extra: dict[str, Any],
    recording: Sequence[str] | None = None,
) -> None:
    """Write ``records.parquet`` and ``columns.json``; ``recording`` are the files' names as the table has them."""
    import pyarrow as pa

    from audit_pipeline.parquet import write_table

    arrays: dict[str, Any] = {
        "row": pa.array(data.row, pa.int64()),
        "label": pa.array(data.label, pa.int32()),
        "subject": pa.array(data.subject, pa.int64()),
    }
    for position, column in enumerate(data.columns):
        arrays[f"m{position}"] = (
            pa.array(column.codes, pa.int32())
            if column.codes is not None
            else pa.array(column.values, pa.float64(), from_pandas=False)
        )
    if data.label_values is not None:
        arrays["label_value"] = pa.array(data.label_values, pa.float64())
    if data.split is not None:
        arrays["split"] = pa.array(data.split, pa.int32())
    if recording is not None:
        arrays["recording"] = pa.array(recording, pa.string())
    arrays |= {f"f{position}": array for position, array in enumerate(features.values())}
    write_table(pa.table(arrays), folder / "records.parquet")
    info = {
        "classes": list(data.classes),
        "has_subject": data.has_subject,
        "metadata": [
            {"name": c.name, "role": c.role, "kind": c.kind, "levels": list(c.levels), "dates": c.dates}
            for c in data.columns
        ],
        "features": feature_info,
        "split_levels": list(data.split_levels),
        "ordered_label": data.label_values is not None,
        "notes": list(data.notes),
        **extra,
    }
    (folder / "columns.json").write_text(json.dumps(info, ensure_ascii=False, indent=1), encoding="utf-8")


def load_info(folder: Path) -> dict[str, Any]:
    """Return the content of ``columns.json``."""
    info: dict[str, Any] = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    return info


def load_recordings(folder: Path) -> dict[int, str]:
    """Return the name of each record's recording by its ``row``; empty for a table."""
    from audit_pipeline.parquet import read_table

    table = read_table(folder / "records.parquet")
    if "recording" not in table.column_names:
        return {}
    return dict(zip(table.column("row").to_pylist(), table.column("recording").to_pylist(), strict=True))


def load(folder: Path) -> AuditData:
    """Read the records that the ``dataset`` stage wrote, without their features."""
    from audit_pipeline.parquet import read_table

    info = load_info(folder)
    names = ["row", "label", "subject", *(f"m{i}" for i in range(len(info["metadata"])))]
    names += ["split"] if info["split_levels"] else []
    names += ["label_value"] if info["ordered_label"] else []
    table = read_table(folder / "records.parquet", names)
    array = {name: table.column(name).to_numpy() for name in names}
    columns = tuple(
        MetadataColumn(
            name=entry["name"],
            role=entry["role"],
            kind=entry["kind"],
            levels=tuple(entry["levels"]),
            codes=array[f"m{position}"] if entry["kind"] == "categorical" else None,
            values=array[f"m{position}"] if entry["kind"] == "continuous" else None,
            dates=entry.get("dates", False),
        )
        for position, entry in enumerate(info["metadata"])
    )
    return AuditData(
        row=array["row"],
        label=array["label"],
        classes=tuple(info["classes"]),
        subject=array["subject"],
        columns=columns,
        has_subject=info["has_subject"],
        split=array.get("split"),
        split_levels=tuple(info["split_levels"]),
        label_values=array.get("label_value"),
        notes=tuple(info["notes"]),
    )
