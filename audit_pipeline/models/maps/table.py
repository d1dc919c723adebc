"""Maps as a file: one row a map and record, what is known of the maps in the schema's metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

METADATA = b"audit_pipeline.maps"
DIGITS = 6
"""Significant digits of places: a map is looked at."""


@dataclass(frozen=True)
class Column:
    """A metadata column that points are coloured by.

    Parameters
    ----------
    codes : (n,) index into ``levels``.
    cut : whether the levels are parts of a number's range, from low to high.
    """

    name: str
    codes: np.ndarray
    levels: tuple[str, ...]
    cut: bool


@dataclass(frozen=True)
class Shown:
    """What a map shows of the label (``column`` None) or of a column: shares of neighbours of one kind, distances in a subject.

    Parameters
    ----------
    share, chance : how many nearest neighbours of another subject are of the same kind, and how many would be in a map that ignores
        the kind; None where there is only one.
    own, other : median distance between a subject's records at different levels, and to the nearest other subject; None where no
        subject has records at several levels.
    """

    column: str | None
    share: float | None = None
    chance: float | None = None
    own: float | None = None
    other: float | None = None
    subjects: int = 0


@dataclass(frozen=True)
class DrawnMap:
    """A map.

    Parameters
    ----------
    name : ``pca``, ``sammon``, ``umap`` or ``independent``.
    points : (m, 2) float64.
    rows : (m,) which of the records that are placed it has.
    column : of a map in which a column's levels do not show: which.
    stress : Sammon's, of an ``independent`` map that of pairs at one level; None for maps that have none.
    weight : of the ties of an ``independent`` map.
    """

    name: str
    points: np.ndarray
    rows: np.ndarray
    shows: tuple[Shown, ...] = ()
    column: str | None = None
    stress: float | None = None
    weight: float | None = None

    @property
    def title(self) -> str:
        """What the map is called among the others."""
        return self.name if self.column is None else f"{self.name} of {self.column}"


@dataclass(frozen=True)
class Maps:
    """All maps of an audit; the first one has all records that are placed.

    Parameters
    ----------
    row, subject, label : (n,) of the records that are placed: number in the files as read, code of the subject, index into ``classes``.
    facts : how many records there are and were placed, the view, why maps were not made.
    """

    drawn: tuple[DrawnMap, ...]
    row: np.ndarray
    subject: np.ndarray
    label: np.ndarray
    classes: tuple[str, ...]
    columns: tuple[Column, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


def save(path: Path, maps: Maps) -> None:
    """Write one row a map and record, in the order of the file that the records were read from."""
    import pyarrow as pa

    from audit_pipeline.parquet import write_table

    kinds = {"label": (maps.label, maps.classes)}
    kinds |= {f"level({column.name})": (column.codes, column.levels) for column in maps.columns}
    fields: list[Any] = [("row", pa.int64()), ("map", pa.string()), ("x", pa.float64()), ("y", pa.float64())]
    fields += [("subject", pa.int64()), *((name, pa.string()) for name in kinds)]
    facts = {
        **maps.facts,
        "classes": list(maps.classes),
        "columns": [{"name": column.name, "levels": list(column.levels), "cut": column.cut} for column in maps.columns],
        "maps": [_facts(drawn) for drawn in maps.drawn],
    }
    schema = pa.schema(fields, metadata={METADATA: json.dumps(facts, sort_keys=True, ensure_ascii=False)})
    tables = [pa.table([pa.array([], field.type) for field in schema], schema=schema)]
    for drawn in maps.drawn:
        order = np.argsort(maps.row[drawn.rows], kind="stable")
        rows = drawn.rows[order]
        points = _rounded(drawn.points[order])
        arrays = [maps.row[rows], [drawn.title] * len(rows), points[:, 0], points[:, 1], maps.subject[rows]]
        arrays += [np.array(names, dtype=object)[codes[rows]] for codes, names in kinds.values()]
        tables.append(pa.table([pa.array(each, f.type) for each, f in zip(arrays, schema, strict=True)], schema=schema))
    write_table(pa.concat_tables(tables), path)


def load(path: Path) -> Maps:
    """Read what :func:`save` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError : another program wrote it.
    """
    from audit_pipeline.parquet import read_table

    table = read_table(path)
    facts = json.loads((table.schema.metadata or {})[METADATA])
    names = np.array(table.column("map").to_pylist(), dtype=object)
    row = table.column("row").to_numpy()
    # The first map has all records.
    first = names == facts["maps"][0]["title"] if facts["maps"] else np.zeros(len(names), dtype=bool)
    place = {int(number): position for position, number in enumerate(row[first])}

    def codes(column: str, levels: Sequence[str]) -> np.ndarray:
        code = {level: position for position, level in enumerate(levels)}
        values = np.array(table.column(column).to_pylist(), dtype=object)[first]
        return np.array([code[value] for value in values], dtype=np.int64)

    points = np.column_stack([table.column("x").to_numpy(), table.column("y").to_numpy()])
    drawn = []
    for known in facts.pop("maps"):
        here = names == known.pop("title")
        shows = tuple(Shown(**shown) for shown in known.pop("shows"))
        rows = np.array([place[int(number)] for number in row[here]], dtype=np.int64)
        drawn.append(DrawnMap(points=points[here], rows=rows, shows=shows, **known))
    columns = tuple(
        Column(each["name"], codes(f"level({each['name']})", each["levels"]), tuple(each["levels"]), bool(each["cut"]))
        for each in facts.pop("columns")
    )
    classes = tuple(facts.pop("classes"))
    return Maps(
        drawn=tuple(drawn),
        row=row[first],
        subject=table.column("subject").to_numpy()[first],
        label=codes("label", classes),
        classes=classes,
        columns=columns,
        facts=facts,
    )


def _facts(drawn: DrawnMap) -> dict[str, Any]:
    return {
        "title": drawn.title,
        "name": drawn.name,
        "column": drawn.column,
        "stress": drawn.stress,
        "weight": drawn.weight,
        "shows": [asdict(shown) for shown in drawn.shows],
    }


def _rounded(points: np.ndarray) -> np.ndarray:
    size = float(np.abs(points).max(initial=0.0))
    return np.round(points, DIGITS - 1 - int(np.floor(np.log10(size)))) if size > 0 else points
