"""The part of the page's style sheet that a picture needs, so that it looks the same in a file of its own.

A paper is white: the rules for dark screens and for printing are left out, and variables (``var(--ink)``), which Inkscape,
Illustrator and most converters do not know, are replaced by their values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache

from audit_pipeline.report.scoping import blocks

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_NAMES = re.compile(r"\.([\w-]+)")
_TAGS = re.compile(r"(?<![\w.#:-])[a-zA-Z][\w-]*")
# What places a picture on a page; in a file of its own its size is that of the file.
_PLACING = re.compile(
    r"^(display|width|height|(min|max)-\w+|margin.*|padding.*|background.*|border.*|align.*|justify.*)$"
)
FONT = "Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Rule:
    """One selector with its declarations, variables replaced."""

    selector: str
    declarations: tuple[tuple[str, str], ...]

    def applies(self, classes: Set[str], tags: Set[str]) -> bool:
        """Return whether everything that the selector names is in the picture; it names at least one class."""
        named = _NAMES.findall(self.selector)
        bare = _NAMES.sub("", self.selector)
        return bool(named) and set(named) <= classes and set(_TAGS.findall(bare)) <= tags and ":" not in bare


def style_of(css: str, classes: Set[str], tags: Set[str]) -> str:
    """Return the rules of ``css`` that apply inside a picture with these classes and tags, one a line."""
    lines = []
    for rule in _rules(css):
        kept = [f"{name}: {value}" for name, value in rule.declarations if not _PLACING.match(name)]
        if kept and rule.applies(classes, tags):
            lines.append(f"{rule.selector} {{ {'; '.join(kept)} }}")
    return "\n".join(lines)


def declarations_of(css: str, classes: Set[str]) -> dict[str, str]:
    """Return what the rules say together of an element with these classes, wherever it stands."""
    found: dict[str, str] = {}
    for rule in _rules(css):
        if re.fullmatch(r"(\.[\w-]+)+", rule.selector) and rule.applies(classes, frozenset()):
            found |= dict(rule.declarations)
    return found


@lru_cache(maxsize=4)
def _rules(css: str) -> tuple[Rule, ...]:
    """Return the rules outside of @media and the like, one a selector."""
    outer = [(prelude, body) for prelude, body in blocks(_COMMENT.sub("", css)) if not prelude.startswith("@")]
    variables: dict[str, str] = {}
    for prelude, body in outer:
        if prelude == ":root":
            variables |= dict(_declarations(body))
    found = []
    for prelude, body in outer:
        said = tuple((name, _resolved(value, variables)) for name, value in _declarations(body))
        found += [Rule(" ".join(selector.split()), said) for selector in prelude.split(",") if prelude != ":root"]
    return tuple(found)


def _resolved(value: str, variables: dict[str, str]) -> str:
    value = _VARIABLE.sub(lambda found: variables.get(found[1], "currentColor"), value)
    return re.sub(r"system-ui.*", FONT, value)


def _declarations(body: str) -> Iterator[tuple[str, str]]:
    for part in body.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            yield name.strip(), " ".join(value.split())
