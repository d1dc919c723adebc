"""What can go wrong, in the user's words.

Every foreseeable failure is an :class:`AuditError`. It names the place (file, row, column), says what was found and
expected, and ends with what to do. The command line prints it without a traceback and exits with status 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class AuditError(Exception):
    """The audit could not be made.

    Parameters
    ----------
    message : what was found, in one sentence.
    file, row, column : where; ``row`` counts from 1 as a spreadsheet does (the header is row 1).
    expected : what would have been right.
    remedy : what to do next; always given, a user must never be left without it.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
        expected: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = str(file) if file is not None else None
        self.row = row
        self.column = column
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        where = [
            part
            for part in (
                self.file,
                f"row {self.row}" if self.row is not None else None,
                f"column {self.column!r}" if self.column is not None else None,
            )
            if part
        ]
        lines = [f"{', '.join(where)}: {self.message}" if where else self.message]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        lines.append(f"  what to do: {self.remedy}")
        return "\n".join(lines)


class SpecError(AuditError):
    """The YAML (or the Python arguments) that describe the audit are wrong."""


class DataError(AuditError):
    """The data cannot be read, or cannot be audited as the spec asks."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x' or 'y'?"`` for the nearest known names, or an empty string.

    Matching ignores case, so ``Site`` finds ``site``.
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), list(by_folded), n=3, cutoff=0.6)
    if not near:
        return ""
    return "; did you mean " + " or ".join(repr(by_folded[match]) for match in near) + "?"


def shorten(text: object, limit: int = 60) -> str:
    """Return ``repr`` of a user's value, cut to ``limit`` characters so that a message stays a message."""
    shown = repr(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
