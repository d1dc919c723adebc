"""A figure with its interval as one line of characters: how large, how sure, and on which side of the tolerance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Glyphs:
    """The signs that a panel draws with."""

    track: str
    span: str
    dot: str
    mark: str
    crossed: str
    arrow: str
    unicode: bool


UNICODE = Glyphs(track="·", span="━", dot="●", mark="┊", crossed="╂", arrow="→", unicode=True)
ASCII = Glyphs(track=".", span="=", dot="O", mark="|", crossed="+", arrow="->", unicode=False)


def gauge(
    *,
    estimate: float | None,
    low: float | None,
    high: float | None,
    start: float,
    stop: float,
    tolerance: float | None,
    width: int,
    glyphs: Glyphs,
) -> str:
    """Draw ``estimate`` and its interval between ``start`` and ``stop``, with a mark at the tolerance.

    Values outside the scale are drawn at its end. An estimate of None gives an empty string: there is nothing to see.
    """
    if estimate is None:
        return ""

    def cell(value: float) -> int:
        share = (value - start) / (stop - start)
        return min(width - 1, max(0, round(share * (width - 1))))

    cells = [glyphs.track] * width
    if low is not None and high is not None:
        for index in range(cell(low), cell(high) + 1):
            cells[index] = glyphs.span
    if tolerance is not None:
        index = cell(tolerance)
        cells[index] = glyphs.crossed if cells[index] == glyphs.span else glyphs.mark
    cells[cell(estimate)] = glyphs.dot
    return "".join(cells)
