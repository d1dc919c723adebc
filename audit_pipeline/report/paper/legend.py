"""The legends of a picture, drawn below it: on the page they are lists of HTML, which an SVG file cannot hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from audit_pipeline.report import svg
from audit_pipeline.report.paper.pictures import Entry
from audit_pipeline.report.paper.stylesheet import declarations_of

_LINE = 20.0
_SIGN = 11.0
# About the mean width of a character at the size of figures' text.
_CHARACTER = 7.0
_GAP = 18.0
_LONGEST = 40


def draw(legends: Sequence[Sequence[Entry]], css: str, *, width: float, top: float) -> tuple[list[Markup], float]:
    """Return the elements of the legends from ``top`` downwards, and their height, in units of the picture."""
    parts: list[Markup] = []
    y = top + _LINE
    for legend in legends:
        x = 0.0
        for entry in legend:
            text = entry.text if len(entry.text) <= _LONGEST else f"{entry.text[: _LONGEST - 1]}…"
            sign = _sign(entry, css, x=x, y=y)
            wide = _CHARACTER * len(text) + (_SIGN + 5 if sign is not None else 0)
            if x > 0 and x + wide > width:
                x, y = 0.0, y + _LINE
                sign = _sign(entry, css, x=x, y=y)
            parts += [sign] if sign is not None else []
            parts.append(svg.text(text, x=x + (_SIGN + 5 if sign is not None else 0), y=y))
            x += wide + _GAP
        y += _LINE
    return parts, y - top - _LINE + 4 if legends else 0.0


def _sign(entry: Entry, css: str, *, x: float, y: float) -> Markup | None:
    top = y - _SIGN + 1
    if entry.drawn:
        placed = f'<svg x="{x:g}" y="{top:g}" width="{_SIGN:g}" height="{_SIGN:g}"'
        return Markup(entry.drawn.replace("<svg", placed, 1))  # noqa: S704  (the page escaped it)
    if not entry.swatch:
        return None
    found = declarations_of(css, set(entry.swatch))
    fill = found.get("background", "none")
    if fill == "currentColor":
        fill = found.get("color", "currentColor")
    border = re.fullmatch(r"([\d.]+)px (solid|dashed) (.+)", found.get("border", ""))
    look = f"fill: {fill}"
    if border is not None:
        dashes = "; stroke-dasharray: 3 2" if border[2] == "dashed" else ""
        look += f"; stroke: {border[3]}; stroke-width: {border[1]}{dashes}"
    if "50%" in found.get("border-radius", ""):
        return svg.element("circle", cx=x + _SIGN / 2, cy=top + _SIGN / 2, r=_SIGN / 2, style=look)
    return svg.element("rect", x=x, y=top, width=_SIGN, height=_SIGN, style=look)
