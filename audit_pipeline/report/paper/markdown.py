"""Markdown out of texts that strangers wrote: every sign that a renderer would interpret is taken at its word.

A column may be called ``|``, ``<img onerror=...>``, ``@somebody`` or ``=HYPERLINK(...)``. :func:`text` returns source that shows
the same characters in every common dialect (CommonMark, GitHub, pandoc, Jekyll) and does nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from audit_pipeline.report.text import visible

LONGEST = 20_000
"""Characters of a paragraph; what is longer is cut and says so."""

# Any ASCII punctuation may be escaped by a backslash (CommonMark 2.4). These have a meaning inside a line somewhere.
_SIGNS = re.compile(r"[\\`*_\[\]<>|~&$#!^]")
# Jekyll looks for {{ and {% before it reads any Markdown, and takes no notice of backslashes.
_BRACES = {"{": "&#123;", "}": "&#125;"}
# https:// and :smile: become links and pictures on GitHub, www. does too.
_COLON = re.compile(r":(?=[\w/+-])")
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)
# GitHub looks for @somebody and #12 in what is shown, after all escapes are gone: a word joiner, which nobody sees, parts them.
_MENTION = re.compile(r"(?<=@)(?=\w)|(?<=\\#)(?=\d)")
# At the start of a line these begin lists, rules, underlined headings and numbered lists.
_START = re.compile(r"^([-+=])")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")
_FORMULA = re.compile(r"^[=+\-@]")
WORD_JOINER = "\u2060"


def text(value: object, *, limit: int = LONGEST) -> str:
    r"""Return one line of Markdown that shows ``value`` and nothing else, wherever in a line or document it stands.

    >>> text("a|b <b> `x`")
    'a\\|b \\<b\\> \\`x\\`'
    """
    shown = visible(value, limit=limit).strip(" ")
    shown = _SIGNS.sub(lambda found: "\\" + found[0], shown)
    shown = _COLON.sub(r"\\:", shown)
    shown = _WWW.sub(r"\1\\.", shown)
    shown = re.sub(r"[{}]", lambda found: _BRACES[found[0]], shown)
    shown = _START.sub(r"\\\1", shown)
    shown = _NUMBERED.sub(r"\1\\\2", shown)
    return _MENTION.sub(WORD_JOINER, shown)


def cell(value: object, *, limit: int = 200) -> str:
    """Return a cell of a table; what a spreadsheet would take for a formula, once it is pasted there, gets an apostrophe."""
    shown = visible(value, limit=limit).strip(" ")
    return text(f"'{shown}" if _FORMULA.match(shown) else shown, limit=limit + 40)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table of finished cells; a head that starts with ``#`` is of numbers, set flush right."""
    rule = ["---:" if head.startswith("#") else "---" for head in heads]
    lines = [[head.lstrip("#") for head in heads], rule, *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def link(label: str, address: str) -> str:
    """Return a link; both have to be our own words."""
    return f"[{label}](<{address}>)"


def document(*parts: Sequence[str]) -> str:
    """Return parts, each the lines of a block, as a document with one blank line between them."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"
