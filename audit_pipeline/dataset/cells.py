"""What the cells of a column mean: numbers, dates, times, truth values or text, found out over all of its values.

A column is converted as a whole or not at all. Where most values are numbers and some are not, the column stays text and
a :class:`~audit_pipeline.dataset.settled.Trouble` says what stands in the way; whoever needs the column as numbers raises it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.dataset import dates, figures
from audit_pipeline.dataset.distinct import Distinct
from audit_pipeline.dataset.settled import Settled, Trouble
from audit_pipeline.errors import shorten

if TYPE_CHECKING:
    import pyarrow as pa

NULL_WORDS = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "#NA", "<NA>")
"""Words that mean a missing value in text files."""

_TRUTH = r"^([tT]rue|TRUE|[fF]alse|FALSE|0|1)$"


def settle(
    name: str,
    column: pa.ChunkedArray,
    *,
    raw: bool,
    exact: bool = False,
    decimal_comma: bool = False,
    words: Sequence[str] = NULL_WORDS,
    marks: Sequence[str] = (),
) -> Settled:
    """Find out what a column of text means.

    Parameters
    ----------
    raw : the text comes from a file that holds nothing but text, so that ``1`` means the number. Else text stays text (a
        Parquet column with the text ``1`` was declared to be text) unless it has marks in it, and dates are recognised.
    exact : the column names things (subjects, sites ...): ``007`` and numbers too long for an integer stay text.
    decimal_comma : other columns of the table are known to have decimal commas.
    words : what means a missing value in raw text.
    marks : what means one because the spec says so.
    """
    import pyarrow as pa

    numbers = figures.as_numbers(column) if raw else None
    if numbers is not None and not (exact and figures.is_code(column, numbers)):
        dotted = figures.thousands_points(name, column, numbers) if decimal_comma else None
        return Settled(column if dotted else numbers, trouble=dotted)
    distinct = Distinct.of(column, words if raw else ("",), marks)
    if not len(distinct.good):
        return Settled(pa.chunked_array([pa.nulls(len(column), pa.string())]), marked=distinct.marked)
    found = _meaning(name, distinct, raw=raw or bool(distinct.marked), exact=exact, decimal_comma=decimal_comma)
    return replace(found, marked=distinct.marked)


def has_decimal_commas(column: pa.ChunkedArray) -> bool:
    """Return whether the text are numbers with decimal commas, which ``1,234`` alone does not prove."""
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(column, ",")).as_py():
        return False
    distinct = Distinct.of(column, NULL_WORDS, ())
    found = figures.read_numbers("", distinct, exact=False, decimal_comma=False) if len(distinct.good) else None
    return found is not None and found.trouble is None


def _meaning(name: str, distinct: Distinct, *, raw: bool, exact: bool, decimal_comma: bool) -> Settled:
    if raw:
        numbers = figures.read_numbers(name, distinct, exact=exact, decimal_comma=decimal_comma)
        if numbers is not None:
            return numbers
        if distinct.all_match(_TRUTH):
            return Settled(distinct.spread(_truth(distinct.good)))
    found = _dates(name, distinct)
    if found is not None:
        return found
    merged = len(distinct.good.unique()) < len(distinct.good)
    return Settled(
        distinct.spread(distinct.good),
        (f"column {name!r}: texts that differ only in the space around them were read as the same",) if merged else (),
        (figures.units(name, distinct) or figures.words(name, distinct)) if raw else None,
        words=distinct.words,
    )


def _truth(good: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(pc.utf8_lower(good), value_set=pa.array(["true", "1"], good.type))


def _dates(name: str, distinct: Distinct) -> Settled | None:
    found = dates.parse(distinct.good)
    if found is None:
        return None
    if isinstance(found, dates.Unclear):
        which = np.zeros(len(distinct.good), dtype=bool)
        which[found.position] = True
        trouble = Trouble(
            kind="dates",
            row=distinct.first(which),
            distinct=len(distinct.good),
            message=f"{found.message}: {shorten(distinct.good[found.position].as_py())}",
            expected="dates as 2024-01-31, times as 2024-01-31 12:00 or with a zone in all",
            remedy="export dates in that form (ISO 8601)",
        )
        return Settled(distinct.spread(distinct.good), trouble=trouble)
    notes = (f"column {name!r}: {found.note}",) if found.note else ()
    return Settled(distinct.spread(found.values), notes)
