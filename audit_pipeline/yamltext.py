"""Names and values as YAML that reads back as the same text, for proposals and for remedies in messages."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable

_PLAIN = re.compile(r"(/|(\.\.?/)+)?[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""What YAML 1.1 readers take for a boolean, a number or nothing."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def scalar(text: str) -> str:
    """Return a text as a YAML scalar: plain where that is safe, else in double quotes.

    >>> scalar("site"), scalar("no"), scalar("a: b")
    ('site', '"no"', '"a: b"')
    """
    if _PLAIN.fullmatch(text) and text.casefold() not in _NOT_TEXT:
        return text
    # JSON is YAML, but for characters that YAML reads as line ends, refuses, or shows as something else.
    return "".join(map(_seen, json.dumps(text, ensure_ascii=False)))


def _seen(character: str) -> str:
    if character == " " or unicodedata.category(character) not in _UNSEEN:
        return character
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def flow(texts: Iterable[str]) -> str:
    """Return texts as a YAML list on one line.

    >>> flow(["site", "a,b"])
    '[site, "a,b"]'
    """
    return "[" + ", ".join(scalar(text) for text in texts) + "]"
