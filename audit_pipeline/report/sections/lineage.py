"""What the verdict rests on: digests of the data, the spec and the code, by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.sections import Section
from audit_pipeline.report.tables import Table, capped, heads
from audit_pipeline.report.text import count, visible

MOST_FACTS = 100
MOST_FILES = 50
# Sections of their own, or (files) a table of their own.
_ELSEWHERE = frozenset({"spec", "splits", "notes", "files"})


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the data's files with their digests, and every group of the lineage as a table."""
    return {"files": _files(folder), "groups": list(_groups(folder.verdict.lineage))}


def _groups(lineage: Mapping[str, Any]) -> Iterator[Table]:
    """Yield a table for the single facts, then one for each group of them."""
    single: list[tuple[str, str]] = []
    nested: list[tuple[str, list[tuple[str, str]]]] = []
    for key, value in lineage.items():
        if key in _ELSEWHERE:
            continue
        facts = list(_flat(value))
        if isinstance(value, Mapping):
            nested.append((visible(key, limit=60), facts))
        else:
            single += [(visible(key, limit=60), told) for _, told in facts]
    for title, facts in (("spec and code", single), *nested):
        if facts:
            shown, note = capped(facts, most=MOST_FACTS, where="verdict.json")
            yield Table(caption=f"Lineage: {title}", heads=heads("what", "value"), rows=shown, note=note)


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield ``a.b.c`` and its value for every leaf."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{index}" if path else str(index))
    elif isinstance(value, list | tuple):
        yield visible(path, limit=120), visible(", ".join(map(str, value)), limit=600)
    elif value is not None:
        yield visible(path, limit=120), visible(value, limit=600)


def _files(folder: AuditFolder) -> Table | None:
    entries = [entry for entry in folder.manifest if entry.get("entry") == "file"]
    if not entries:
        return None
    rows = [
        (
            visible(entry.get("name"), limit=160),
            count(entry.get("rows")),
            count(entry.get("bytes")),
            str(entry.get("sha256") or ""),
        )
        for entry in entries
    ]
    shown, note = capped(rows, most=MOST_FILES, where="manifest.parquet")
    return Table(caption="Files of the data", heads=heads("file", "#rows", "#bytes", "SHA-256"), rows=shown, note=note)


SECTION = Section(name="lineage", title="Lineage", order=60, template="lineage.html.j2", context=context)
