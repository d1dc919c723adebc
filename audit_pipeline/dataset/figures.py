"""Numbers among the cells: with decimal points or commas, and what is nearly a number and must not be taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset import dates
from audit_pipeline.dataset.distinct import Distinct
from audit_pipeline.dataset.settled import Settled, Trouble
from audit_pipeline.yamltext import flow, scalar

if TYPE_CHECKING:
    import pyarrow as pa

FEW_WORDS = 20
"""A column of numbers with more different words than this is text, unless nearly all of it are numbers."""

MOSTLY = 0.8
"""Share of numbers from which on words among them are mistakes, however many different ones there are."""

_NUMBER = r"^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])$"
_DECIMAL_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
_THOUSANDS_COMMA = r"^[+-]?[1-9]\d{0,2}(,\d{3})+$"
_THOUSANDS_POINT = r"^[+-]?[1-9]\d{0,2}(\.\d{3})+$"
_SEPARATED = r"^[+-]?\d{1,3}([.,'’\x{00a0}\x{2009}\x{202f} ]\d{3})+([.,]\d+)?$"
_UNIT = r"^([<>≤≥~≈±]\s*[+-]?\d+([.,]\d+)?|[+-]?\d+([.,]\d+)?\s*([%‰°€$£¥]|\s[A-Za-zµμ]+(/[A-Za-z]+)?)|[€$£¥]\s*\d+([.,]\d+)?)$"


def as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return text as float64, or int64 where all are integers that fit; None unless every value is a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        # Before integers, since Arrow takes 0x1F for one.
        numbers = pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        return None
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        return numbers


def is_code(column: Any, numbers: Any) -> bool:
    """Return whether digits name something: leading zeros in texts of one length, or more digits than numbers hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(numbers.type):
        large = pc.any(pc.and_(pc.greater_equal(pc.abs(numbers), 2.0**53), pc.is_finite(numbers))).as_py()
        return bool(large) and bool(pc.all(pc.match_substring_regex(column, r"^\d+$")).as_py())
    length = pc.min_max(pc.utf8_length(column)).as_py()
    return (
        length["min"] == length["max"]
        and (length["min"] or 0) >= 3
        and bool(pc.any(pc.match_substring_regex(column, r"^0\d")).as_py())
    )


def read_numbers(name: str, distinct: Distinct, *, exact: bool, decimal_comma: bool) -> Settled | None:
    """Return the column as numbers, with decimal points or commas, or what is in the way; None if it holds no numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = as_numbers(pa.chunked_array([distinct.good]))
    if numbers is not None:
        if exact and is_code(distinct.good, numbers):
            return Settled(distinct.spread(distinct.good))
        return Settled(distinct.spread(numbers.combine_chunks()))
    plain, comma = distinct.matches(_NUMBER), distinct.matches(_DECIMAL_COMMA)
    separated = distinct.matches(_SEPARATED) & ~plain
    readable = plain | comma | separated
    if not (comma | separated).any() or distinct.records(readable) < MOSTLY * distinct.records(
        np.ones(len(plain), bool)
    ):
        return None
    grouped = distinct.matches(_THOUSANDS_COMMA)
    pointed = plain & distinct.matches(r"\.")
    if (plain | comma).all() and (decimal_comma or (comma & ~grouped).any()) and not pointed.any():
        values = pc.cast(pc.replace_substring(distinct.good, ",", "."), pa.float64())
        return Settled(distinct.spread(values), (f"column {name!r} was read with decimal commas",))
    odd = separated | comma
    return Settled(
        distinct.spread(distinct.good),
        trouble=Trouble(
            kind="separators",
            row=distinct.first(odd),
            distinct=len(distinct.good),
            message=f"{distinct.share(odd)} have a mark inside that may part thousands or begin the decimals: "
            f"{distinct.examples(odd)}",
            expected="1234.5, or 1234,5 throughout",
            remedy=f"export the numbers without thousands separators{or_ignore(name)}",
        ),
    )


def thousands_points(name: str, column: pa.ChunkedArray, numbers: pa.ChunkedArray) -> Trouble | None:
    """Return the trouble with 1.234 in a table with decimal commas: it may well be one thousand and some."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(numbers.type):
        return None
    pointed = np.asarray(pc.fill_null(pc.match_substring(column, "."), False))
    grouped = np.asarray(pc.fill_null(pc.match_substring_regex(column, _THOUSANDS_POINT), False))
    if not grouped.any() or (pointed & ~grouped).any():
        return None
    return Trouble(
        kind="separators",
        row=int(np.flatnonzero(grouped)[0]),
        distinct=int(pc.count_distinct(numbers).as_py()),
        message=f"{int(grouped.sum()):,} values have a point before three digits, in a table with decimal commas",
        expected="1234,5 throughout",
        remedy=f"export the numbers without thousands separators{or_ignore(name)}",
    )


def units(name: str, distinct: Distinct) -> Trouble | None:
    plain, unit = distinct.matches(_NUMBER), distinct.matches(_UNIT)
    known = distinct.records(plain | unit)
    if not unit.any() or known < MOSTLY * distinct.records(np.ones(len(plain), bool)):
        return None
    return Trouble(
        kind="units",
        row=distinct.first(unit),
        distinct=len(distinct.good),
        message=f"{distinct.share(unit)} are numbers with a sign or a unit: {distinct.examples(unit)}",
        expected="numbers alone, the unit in the column's name",
        remedy=f"export the numbers without it{or_ignore(name)}",
    )


def words(name: str, distinct: Distinct) -> Trouble | None:
    """Return the trouble with a column of numbers, or of dates, that has words in it."""
    return _strangers(name, distinct, distinct.matches(_NUMBER), "numbers") or _strangers(
        name, distinct, distinct.matches(dates.ISO), "dates"
    )


def _strangers(name: str, distinct: Distinct, fitting: np.ndarray, what: str) -> Trouble | None:
    known, all_ = distinct.records(fitting), distinct.records(np.ones(len(fitting), bool))
    words = ~fitting
    if known == 0 or known < (0.5 if words.sum() <= FEW_WORDS else MOSTLY) * all_:
        return None
    different = tuple(distinct.good[int(i)].as_py() for i in np.flatnonzero(words)[: FEW_WORDS + 1])
    return Trouble(
        kind="words",
        row=distinct.first(words),
        distinct=int(fitting.sum()),
        message=f"{distinct.share(words)} {f'is no {what[:-1]}' if all_ - known == 1 else f'are no {what}'}: "
        f"{distinct.examples(words)}",
        expected=f"{what} in the whole column",
        remedy=f"if they mean a missing value, add `missing: {{{scalar(name)}: {flow(different[:3])}}}` to the spec; "
        f"else mend them{or_ignore(name)}",
        words=different if len(different) <= FEW_WORDS else (),
    )


def or_ignore(name: str) -> str:
    return f", or leave the column out with `ignore: {flow([name])}`"
