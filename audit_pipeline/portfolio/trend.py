"""How verdicts came to be what they are: a row an audit, a tile a verdict, the latest at the right."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from audit_pipeline.portfolio.entries import Entry, Standing
from audit_pipeline.report import svg
from audit_pipeline.report.levels import LOOKS
from audit_pipeline.report.text import name, number
from audit_pipeline.verdict_types import Level

WIDTH = 560.0
MOST_TILES = 12
"""Verdicts shown of each audit, the latest; the history has all."""
MOST_ROWS = 40
"""Audits shown; as worst comes first, those left out are the most harmless."""

_NAMES, _TILE, _ROW, _HEAD = 170.0, 21.0, 27.0, 24.0
_TILES_END = _NAMES + MOST_TILES * _TILE + 6
_COLOURS: dict[Level, str] = {"pass": "#1a6e36", "warn": "#8a5300", "inconclusive": "#6b3fa0", "fail": "#b3261e"}
"""Those of the page on light ground; white signs on them have a contrast of 4.5 or more."""


def trend(standings: Sequence[Standing], history: Sequence[Entry]) -> Markup:
    """Return the figure; ``history`` holds the entries of all audits, of each the oldest first."""
    rows: dict[str, list[Entry]] = {}
    for entry in history:
        rows.setdefault(entry.slug, []).append(entry)
    shown = standings[:MOST_ROWS]
    parts = _heads()
    for index, standing in enumerate(shown):
        parts += _row(standing, rows.get(standing.member.slug, []), y=_HEAD + _ROW * index)
    height = _HEAD + _ROW * len(shown) + 4
    if len(standings) > len(shown):
        parts.append(svg.text(f"and {len(standings) - len(shown):,} more", x=0, y=height + 14, class_="tick"))
        height += 22
    spoken = "; ".join(_spoken(standing, rows.get(standing.member.slug, [])) for standing in shown)
    return svg.picture(parts, width=WIDTH, height=height, label=f"Verdicts over time. {spoken}.", class_="trend")


def _heads() -> list[Markup]:
    return [
        svg.text("audit", x=0, y=14, class_="tick"),
        svg.text("earlier → now", x=_TILES_END - 6, y=14, text_anchor="end", class_="tick"),
        svg.text("V", x=_TILES_END + 44, y=14, text_anchor="end", class_="tick"),
        svg.text("inflation", x=_TILES_END + 112, y=14, text_anchor="end", class_="tick"),
    ]


def _row(standing: Standing, entries: Sequence[Entry], *, y: float) -> list[Markup]:
    middle = y + _ROW / 2 + 4.5
    label = name(standing.member.dataset, limit=22)
    parts = [
        svg.element("line", x1=0, x2=WIDTH, y1=y, y2=y, class_="axis"),
        svg.text(label, x=0, y=middle, class_="strong"),
    ]
    last = entries[-MOST_TILES:]
    for back, entry in enumerate(reversed(last)):
        parts += _tile(entry, x=_TILES_END - 6 - (back + 1) * _TILE, y=y + 4)
    if len(entries) > len(last):
        parts.append(svg.text("…", x=_NAMES - 6, y=middle, text_anchor="end", class_="tick"))
    if standing.entry is None:
        parts.append(svg.text(standing.problem, x=_TILES_END - 6, y=middle, text_anchor="end", class_="muted"))
        return parts
    before = entries[-2].association_v if len(entries) > 1 else None
    figures = (
        (_figure(standing.entry.association_v) + _arrow(before, standing.entry.association_v), 44),
        (_figure(standing.entry.inflation), 112),
    )
    return parts + [svg.text(told, x=_TILES_END + x, y=middle, text_anchor="end") for told, x in figures]


def _tile(entry: Entry, *, x: float, y: float) -> list[Markup]:
    side = _TILE - 3
    # Sign and colour both: neither alone is for everybody.
    sign = f"fill:#ffffff;font-weight:700;font-size:{'12' if entry.verdict != 'warn' else '10'}px"
    return [
        svg.element("rect", x=x, y=y, width=side, height=side, rx=3, fill=_COLOURS[entry.verdict]),
        svg.text(LOOKS[entry.verdict].sign, x=x + side / 2, y=y + side / 2 + 4.5, text_anchor="middle", style=sign),
    ]


def _figure(value: float | None) -> str:
    return "–" if value is None else number(value)


def _arrow(before: float | None, now: float | None) -> str:
    """Return which way a figure went since the verdict before, where two decimals show that it moved."""
    if before is None or now is None or number(before) == number(now):
        return ""
    return " ↑" if now > before else " ↓"


def _spoken(standing: Standing, entries: Sequence[Entry]) -> str:
    told = ", then ".join(entry.verdict for entry in entries[-MOST_TILES:]) or standing.problem
    return f"{name(standing.member.dataset)}: {told}"
