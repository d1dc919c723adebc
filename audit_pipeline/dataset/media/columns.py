"""Which header columns cannot be audited, and why: a later step leaves them out and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_pipeline.dataset.media.headers.facts import FIELDS, PREFIX
from audit_pipeline.errors import shorten

if TYPE_CHECKING:
    import pyarrow as pa

PER_LEVEL, FEW = 5, 20
"""A text of more than ``FEW`` values with fewer than ``PER_LEVEL`` files each names files; it does not group them."""


def naming(type_: str, distinct: int, files: int) -> bool:
    """Return whether a field of so many different values in so many files names them and does not group them."""
    return type_ == "text" and distinct > FEW and distinct * PER_LEVEL > files


def unhelpful(table: pa.Table) -> dict[str, str]:
    """Return, for each ``file.*`` column of a scan that cannot be audited, the reason in words; nothing is dropped here.

    A column that says the same of all files tells nothing apart, one that says something else of nearly each names them.
    A missing value counts as a value of its own. Numbers and dates are no names, however many there are.
    """
    reasons = {}
    for name in table.column_names:
        if not name.startswith(PREFIX):
            continue
        column = table[name]
        distinct = len(column.unique())
        if distinct <= 1:
            value = column[0].as_py() if len(column) else None
            reasons[name] = f"the same in all {len(table):,} files: {shorten(value)}"
        elif naming(FIELDS[name.removeprefix(PREFIX)].type, distinct, len(table)):
            reasons[name] = (
                f"{distinct:,} different values in {len(table):,} files: it names files and does not group them"
            )
    return reasons
