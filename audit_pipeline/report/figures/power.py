"""What so many records could have shown: the weakest link that would be noticed, against the number of records."""

from __future__ import annotations

import math
from collections.abc import Callable

from markupsafe import Markup

from audit_pipeline.report import svg
from audit_pipeline.report.text import number

WIDTH, HEIGHT = 360.0, 172.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 30.0, 346.0, 10.0, 128.0
_STEPS = 48


def power_curve(
    *,
    units: int,
    detectable: float,
    unit: str,
    tolerance: float | None = None,
    decides: int | None = None,
    estimate: float | None = None,
) -> Markup:
    """Return the curve of the smallest noticeable V, which falls with the root of the number of units (``docs/method.md``).

    Parameters
    ----------
    units : records, or subjects where several records share one, that this dataset has.
    detectable : the V that so many notice in four of five datasets; it fixes the curve, since V ** 2 * units is constant.
    unit : the plural of what is counted.
    tolerance : the tolerated V; drawn as a line.
    decides : the number of units that would decide, if the dataset does not.
    estimate : the V that was found.
    """
    scale = detectable * math.sqrt(units)
    marked = [units, *([decides] if decides else [])]
    low = 10 ** math.floor(math.log10(max(2.0, min(marked) / 3)))
    high = 10 ** math.ceil(math.log10(max(marked) * 3))

    def x(value: float) -> float:
        return _LEFT + math.log(value / low) / math.log(high / low) * (_RIGHT - _LEFT)

    def y(value: float) -> float:
        return _BOTTOM - min(1.0, value) * (_BOTTOM - _TOP)

    parts = _frame(low, high, x=x, y=y, unit=unit)
    steps = [low * (high / low) ** (step / _STEPS) for step in range(_STEPS + 1)]
    points = " L".join(f"{x(n):.1f},{y(scale / math.sqrt(n)):.1f}" for n in steps)
    parts.append(svg.element("path", d=f"M{points}", class_="curve"))
    told = f"{units:,} {unit} notice a V of {number(detectable)} in four of five datasets"
    if tolerance is not None:
        parts.append(svg.element("line", x1=_LEFT, x2=_RIGHT, y1=y(tolerance), y2=y(tolerance), class_="tolerance"))
        told += f"; tolerated is {number(tolerance)}"
    parts += _upright(x(units), f"{units:,} here", y=_TOP + 8, class_="here")
    parts.append(svg.element("circle", cx=x(units), cy=y(detectable), r=5, class_="dot"))
    if estimate is not None:
        at = svg.element("circle", cx=x(units), cy=y(estimate), r=4.5, class_="found")
        parts.append(svg.element("g", [svg.tooltip(f"found: {number(estimate)}"), at]))
        told += f"; found was {number(estimate)}"
    if decides:
        parts += _upright(x(decides), f"{decides:,} would decide", y=_TOP + 24, class_="decides")
        told += f"; {decides:,} {unit} would decide"
    label = f"The weakest link with the label (V) that would be noticed, against the number of {unit}: {told}."
    return svg.picture(parts, width=WIDTH, height=HEIGHT, label=label, class_="power")


def _frame(
    low: float, high: float, *, x: Callable[[float], float], y: Callable[[float], float], unit: str
) -> list[Markup]:
    parts = [svg.element("line", x1=_LEFT, x2=_RIGHT, y1=_BOTTOM, y2=_BOTTOM, class_="axis")]
    for value in (0.0, 0.5, 1.0):
        parts.append(svg.element("line", x1=_LEFT, x2=_RIGHT, y1=y(value), y2=y(value), class_="track"))
        parts.append(svg.text(f"{value:.1f}", x=_LEFT - 5, y=y(value) + 4, text_anchor="end", class_="tick"))
    first, last = round(math.log10(low)), round(math.log10(high))
    stride = 1 if last - first <= 4 else 2
    for power in range(first, last + 1, stride):
        at = x(10**power)
        anchor = "end" if power == last else "middle"
        parts.append(svg.element("line", x1=at, x2=at, y1=_BOTTOM, y2=_BOTTOM + 4, class_="axis"))
        parts.append(svg.text(f"{10**power:,}", x=at, y=_BOTTOM + 17, text_anchor=anchor, class_="tick"))
    return [*parts, svg.text(unit, x=(_LEFT + _RIGHT) / 2, y=_BOTTOM + 34, text_anchor="middle", class_="tick")]


def _upright(x: float, words: str, *, y: float, class_: str) -> list[Markup]:
    """Return a line at a number of units with its words beside it, on the side that has room."""
    late = x > WIDTH * 0.6
    return [
        svg.element("line", x1=x, x2=x, y1=_TOP, y2=_BOTTOM, class_=class_),
        svg.text(words, x=x + (-8 if late else 8), y=y, text_anchor="end" if late else "start", class_="strong"),
    ]
