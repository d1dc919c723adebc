"""Dates as people write them, without guessing which number is the month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_CLOCK = r"(?:[T ]+(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?"
ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}(:?\d{2}(:?\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)$"
_YEAR_FIRST = r"^(?P<y>\d{4})[/.](?P<a>\d{1,2})[/.](?P<b>\d{1,2})" + _CLOCK + "$"
_POINTS = r"^(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.\s?(?P<y>\d{4})" + _CLOCK + "$"
_SLASHES = r"^(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<y>\d{4})" + _CLOCK + "$"
_SHORT_YEAR = r"^(\d{1,2}[/-]\d{1,2}[/-]\d{2}|\d{2}\.\d{2}\.\d{2})(\s|$)"
_TIME = r"^(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:\.\d+)?))?$"


@dataclass(frozen=True)
class Parsed:
    """Dates, times with a zone as UTC, or times of day; with a note where the order had to be found out."""

    values: pa.Array
    note: str = ""


@dataclass(frozen=True)
class Unclear:
    """These are dates, but nobody can say which; ``position`` is that of an example."""

    message: str
    position: int


def parse(texts: pa.Array) -> Parsed | Unclear | None:
    """Return what different texts, none missing, mean as dates; None if they are none.

    A date with points has its day first everywhere in the world. With slashes day or month may be first: the values decide
    it if one of their numbers is above 12, and else it is unclear.
    """
    if _all(texts, ISO):
        return _iso(texts)
    if _all(texts, _YEAR_FIRST):
        return _assemble(texts, _YEAR_FIRST, day="b")
    if _all(texts, _POINTS):
        return _assemble(texts, _POINTS, day="a")
    if _all(texts, _SLASHES):
        return _slashes(texts)
    if _all(texts, _TIME):
        return _times(texts)
    if _all(texts, _SHORT_YEAR):
        return Unclear("years have two digits", 0)
    return None


def _all(texts: pa.Array, pattern: str) -> bool:
    import pyarrow.compute as pc

    # The first value alone settles it for nearly every column.
    return bool(pc.all(pc.match_substring_regex(texts[:1], pattern)).as_py()) and bool(
        pc.all(pc.match_substring_regex(texts, pattern)).as_py()
    )


def _iso(texts: pa.Array) -> Parsed | Unclear:
    import pyarrow.compute as pc

    timed = np.asarray(pc.match_substring_regex(texts, "[T ]"))
    zoned = np.asarray(pc.match_substring_regex(texts, _ZONE)) & timed
    if zoned.any() and not zoned[timed].all():
        return Unclear("some times have a zone and others have none", int(np.flatnonzero(timed & ~zoned)[0]))
    if zoned.any() and not zoned.all():
        return Unclear("some values are times with a zone and others are dates", int(np.flatnonzero(~zoned)[0]))
    return _cast(texts, zone="UTC" if zoned.any() else None)


def _cast(texts: pa.Array, *, zone: str | None = None) -> Parsed | Unclear:
    import pyarrow as pa
    import pyarrow.compute as pc

    for unit in ("us", "ns"):  # nanoseconds reach from 1678 to 2262 only
        try:
            values = pc.cast(texts, pa.timestamp(unit, zone))
        except pa.ArrowInvalid:
            continue
        return Parsed(tidy(values))
    return Unclear("there is no such date", _first_impossible(texts, zone))


def _first_impossible(texts: pa.Array, zone: str | None) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    for position in range(len(texts)):
        try:
            pc.cast(texts[position : position + 1], pa.timestamp("us", zone))
        except pa.ArrowInvalid:
            return position
    return 0


def tidy(values: pa.Array) -> pa.Array:
    """Return dates and times in one form whatever the file: days where all are midnights, else microseconds in UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date(values.type):
        return pc.cast(values, pa.date32(), safe=False)
    if not pa.types.is_timestamp(values.type):
        return values
    whole = pc.cast(pc.cast(values, pa.timestamp("us", values.type.tz), safe=False), pa.int64())
    day = 86_400_000_000
    if values.type.tz is None and pc.all(pc.equal(pc.multiply(pc.divide(whole, day), day), whole)).as_py():
        return pc.cast(pc.cast(whole, pa.timestamp("us")), pa.date32(), safe=False)
    return pc.cast(whole, pa.timestamp("us"))


def _slashes(texts: pa.Array) -> Parsed | Unclear:
    import pyarrow.compute as pc

    parts = pc.extract_regex(texts, _SLASHES)
    first = _int(pc.struct_field(parts, "a"))
    second = _int(pc.struct_field(parts, "b"))
    if (first > 12).any() and (second > 12).any():
        return Unclear("day and month change places", int(np.flatnonzero(second > 12)[0]))
    if (first > 12).any():
        found = _assemble(texts, _SLASHES, day="a")
        return found if isinstance(found, Unclear) else Parsed(found.values, "dates were read with the day first")
    if (second > 12).any():
        found = _assemble(texts, _SLASHES, day="b")
        return found if isinstance(found, Unclear) else Parsed(found.values, "dates were read with the month first")
    return Unclear("day and month cannot be told apart", 0)


def _assemble(texts: pa.Array, pattern: str, *, day: str) -> Parsed | Unclear:
    """Return the parts of dates put together in ISO order; impossible dates (30 February) are unclear."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(texts, pattern)

    def field(name: str) -> pa.Array:
        return pc.utf8_lpad(pc.struct_field(parts, name), width=2, padding="0")

    iso = pc.binary_join_element_wise(
        pc.struct_field(parts, "y"), field("b" if day == "a" else "a"), field(day), pa.scalar("-", texts.type)
    )
    clock = pc.struct_field(parts, "clock")
    clock = pc.utf8_lpad(clock, width=5, padding="0")
    timed = pc.not_equal(pc.struct_field(parts, "clock"), "")
    iso = pc.if_else(timed, pc.binary_join_element_wise(iso, clock, pa.scalar(" ", texts.type)), iso)
    return _cast(iso)


def _times(texts: pa.Array) -> Parsed | Unclear:
    """Return times of day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(texts, _TIME)
    hours = _int(pc.struct_field(parts, "h"))
    if (hours > 23).any():
        return Unclear("there is no such time of day", int(np.flatnonzero(hours > 23)[0]))
    seconds = pc.struct_field(parts, "s")
    seconds = np.asarray(pc.cast(pc.if_else(pc.equal(seconds, ""), "0", seconds), pa.float64()))
    whole = (hours * 60 + _int(pc.struct_field(parts, "m"))) * 60_000_000 + np.round(seconds * 1e6).astype(np.int64)
    return Parsed(pc.cast(pa.array(whole, pa.int64()), pa.time64("us")))


def _int(texts: pa.Array) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.cast(texts, pa.int64()))
