"""Finding the pictures of a page: each with the headings it stands under, its caption and its legends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

FIGURE = "figure"
"""The class of pictures; other ``svg`` elements are signs in a legend."""

_HEADINGS = {"h1", "h2", "h3", "h4"}


@dataclass(frozen=True)
class Entry:
    """An entry of a legend: a sign (its classes, or a small ``svg``) and what it means; a heading has neither."""

    text: str
    swatch: tuple[str, ...] = ()
    drawn: str = ""


@dataclass(frozen=True)
class Cut:
    """A picture as the page has it.

    Parameters
    ----------
    source : the ``svg`` element.
    headings : from the section's heading down to the nearest one above; the page's own where no section has begun.
    kind : its first class beside ``figure``.
    classes, tags : all that occur in the element.
    legends : each the entries of one list.
    """

    source: str
    headings: tuple[str, ...]
    caption: str
    label: str
    kind: str
    classes: frozenset[str]
    tags: frozenset[str]
    legends: tuple[tuple[Entry, ...], ...]


def pictures_of(page: str) -> tuple[tuple[Cut, ...], str]:
    """Return the pictures of a page in its order, and its style sheets as one text."""
    finder = _Finder(page)
    finder.feed(page)
    finder.close()
    return tuple(finder.pictures), "\n".join(finder.styles)


@dataclass
class _Drawing:
    """An ``svg`` that is being read."""

    start: int
    own: tuple[str, ...]
    label: str
    depth: int = 1
    classes: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)


@dataclass
class _Item:
    """An entry of a legend that is being read."""

    text: list[str] = field(default_factory=list)
    swatch: tuple[str, ...] = ()
    drawn: str = ""

    def entry(self) -> Entry:
        return Entry(" ".join("".join(self.text).split()), self.swatch, self.drawn)


class _Finder(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.pictures: list[Cut] = []
        self.styles: list[str] = []
        self._lines = [0, *(found.end() for found in re.finditer("\n", page))]
        self._headings: dict[str, str] = {}
        self._caption = ""
        self._reading: str | None = None
        self._text: list[str] = []
        self._drawing: _Drawing | None = None
        self._legends: list[tuple[Entry, ...]] = []
        self._outside = 0
        self._legend: list[Entry] | None = None
        self._item: _Item | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = tuple(values.get("class", "").split())
        if tag == "svg" and self._drawing is None:
            self._drawing = _Drawing(self._at(), classes, values.get("aria-label", ""), depth=0)
        if self._drawing is not None:
            self._drawing.depth += tag == "svg"
            self._drawing.classes |= set(classes)
            self._drawing.tags.add(tag)
        elif tag in _HEADINGS or tag in {"figcaption", "style"}:
            self._reading, self._text = tag, []
        elif tag == "figure":
            # Legends in a figure are its own; those before it are of all figures until the next heading.
            self._caption, self._outside = "", len(self._legends)
        elif tag == "ul" and "legend" in classes:
            self._legend = []
        elif tag == "li" and self._legend is not None:
            self._item = _Item()
        elif "swatch" in classes and self._item is not None:
            self._item.swatch = classes

    def handle_data(self, data: str) -> None:
        if self._drawing is not None:
            return
        if self._item is not None:
            self._item.text.append(data)
        elif self._reading is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._drawing is not None:
            if tag == "svg":
                self._end_of_drawing(self._drawing)
        elif tag == self._reading:
            self._read(tag, "".join(self._text))
            self._reading = None
        elif tag == "figure":
            self._caption, self._legends = "", self._legends[: self._outside]
        elif tag == "li" and self._item is not None and self._legend is not None:
            self._legend.append(self._item.entry())
            self._item = None
        elif tag == "ul" and self._legend is not None:
            self._legends.append(tuple(self._legend))
            self._legend = None

    def _end_of_drawing(self, drawing: _Drawing) -> None:
        drawing.depth -= 1
        if drawing.depth:
            return
        self._drawing = None
        source = self.page[drawing.start : self.page.index(">", self._at()) + 1]
        if FIGURE in drawing.own:
            signs = [entry.drawn for legend in self._legends for entry in legend if entry.drawn]
            self.pictures.append(
                Cut(
                    source=source,
                    headings=tuple(self._headings.values()),
                    caption=self._caption,
                    label=drawing.label,
                    kind=next((each for each in drawing.own if each != FIGURE), FIGURE),
                    classes=frozenset(drawing.classes).union(*(_classes(sign) for sign in signs)),
                    tags=frozenset(drawing.tags),
                    legends=tuple(self._legends),
                )
            )
        elif self._item is not None:
            self._item.drawn = source

    def _read(self, tag: str, content: str) -> None:
        if tag == "style":
            self.styles.append(content)
            return
        content = " ".join(content.split())
        if tag == "figcaption":
            self._caption = content
            return
        # A new heading ends those below it, and the legends that stood there. The page's own says nothing of what follows.
        self._headings = {level: text for level, text in self._headings.items() if "h1" < level < tag} | {tag: content}
        self._legends, self._outside = [], 0

    def _at(self) -> int:
        line, offset = self.getpos()
        return self._lines[line - 1] + offset


def _classes(source: str) -> set[str]:
    return {name for found in re.findall(r'class="([^"]*)"', source) for name in found.split()}
