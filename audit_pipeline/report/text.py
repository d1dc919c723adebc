"""Strings and numbers as people read them, whatever was in the data.

Column names, labels and file names are written by strangers. They may hold escape sequences that repaint a terminal,
marks that turn the reading direction, or ten thousand characters. :func:`visible` makes all of that harmless and seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

NOT_MEASURED = "not measured"

_SHOWN = re.compile(r"[ -~]*")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that print as nothing: fillers, the blank of Braille, variation selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0") | frozenset(map(chr, range(0xFE00, 0xFE10)))
_MARKS_IN_A_ROW = 4
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

# What this package itself writes, for terminals that know ASCII only. Users' words are escaped, not rewritten.
_ASCII = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "→": "->",
        "…": "...",
        "×": "x",
        "±": "+/-",
        "≥": ">=",
        "≤": "<=",
        "≈": "~",
        "·": ",",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "κ": "kappa",
        "α": "alpha",
    }
)


def visible(value: object, *, limit: int = 2_000) -> str:
    r"""Return the value as one line of harmless text.

    Control characters, direction marks, unassigned and invisible characters become escapes such as ``\x1b`` or
    ``\u202e``; a pile of combining marks is cut; text over ``limit`` characters is cut and says how long it was.

    >>> visible("site\x1b[31m\n")
    'site\\x1b[31m\\n'
    """
    text = value if isinstance(value, str) else str(value)
    length = len(text)
    if length > limit:
        text = text[:limit]
    if not _SHOWN.fullmatch(text):
        text = _escape(text)
    return f"{text}… ({length:,} characters)" if length > limit else text


def name(value: object, *, limit: int = 60) -> str:
    """Return a user's name for something (a column, a level, a file), short enough for a table."""
    return visible(value, limit=limit)


def sentence(value: str, columns: Iterable[str | None] = (), *, limit: int = 600) -> str:
    """Return a sentence; monstrous names of columns in it are shortened before the sentence itself is cut."""
    for column in columns:
        if column is not None and len(column) > 60:
            value = value.replace(column, name(column))
    return visible(value, limit=limit)


def _escape(text: str) -> str:
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category in _INVISIBLE or character in _BLANK or marks > _MARKS_IN_A_ROW:
            shown.append(_SHORT.get(character) or _code(character))
        else:
            shown.append(character)
    return "".join(shown)


def _code(character: str) -> str:
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def printable(text: str, encoding: str) -> str:
    """Return text that ``encoding`` can hold: typographic signs are spelt in ASCII, what is left is escaped."""
    if encoding.lower().replace("-", "").startswith("utf"):
        return text
    plain = text.replace("Cramér", "Cramer").translate(_ASCII)
    return plain.encode(encoding, "backslashreplace").decode(encoding)


def number(value: float | None, *, digits: int = 2, signed: bool = False) -> str:
    """Return a figure with a fixed number of decimals, or ``not measured``; minus zero is zero.

    Near certainty there are three: 0.998 and 1 are different claims.
    """
    if value is None:
        return NOT_MEASURED
    if digits == 2 and 0.985 < value < 1:
        digits = 3
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if signed and rounded else f"{rounded:.{digits}f}"


def interval(low: float | None, high: float | None, *, digits: int = 2, signed: bool = False) -> str:
    """Return ``[0.39, 0.51]``, or an empty string when either end is missing."""
    if low is None or high is None:
        return ""
    return f"[{number(low, digits=digits, signed=signed)}, {number(high, digits=digits, signed=signed)}]"


def p_value(value: float | None) -> str:
    """Return ``p = 0.032``, ``p < 0.001`` or ``not measured``."""
    if value is None:
        return NOT_MEASURED
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def count(value: int | None, noun: str = "", plural: str | None = None) -> str:
    """Return ``1 record`` or ``1,025 records``; ``not measured`` for None."""
    if value is None:
        return NOT_MEASURED
    word = noun if value == 1 else (plural or f"{noun}s")
    return f"{value:,} {word}".strip() if noun else f"{value:,}"


def lookup(mapping: Mapping[str, Any], *keys: str) -> Any:
    """Return ``mapping[a][b]...`` or None as soon as a key is absent; stored files may be older than this code."""
    found: Any = mapping
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found
