"""A table of the page as plain data; one template macro draws them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Head:
    """A column's heading; ``numeric`` columns are set flush right."""

    text: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Caption, headings and cells (the first of a row names it); ``note`` is a sentence below, e.g. what was left out."""

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    note: str = ""


def heads(*texts: str) -> tuple[Head, ...]:
    """Return headings; a leading ``#`` marks a numeric column.

    >>> heads("site", "#records")[1]
    Head(text='records', numeric=True)
    """
    return tuple(Head(text.lstrip("#"), text.startswith("#")) for text in texts)


def capped(rows: Sequence[Sequence[str]], *, most: int, where: str) -> tuple[Sequence[Sequence[str]], str]:
    """Return at most ``most`` rows, and the sentence that says where the others are."""
    if len(rows) <= most:
        return rows, ""
    return rows[:most], f"{most:,} of {len(rows):,} rows are shown; all of them are in {where}."
