"""The further splits as tables and sentences, from facts that may be older than this code, or damaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import count, lookup, name, number, visible

MOST_TABLES = 12
MOST_ROWS = 30
_WHERE = "splits.parquet's metadata and verdict.json"


def stratum(key: str) -> str:
    """Return what a figure of deviation is about, in words: a column, the label, the label at each level, or sizes."""
    if key == "(records)":
        return "the size"
    column = key.removeprefix("(label) x ")
    if column == key:
        return "the label" if key == "(label)" else visible(key, limit=80)
    return f"the label × {visible(column, limit=80)}"


def left_out_levels(facts: Mapping[str, Any]) -> tuple[list[Table], list[str]]:
    """Return a table for each nuisance column of what leaving a level out means, and sentences on what has none."""
    tables = []
    columns = _items(lookup(facts, "leave_one_level_out", "columns"))
    for column in columns[:MOST_TABLES]:
        levels = _items(column.get("levels"))
        dropped = any(_whole(level.get("dropped_records")) for level in levels)
        rows = [
            (
                name(level.get("level")),
                *(count(_whole(level.get(key))) for key in ("records", "subjects", "train_records")),
                *([count(_whole(level.get("dropped_records")))] if dropped else []),
                "; ".join(visible(problem, limit=120) for problem in _list(level.get("problems"))) or "sound",
            )
            for level in levels
        ]
        shown, note = capped(rows, most=MOST_ROWS, where=_WHERE)
        titles = ("level", "#tested", "#subjects", "#trained on", *(["#dropped"] if dropped else []), "as a test")
        caption = f"Leaving one level of {name(column.get('column'))} out, in records"
        tables.append(Table(caption=caption, heads=heads(*titles), rows=shown, note=note))
    skipped = lookup(facts, "leave_one_level_out", "skipped")
    notes = [f"{name(key)} has no such splits: {visible(why, limit=200)}." for key, why in _pairs(skipped)]
    if len(columns) > MOST_TABLES:
        notes.append(f"{MOST_TABLES} of {len(columns):,} columns are shown; all of them are in {_WHERE}.")
    return tables, notes


def counterbalanced(facts: Mapping[str, Any]) -> tuple[str, Table | None, list[str]]:
    """Return about the counterbalanced test part: a sentence, a table by column, and what stands in the way."""
    found = facts.get("counterbalanced_test")
    if not isinstance(found, Mapping):
        return "", None, []
    by_column = _pairs(found.get("by_column"))
    rows = [
        (
            name(key),
            number(_figure(lookup(column, "v_before"))),
            number(_figure(lookup(column, "v"))) if lookup(column, "v") is not None else "not balanced",
            number(_figure(lookup(column, "deviation")), digits=1) if lookup(column, "v") is not None else "",
            count(_whole(lookup(column, "at_most_alone"))),
        )
        for key, column in by_column
    ]
    shown, note = capped(rows, most=MOST_ROWS, where=_WHERE)
    titles = (
        "column",
        "#V, all records",
        "#V, test part",
        "#records out of balance",
        "#most records, this column alone",
    )
    table = Table(caption="Link of label and column, Cramér's V", heads=heads(*titles), rows=shown, note=note)
    notes = [f"{name(key)} is not balanced: {visible(why, limit=300)}." for key, why in _pairs(found.get("left_out"))]
    notes += list(_missing_cells(by_column))
    return _test_sentence(found), table if rows else None, notes[:MOST_ROWS]


def _test_sentence(found: Mapping[str, Any]) -> str:
    if found.get("reason"):
        return f"There is none: {visible(found['reason'], limit=300)}."
    records, wanted, most = (_whole(found.get(key)) for key in ("records", "wanted", "at_most"))
    columns = ", ".join(name(column) for column in _list(found.get("columns")))
    ratio = _pairs(found.get("label_ratio"))
    labels = " to ".join(f"{share} {name(label)}" for label, share in ratio) if 2 <= len(ratio) <= 6 else ""
    size = f"{count(records, 'record')} of {count(_whole(found.get('subjects')), 'subject')}"
    says = f"{size}, in which every level of {columns} has the labels in the same ratio" + (
        f" ({labels})" if labels else ""
    )
    if found.get("optimal") is True:
        rest = (
            "that is all that was wanted"
            if records == wanted
            else f"no larger one exists ({count(wanted)} were wanted)"
        )
    else:
        rest = f"{count(wanted)} were wanted, and exact balance allows at most {count(most)}"
    return f"{says}; {rest}."


def _missing_cells(by_column: Sequence[tuple[str, Any]]) -> Iterator[str]:
    for key, column in by_column:
        total = _whole(lookup(column, "missing_cells")) or 0
        cells = [cell for cell in _list(lookup(column, "cells")) if isinstance(cell, list | tuple) and len(cell) == 2]
        if not total or not cells:
            continue
        shown = ", ".join(f"{name(label, limit=30)} at {name(level, limit=30)}" for label, level in cells[:5])
        more = f" and {total - 5:,} more" if total > 5 else ""
        yield f"{name(key)} lacks {count(total, 'combination')}: no {shown}{more}."


def given_split(facts: Mapping[str, Any]) -> tuple[str, list[Table], list[str], bool]:
    """Return about the given split: a sentence, tables of its parts and by column, what parts lack, is there a better."""
    found = facts.get("given")
    if not isinstance(found, Mapping):
        return "", [], [], False
    tables = []
    parts = [
        (name(part.get("part")), count(_whole(part.get("records"))), count(_whole(part.get("subjects"))))
        for part in _items(found.get("parts"))
    ]
    if parts:
        shown, note = capped(parts, most=MOST_ROWS, where=_WHERE)
        titles = heads("part", "#records", "#subjects")
        tables.append(Table(caption="Parts of the given split", heads=titles, rows=shown, note=note))
    attainable = found.get("attainable_deviation")
    rows = [
        (
            stratum(key),
            number(_figure(value), digits=1),
            number(_figure(lookup(attainable, key)) if isinstance(attainable, Mapping) else None, digits=1),
        )
        for key, value in _pairs(found.get("deviation"))
    ]
    if rows:
        shown, note = capped(rows, most=MOST_ROWS, where=_WHERE)
        titles = heads("column", "#given split", "#attainable")
        tables.append(Table(caption="Records by which parts miss their shares", heads=titles, rows=shown, note=note))
    notes = [
        f"{name(absence.get('part'))} has no record of {name(absence.get('level'))} ({name(absence.get('column'))}), "
        f"where its share would be {number(_figure(absence.get('expected')), digits=1)}."
        for absence in _items(found.get("absent"))[:10]
    ]
    total = _whole(found.get("absences")) or 0
    if total > len(notes):
        notes.append(f"Parts lack {total:,} labels and levels in all.")
    unassigned = _whole(found.get("unassigned"))
    if unassigned:
        notes.append(f"{count(unassigned, 'record')} without a value {'is' if unassigned == 1 else 'are'} in no part.")
    deviates, could = _figure(found.get("objective")), _figure(found.get("attainable"))
    better = deviates is not None and could is not None and could < deviates
    return visible(found.get("headline") or "", limit=800), tables, notes, better


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _items(value: object) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, Mapping)]


def _pairs(value: object) -> list[tuple[str, Any]]:
    return [(str(key), held) for key, held in value.items()] if isinstance(value, Mapping) else []


def _figure(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
