"""Notes of the dataset, each where its reader meets it: on the first screen, on its column's card, or with the headers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from audit_pipeline.dataset.media.headers.facts import PREFIX
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.text import lookup, visible

MOST = 12
_LEFT_OUT = ("cannot be read and were left out", "have no label and were left out")


@dataclass(frozen=True)
class Remarks:
    """``lost``: records that were not audited; ``headers``: what was read from files and not audited; ``others``: the rest."""

    lost: tuple[str, ...]
    headers: tuple[str, ...]
    others: tuple[str, ...]

    def about(self, column: str | None) -> tuple[str, ...]:
        """Return the notes that name a column; short names are looked for as whole words only."""
        if not column or len(column) > 60:
            return ()
        named = re.compile(rf"(?<![\w.]){re.escape(column)}(?![\w.])")
        return tuple(note for note in (*self.headers, *self.others) if named.search(note))


def remarks(folder: AuditFolder) -> Remarks:
    """Return the notes of an audit's dataset, at most :data:`MOST` of a kind; *What was asked* lists them in full."""
    stored = lookup(folder.verdict.lineage, "notes")
    notes = [visible(note) for note in stored] if isinstance(stored, list | tuple) else []
    lost = [note for note in notes if any(words in note for words in _LEFT_OUT)]
    headers = [
        note
        for note in notes
        if note not in lost and (note.startswith((PREFIX, "the same in the headers", "different in nearly every file")))
    ]
    others = [note for note in notes if note not in lost and note not in headers]
    return Remarks(tuple(lost[:MOST]), tuple(headers[:MOST]), tuple(others[:MOST]))
