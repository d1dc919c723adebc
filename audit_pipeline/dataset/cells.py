"""What the cells of a column mean: numbers, dates, times, truth values or text, found out over all of its values.

A column is converted as a whole or not at all. Where most values are numbers and some are not, the column stays text and
the :class:`Trouble` says what stands in the way; whoever needs the column as numbers raises it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from audit_pipeline.dataset import dates
from audit_pipeline.errors import shorten
from audit_pipeline.yamltext import flow, scalar

if TYPE_CHECKING:
    import pyarrow as pa

NULL_WORDS = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "#NA", "<NA>")
"""Words that mean a missing value in text files."""

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
_TRUTH = r"^([tT]rue|TRUE|[fF]alse|FALSE|0|1)$"


@dataclass(frozen=True)
class Trouble:
    """Why a column that looks like numbers or dates could not be read as such.

    Parameters
    ----------
    kind : ``words`` among numbers, thousands ``separators``, ``dates`` of unclear order, numbers with ``units``.
    row : index of the first value that stands in the way.
    distinct : how many different values could be read; a few of them make levels, and then nothing is in the way.
    words : the different words among numbers or dates, if there are few.
    message, expected, remedy : as in an :class:`~audit_pipeline.errors.AuditError`.
    """

    kind: Literal["words", "separators", "dates", "units"]
    row: int
    distinct: int
    message: str
    expected: str
    remedy: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settled:
    """A column with its type.

    Parameters
    ----------
    notes : what was noticed on the way.
    trouble : what stands in the way of a better type.
    marked : how many values each mark of a missing value stood for, as text.
    words : the same for words that nobody declared, in a column that stays text.
    """

    column: pa.ChunkedArray
    notes: tuple[str, ...] = ()
    trouble: Trouble | None = None
    marked: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)


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

    numbers = _as_numbers(column) if raw else None
    if numbers is not None and not (exact and _is_code(column, numbers)):
        dotted = _thousands_points(name, column, numbers) if decimal_comma else None
        return Settled(column if dotted else numbers, trouble=dotted)
    distinct = _Distinct.of(column, words if raw else ("",), marks)
    if not len(distinct.good):
        return Settled(pa.chunked_array([pa.nulls(len(column), pa.string())]), marked=distinct.marked)
    found = _meaning(name, distinct, raw=raw or bool(distinct.marked), exact=exact, decimal_comma=decimal_comma)
    return replace(found, marked=distinct.marked)


def has_decimal_commas(column: pa.ChunkedArray) -> bool:
    """Return whether the text are numbers with decimal commas, which ``1,234`` alone does not prove."""
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(column, ",")).as_py():
        return False
    distinct = _Distinct.of(column, NULL_WORDS, ())
    found = _numbers("", distinct, exact=False, decimal_comma=False) if len(distinct.good) else None
    return found is not None and found.trouble is None


def _meaning(name: str, distinct: _Distinct, *, raw: bool, exact: bool, decimal_comma: bool) -> Settled:
    if raw:
        numbers = _numbers(name, distinct, exact=exact, decimal_comma=decimal_comma)
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
        (_units(name, distinct) or _words(name, distinct)) if raw else None,
        words=distinct.words,
    )


class _Distinct:
    """The different values of a column without space around them: ``good``; ``codes`` (n,) into them, -1 for missing."""

    def __init__(self, good: pa.Array, codes: np.ndarray, marked: Mapping[str, int], words: Mapping[str, int]) -> None:
        self.good = good
        self.codes = codes
        self.marked = marked
        self.words = words

    @classmethod
    def of(cls, column: pa.ChunkedArray, words: Sequence[str], marks: Sequence[str]) -> _Distinct:
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = pc.dictionary_encode(column.cast(pa.large_string()).combine_chunks())
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        values = pc.utf8_trim_whitespace(encoded.dictionary)
        left_out = pa.array([*words, *marks], pa.large_string())
        kept = np.flatnonzero(~np.asarray(pc.is_in(values, value_set=left_out)))
        new = np.full(len(values) + 1, -1, dtype=np.int64)
        new[kept] = np.arange(len(kept))
        indices = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64)

        def count(marks: Sequence[str]) -> dict[str, int]:
            found = {}
            for mark in marks if len(kept) < len(values) else ():
                here = np.append(np.asarray(pc.equal(values, mark)), False)
                if mark and here.any():
                    found[mark] = int(here[indices].sum())
            return found

        return cls(values.take(pa.array(kept)), new[indices], count(marks), count(words))

    def matches(self, pattern: str) -> np.ndarray:
        import pyarrow.compute as pc

        return np.asarray(pc.match_substring_regex(self.good, pattern))

    def all_match(self, pattern: str) -> bool:
        # Most columns fail at the first value; a million more need not be looked at.
        import pyarrow.compute as pc

        return bool(pc.match_substring_regex(self.good[:1], pattern)[0].as_py()) and bool(self.matches(pattern).all())

    def spread(self, values: pa.Array) -> pa.ChunkedArray:
        """Return the column that has ``values`` in place of the different values."""
        import pyarrow as pa

        indices = pa.array(self.codes, mask=self.codes < 0)
        return pa.chunked_array([values.take(indices)])

    def records(self, which: np.ndarray) -> int:
        """Return how many records have one of the values marked in ``which``."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.good))
        return int(counts[which].sum())

    def share(self, which: np.ndarray) -> str:
        """Return in words how many of the values are marked in ``which``."""
        return f"{self.records(which):,} of {int((self.codes >= 0).sum()):,} values"

    def first(self, which: np.ndarray) -> int:
        """Return the index of the first record with one of the values marked in ``which``."""
        return int(np.flatnonzero(np.append(which, False)[self.codes])[0])

    def examples(self, which: np.ndarray, limit: int = 4) -> str:
        """Return the most frequent of the marked values, with their counts, as text."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.good)) * which
        order = np.argsort(-counts, kind="stable")[: min(limit, int(which.sum()))]
        shown = [f"{shorten(self.good[int(i)].as_py(), 30)} ({counts[i]:,})" for i in order]
        return ", ".join(shown) + (", …" if which.sum() > limit else "")


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
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


def _is_code(column: Any, numbers: Any) -> bool:
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


def _numbers(name: str, distinct: _Distinct, *, exact: bool, decimal_comma: bool) -> Settled | None:
    """Return the column as numbers, with decimal points or commas, or what is in the way; None if it holds no numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _as_numbers(pa.chunked_array([distinct.good]))
    if numbers is not None:
        if exact and _is_code(distinct.good, numbers):
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
            remedy=f"export the numbers without thousands separators{_or_ignore(name)}",
        ),
    )


def _thousands_points(name: str, column: pa.ChunkedArray, numbers: pa.ChunkedArray) -> Trouble | None:
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
        remedy=f"export the numbers without thousands separators{_or_ignore(name)}",
    )


def _truth(good: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(pc.utf8_lower(good), value_set=pa.array(["true", "1"], good.type))


def _dates(name: str, distinct: _Distinct) -> Settled | None:
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


def _units(name: str, distinct: _Distinct) -> Trouble | None:
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
        remedy=f"export the numbers without it{_or_ignore(name)}",
    )


def _words(name: str, distinct: _Distinct) -> Trouble | None:
    """Return the trouble with a column of numbers, or of dates, that has words in it."""
    return _strangers(name, distinct, distinct.matches(_NUMBER), "numbers") or _strangers(
        name, distinct, distinct.matches(dates.ISO), "dates"
    )


def _strangers(name: str, distinct: _Distinct, fitting: np.ndarray, what: str) -> Trouble | None:
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
        f"else mend them{_or_ignore(name)}",
        words=different if len(different) <= FEW_WORDS else (),
    )


def _or_ignore(name: str) -> str:
    return f", or leave the column out with `ignore: {flow([name])}`"
