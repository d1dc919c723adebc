"""Missing values in disguise: a cholesterol of 0, an age of 999, a level called "unknown".

Nothing is changed for a suspicion. It becomes a note that names the value, how often it stands there and where, and the line
of the spec that would make it missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from audit_pipeline.dataset.kinds import FEW_NUMBERS, date_name, number_name

_REPEATED = tuple(float(digit * length) for digit in "987" for length in range(2, 8))
STRONG = frozenset({*_REPEATED, *(-value for value in _REPEATED), -9.0, -8.0, -7.0, -99.9, -999.9, -9999.9})
"""Numbers that are typed for "unknown", "refused" and "not applicable", and seldom measured."""

CODES = STRONG | {0.0, -1.0, 1e30, -1e30}
"""As above, with the values that software fills in."""

_SIZES = frozenset(abs(value) for value in STRONG)

LEVEL_CODES = STRONG | {9.0, 8.0}
"""Codes among a handful of levels: 1 male, 2 female, 9 unknown."""

DATE_CODES = frozenset(
    float(np.datetime64(day, "s").astype(np.int64))
    for day in (
        *("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01"),
        *("1970-01-01", "2099-12-31", "2999-12-31", "9999-12-31"),
    )
)

WORDS = frozenset(
    {
        *("?", "??", "-", "--", "---", ".", "..", "...", "*", "/", "_", "x/x", "n.a.", "n.a", "na", "n/a", "nan"),
        *("unknown", "unk", "missing", "not available", "not applicable", "not known", "not recorded", "not reported"),
        *("no data", "no answer", "no information", "undefined", "unspecified", "null", "blank"),
        *("unbekannt", "k.a.", "k. a.", "keine angabe", "keine angaben", "fehlt", "fehlend", "nicht bekannt"),
        *(
            "inconnu",
            "inconnue",
            "non renseigné",
            "manquant",
            "nsp",
            "desconocido",
            "sin dato",
            "sin datos",
            "no consta",
        ),
        *("sconosciuto", "onbekend", "tbd", "n.d.", "nd", "(unknown)", "<unknown>", "[unknown]", "<missing>"),
    }
)
"""Levels that say that nobody knows, case ignored."""

_SIDES = 3
"""Codes at each end of a column: -7, -8 and -9 may stand side by side."""

_NEAR = 10
"""Values beside the suspect that show how dense the column is there, and how frequent its values are."""


@dataclass(frozen=True)
class Suspect:
    """A value that may stand for a missing one.

    Parameters
    ----------
    value : as a number (seconds since 1970 for dates), or None for a word.
    name : as the user knows it.
    count : records that have it.
    """

    value: float | None
    name: str
    count: int

    @property
    def mark(self) -> str:
        """The value as it stands in a spec."""
        return self.name


def means_missing(word: str) -> bool:
    """Return whether a text says that nothing is known."""
    return word.strip().casefold() in WORDS


def suspicious_words(levels: Sequence[str], counts: np.ndarray) -> tuple[Suspect, ...]:
    """Return the levels whose names say that nothing is known. Beside a plus, a minus is a result."""
    signs = any(level.strip() in {"+", "++"} for level in levels)
    return tuple(
        Suspect(value=None, name=level, count=int(count))
        for level, count in zip(levels, counts, strict=True)
        if means_missing(level) and not (signs and level.strip() in {"-", "--"})
    )


def suspicious_numbers(values: np.ndarray, counts: np.ndarray, *, dates: bool = False) -> tuple[Suspect, ...]:
    """Return numbers at either end of a column that lie apart from the rest and are too frequent, or known codes.

    Parameters
    ----------
    values : the different numbers, ascending.
    counts : how often each occurs.
    dates : whether they are dates, whose codes are other ones.
    """
    name = date_name if dates else number_name
    found: list[Suspect] = []
    low, high = 0, len(values)
    for side in ("low", "high"):
        for _ in range(_SIDES):
            if high - low < 3:
                break
            # Both ends look outwards along an ascending axis; the upper one is turned round.
            part, number = values[low:high], counts[low:high]
            if side == "high":
                part, number = -part[::-1], number[::-1]
            value = float(part[0] if side == "low" else -part[0]) + 0.0
            if not _is_suspect(part, number, value, dates=dates):
                break
            found.append(Suspect(value=value, name=name(value), count=int(number[0])))
            low, high = (low + 1, high) if side == "low" else (low, high - 1)
    return tuple(found)


def _is_suspect(part: np.ndarray, number: np.ndarray, value: float, *, dates: bool) -> bool:
    """Judge the first value of ``part``, ascending, against the others."""
    count, codes = int(number[0]), DATE_CODES if dates else CODES
    # Codes come in families: -9 beside -8 must not look like a neighbour of measured values.
    start = 1
    while start < len(part) - 2 and abs(float(part[start])) in _SIZES and not dates:
        start += 1
    rest, frequency = part[start:], number[start:]
    gap = float(rest[0] - part[0])
    if len(rest) <= FEW_NUMBERS:
        width = float(rest[-1] - rest[0])
        return not dates and value in LEVEL_CODES and width <= 20 and gap >= 3 * max(width, 1.0)
    code, strong = value in codes, value in (DATE_CODES if dates else STRONG)
    # All others are zero or more, and this one is -1 or -9: the gap says nothing, the sign does.
    if not dates and code and value < 0 <= float(rest[0]) and (count >= 3 or strong):
        return True
    spread = _spread(rest, frequency)
    if spread <= 0:
        return False
    spacing = float(np.median(np.diff(rest[: _NEAR + 1])))
    usual = float(np.median(frequency[:_NEAR]))
    far = gap / spread
    if gap < 5 * spacing:
        return False
    if code and far >= (3 if count == 1 else 2):
        return True
    # Many are zero and nothing lies between that and 14: that may be no insulin, or none measured.
    if value == 0 and count >= 20 * usual and far >= 0.1:
        return True
    if strong and count >= 3 and count >= 2 * usual and far >= 0.25:
        return True
    return count >= 5 and count >= 5 * usual and gap >= 8 * spacing and far >= (0.75 if code else 1.0)


def _spread(values: np.ndarray, counts: np.ndarray) -> float:
    """Return the distance of the quartiles; of the 5th and 95th percentile where those are equal."""
    share = np.cumsum(counts) / counts.sum()

    def quantile(at: float) -> float:
        return float(values[int(np.searchsorted(share, at))])

    return (quantile(0.75) - quantile(0.25)) or (quantile(0.95) - quantile(0.05))


def concentration(hit: np.ndarray, codes: np.ndarray, levels: Sequence[str]) -> tuple[str, int, int] | None:
    """Return the level in which the suspects lie most, with their number and the level's; None if they lie everywhere.

    A level counts if at least half of its five or more records are suspects, and twice the share of all other records.
    """
    size = np.bincount(codes, minlength=len(levels))
    hits = np.bincount(codes[hit], minlength=len(levels))
    share = np.divide(hits, size, out=np.zeros(len(levels)), where=size >= 5)
    best = int(np.lexsort((hits, share))[-1])
    others = len(codes) - size[best]
    if share[best] < 0.5 or not others or share[best] < 2 * (hits.sum() - hits[best]) / others:
        return None
    return levels[best], int(hits[best]), int(size[best])


def note(column: str, suspect: Suspect, n: int, where: Iterable[tuple[str, str, int, int]], remedy: str) -> str:
    """Return the sentence about a suspect. ``where`` holds nuisance column, level, suspects there, records there."""
    value = suspect.name if suspect.value is not None else repr(suspect.name)
    records = "record" if n == 1 else "records"
    places = "".join(f", {hits:,} of {size:,} at {by} {level!r}" for by, level, hits, size in where)
    return f"{column} = {value} in {suspect.count:,} of {n:,} {records}{places}; if that means missing, add `{remedy}`"
