"""Every picture of the page as an SVG file of its own: for a paper, a slide, a drawing program.

The pictures are cut out of the page, so whatever the page shows is here too, and shows the same. Texts were made harmless
when the page was drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from audit_pipeline.report.page import render_page
from audit_pipeline.report.paper import legend
from audit_pipeline.report.paper import markdown as md
from audit_pipeline.report.paper.pictures import Cut, pictures_of
from audit_pipeline.report.paper.stylesheet import style_of

INDEX = "figures.md"
# Pictures that work by a script, or by HTML inside, are none in a file of their own.
_NOT_KEPT = re.compile(r"<(script|foreignobject)\b", re.IGNORECASE)
_BOX = re.compile(r'viewBox="([-\d.]+) ([-\d.]+) ([\d.]+) ([\d.]+)"', re.IGNORECASE)
_MILLIMETRES = 120.0
_MARGIN = 6.0
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"


@dataclass(frozen=True)
class Figure:
    """A picture: its file name, where it stands on the page, its caption, what it shows in words, and the file's text."""

    name: str
    title: str
    caption: str
    label: str
    svg: str


def figures_of(folder: Path) -> tuple[Figure, ...]:
    """Return the pictures of the page of an output folder, in its order.

    Raises
    ------
    DataError : there is no readable ``verdict.json``.
    """
    return cut_out(render_page(folder))


def cut_out(page: str) -> tuple[Figure, ...]:
    """Return the pictures of a page."""
    found, css = pictures_of(page)
    kept = [cut for cut in found if not _NOT_KEPT.search(cut.source) and _BOX.search(cut.source)]
    # Hundreds of files sort by name as they do by number.
    digits = max(2, len(str(len(kept))))
    return tuple(_figure(cut, f"{number:0{digits}d}", css) for number, cut in enumerate(kept, start=1))


def index_of(figures: Sequence[Figure]) -> str:
    """Return a list of the figures with their captions, in Markdown."""
    if not figures:
        return md.document(["# Figures"], ["The page has no pictures."])
    parts: list[list[str]] = [["# Figures"]]
    for figure in figures:
        parts.append([f"## {md.text(figure.name)}"])
        told = " ".join(
            part for part in (f"{figure.title}:" if figure.title else "", figure.caption, figure.label) if part
        )
        parts.append([md.text(told, limit=3_000)])
    return md.document(*parts)


def _figure(cut: Cut, number: str, css: str) -> Figure:
    # The section's own heading says less than the one below it, which names the column.
    headings = cut.headings[1:] or cut.headings
    slug = re.sub(r"[^a-z0-9]+", "-", headings[0].lower() if headings else "").strip("-")[:40].strip("-")
    kind = re.sub(r"[^a-z0-9-]", "", cut.kind)
    name = "-".join(part for part in (number, slug, kind) if part) + ".svg"
    return Figure(name, ", ".join(headings), cut.caption, cut.label, _standalone(cut, css))


def _standalone(cut: Cut, css: str) -> str:
    """Return the picture with its name space, size, title, style and legends inside, on white."""
    opening, _, rest = cut.source.partition(">")
    box = _BOX.search(opening)
    assert box is not None
    left, top, width, height = (float(each) for each in box.groups())
    drawn, deep = legend.draw(cut.legends, css, width=width, top=top + height)
    x, y, wide, tall = left - _MARGIN, top - _MARGIN, width + 2 * _MARGIN, height + deep + 2 * _MARGIN
    place = f'x="{x:g}" y="{y:g}" width="{wide:g}" height="{tall:g}"'
    size = f'width="{_MILLIMETRES:g}mm" height="{_MILLIMETRES * tall / wide:.5g}mm"'
    spaces = f'xmlns="{_SVG}"' + (f' xmlns:xlink="{_XLINK}"' if "xlink:" in rest else "")
    opening = _BOX.sub(f'viewBox="{x:g} {y:g} {wide:g} {tall:g}"', opening).replace("<svg", f"<svg {spaces} {size}", 1)
    tags = cut.tags | {"text", "rect", "circle", "path"}
    style = style_of(css, cut.classes, tags).replace("]]>", "")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}>\n<title>{escape(cut.label, quote=False)}</title>\n'
        f'<style><![CDATA[\n{style}\n]]></style>\n<rect {place} fill="#ffffff"/>\n'
        f"{rest.removesuffix('</svg>')}{''.join(drawn)}</svg>\n"
    )
