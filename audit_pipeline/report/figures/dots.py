"""Estimates with their intervals on one scale, with a line at the tolerance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audit_pipeline.report import svg
from audit_pipeline.report.text import NOT_MEASURED, interval, name, number

WIDTH = 360.0
_LEFT, _RIGHT = 8.0, 352.0
_ROW = 40.0
_TRACK = 28.0
_APART = 5.0
_Scale = Callable[[float], float]


@dataclass(frozen=True)
class Value:
    """An estimate with its interval; ``kind`` is a CSS class that colours it."""

    estimate: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "plain"


@dataclass(frozen=True)
class Row:
    """One line of the plot. With ``after``, two values to compare: before above the track, after below it."""

    label: str
    value: Value
    after: Value | None = None


def dot_plot(
    rows: Sequence[Row],
    *,
    start: float,
    stop: float,
    label: str,
    tolerance: float | None = None,
    digits: int = 2,
) -> Markup:
    """Return the plot.

    Parameters
    ----------
    start, stop : the scale; it grows by tenths when an interval leaves it.
    digits : decimals of the figures.
    label : what is shown, for those who do not see it; the figures are added to it.
    """
    start, stop = _scale(rows, start, stop)

    def x(value: float) -> float:
        return _LEFT + (value - start) / (stop - start) * (_RIGHT - _LEFT)

    bottom = _ROW * len(rows) + 4
    parts = _axis(start, stop, x=x, y=bottom)
    height = bottom + 20
    if tolerance is not None and start <= tolerance <= stop:
        parts += _tolerance(tolerance, x=x, rows=len(rows), bottom=bottom)
        height += 18
    spoken = []
    for index, row in enumerate(rows):
        parts += _line(row, y=_ROW * index, x=x, digits=digits)
        spoken.append(f"{name(row.label)}: {_spoken(row, digits=digits)}")
    return svg.picture(parts, width=WIDTH, height=height, label=f"{label}. {'; '.join(spoken)}.", class_="dots")


def _scale(rows: Sequence[Row], start: float, stop: float) -> tuple[float, float]:
    values = [value for row in rows for value in (row.value, row.after) if value is not None]
    ends = [end for value in values for end in (value.estimate, value.low, value.high) if end is not None]
    while ends and min(ends) < start - 1e-9:
        start -= 0.1
    while ends and max(ends) > stop + 1e-9:
        stop += 0.1
    return start, stop


def _axis(start: float, stop: float, *, x: _Scale, y: float) -> list[Markup]:
    parts = [svg.element("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, class_="axis")]
    # Ticks at tenths, every second one where they would crowd; the scale starts and stops at a tenth.
    first, last = round(start * 10), round(stop * 10)
    stride = 1 if last - first <= 6 else 2
    for tenth in range(first, last + 1):
        if (last - tenth) % stride:
            continue
        at = x(tenth / 10)
        anchor = "start" if tenth == first else "end" if tenth == last else "middle"
        edge = {first: 0.0, last: WIDTH}.get(tenth, at)
        parts.append(svg.element("line", x1=at, x2=at, y1=y, y2=y + 4, class_="axis"))
        parts.append(svg.text(f"{tenth / 10:.1f}", x=edge, y=y + 17, text_anchor=anchor, class_="tick"))
    return parts


def _tolerance(value: float, *, x: _Scale, rows: int, bottom: float) -> list[Markup]:
    at = x(value)
    # Across the tracks only: a line through the whole plot would strike through the labels.
    spans = [(_ROW * index + _TRACK - 7, _ROW * index + _TRACK + 7) for index in range(rows)]
    parts = [
        svg.element("line", x1=at, x2=at, y1=a, y2=b, class_="tolerance") for a, b in [*spans, (bottom - 4, bottom + 5)]
    ]
    anchor = "start" if at < WIDTH / 3 else "end" if at > WIDTH * 2 / 3 else "middle"
    told = f"tolerated below {number(value)}"
    parts.append(svg.text(told, x=at, y=bottom + 34, text_anchor=anchor, class_="tick strong"))
    return parts


def _figures(value: Value, *, digits: int) -> str:
    between = interval(value.low, value.high, digits=digits)
    return number(value.estimate, digits=digits) + (f" {between}" if between and value.estimate is not None else "")


def _spoken(row: Row, *, digits: int) -> str:
    shown = _figures(row.value, digits=digits)
    return f"{shown}, then {_figures(row.after, digits=digits)}" if row.after else shown


def _line(row: Row, *, y: float, x: _Scale, digits: int) -> list[Markup]:
    if row.after is None:
        shown = _figures(row.value, digits=digits)
    else:
        # Two intervals in words do not fit a phone; they are drawn, and the tables have them.
        shown = " → ".join(number(value.estimate, digits=digits) for value in (row.value, row.after))
    measured = row.value.estimate is not None or (row.after is not None and row.after.estimate is not None)
    # The figures stand at the right end; the label gets what is left, at about seven units a character.
    room = max(12, int((_RIGHT - _LEFT) / 7) - len(shown) - 2)
    label = name(row.label)
    parts = [
        svg.text(label if len(label) <= room else f"{label[: room - 1]}…", x=_LEFT, y=y + 16),
        svg.text(
            shown if measured else NOT_MEASURED,
            x=_RIGHT,
            y=y + 16,
            text_anchor="end",
            class_="strong" if measured else "muted",
        ),
        svg.element("line", x1=_LEFT, x2=_RIGHT, y1=y + _TRACK, y2=y + _TRACK, class_="track"),
    ]
    if row.after is None:
        return parts + _mark(row.value, y=y + _TRACK, x=x)
    # The later value is drawn first, so that the earlier one stays visible where both agree.
    return parts + _mark(row.after, y=y + _TRACK + _APART, x=x) + _mark(row.value, y=y + _TRACK - _APART + 2, x=x)


def _mark(value: Value, *, y: float, x: _Scale) -> list[Markup]:
    if value.estimate is None:
        return []
    parts = []
    if value.low is not None and value.high is not None:
        span = svg.element("line", x1=x(value.low), x2=x(value.high), y1=y, y2=y, class_=f"span {value.kind}")
        parts.append(span)
    return [*parts, svg.element("circle", cx=x(value.estimate), cy=y, r=5, class_=f"dot {value.kind}")]
