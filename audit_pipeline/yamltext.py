"""Names and values as YAML that reads back as the same text, for proposals and for remedies in messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""What YAML 1.1 readers take for a boolean, a number or nothing."""


def scalar(text: str) -> str:
    """Return a text as a YAML scalar: plain where that is safe, else in double quotes.

    >>> scalar("site"), scalar("no"), scalar("a: b")
    ('site', '"no"', '"a: b"')
    """
    if _PLAIN.fullmatch(text) and text.casefold() not in _NOT_TEXT:
        return text
    # JSON is YAML, but for characters that YAML reads as line ends or refuses to read at all.
    return re.sub(
        "[^\\x20-\\x7e\\xa0-\\u2027\\u202f-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]",
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )


def flow(texts: Iterable[str]) -> str:
    """Return texts as a YAML list on one line.

    >>> flow(["site", "a,b"])
    '[site, "a,b"]'
    """
    return "[" + ", ".join(scalar(text) for text in texts) + "]"
