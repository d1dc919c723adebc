"""The one tidy schema that every probe writes and the verdict reads.

A probe measures and never judges: it returns rows of :class:`Evidence`. ``verdict.decide`` alone judges, from these rows and
the policy, so a verdict can be recomputed from ``evidence.parquet`` years later without the data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One measured figure.

    Parameters
    ----------
    probe : the question that was asked (the probe's registered name).
    metric : what was measured, e.g. ``association_v``; a probe's docstring lists its metrics with their units.
    column : metadata column the figure is about; None for the dataset as a whole.
    role : the column's declared role: ``nuisance``, ``covariate``, ``group`` or None.
    view : what was looked at: a view of the recording and the learner, e.g. ``values/quadratic``, or a model's name.
    level : level of the column, pair of labels or cell that the figure is about; None for all.
    estimate, ci_low, ci_high : the figure and its two-sided 95% interval; None where it has no meaning (never NaN).
    p_value : of the null hypothesis named in the probe's docstring.
    n, n_subjects : records and independent units that the figure rests on.
    detail : further facts, JSON-serialisable; for people and for the verdict's wording.
    """

    probe: str
    metric: str
    column: str | None = None
    role: str | None = None
    view: str | None = None
    level: str | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n: int | None = None
    n_subjects: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("estimate", "ci_low", "ci_high", "p_value"):
            value = getattr(self, name)
            if value is None:
                continue
            number = float(value)
            # A NaN in disguise of a number would slip through every comparison of the decision table.
            object.__setattr__(self, name, number if math.isfinite(number) else None)
        for name in ("n", "n_subjects"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, int(value))


def schema() -> pa.Schema:
    """Return the Arrow schema of ``evidence.parquet``. ``detail`` holds JSON with sorted keys."""
    import pyarrow as pa

    text, number, count = pa.string(), pa.float64(), pa.int64()
    return pa.schema(
        [
            ("dataset", text),
            ("probe", text),
            ("column", text),
            ("role", text),
            ("view", text),
            ("level", text),
            ("metric", text),
            ("estimate", number),
            ("ci_low", number),
            ("ci_high", number),
            ("p_value", number),
            ("n", count),
            ("n_subjects", count),
            ("detail", text),
        ]
    )


def to_table(dataset: str, rows: Iterable[Evidence]) -> pa.Table:
    """Return the rows as an Arrow table in their given order (a probe's order is part of its contract)."""
    import pyarrow as pa

    records = []
    for row in rows:
        record = {f.name: getattr(row, f.name) for f in fields(Evidence)}
        record["dataset"] = dataset
        record["detail"] = json.dumps(dict(row.detail), sort_keys=True, ensure_ascii=False) if row.detail else None
        records.append(record)
    return pa.Table.from_pylist(records, schema=schema())


def from_table(table: pa.Table) -> list[Evidence]:
    """Read rows back; inverse of :func:`to_table` up to the dataset's name."""
    names = {f.name for f in fields(Evidence)}
    rows = []
    for record in table.to_pylist():
        values = {key: value for key, value in record.items() if key in names}
        values["detail"] = json.loads(record["detail"]) if record["detail"] else {}
        rows.append(Evidence(**values))
    return rows


def read(path: Path) -> list[Evidence]:
    """Read one ``evidence.parquet``."""
    from audit_pipeline.parquet import read_table

    return from_table(read_table(path))


def write(path: Path, dataset: str, rows: Iterable[Evidence]) -> None:
    """Write rows to Parquet; the same rows give the same bytes."""
    from audit_pipeline.parquet import write_table

    write_table(to_table(dataset, rows), path)


class EvidenceBook:
    """Look-ups over evidence rows, as the verdict and the report need them."""

    def __init__(self, rows: Iterable[Evidence]) -> None:
        self.rows = list(rows)

    def where(self, **wanted: str | None) -> Iterator[Evidence]:
        """Yield the rows whose fields equal ``wanted``, in order."""
        for row in self.rows:
            if all(getattr(row, key) == value for key, value in wanted.items()):
                yield row

    def first(self, **wanted: str | None) -> Evidence | None:
        """Return the first row whose fields equal ``wanted``, or None."""
        return next(self.where(**wanted), None)
