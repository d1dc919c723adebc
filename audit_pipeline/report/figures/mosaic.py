"""Which labels each level of a column holds: a bar a level, as thick as the level is large, empty cells marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audit_pipeline.report import svg
from audit_pipeline.report.text import count, name

WIDTH = 360.0
_LABELS = 104.0
_AREA = 150.0
_THIN, _GAP = 17.0, 5.0
_EMPTY = 16.0
MAX_LEVELS = 12
MAX_LABELS = 8


@dataclass(frozen=True)
class Counts:
    """Records by level and label, large tables already pooled; ``pooled`` says in words what was."""

    labels: tuple[str, ...]
    levels: tuple[str, ...]
    cells: Mapping[tuple[str, str], int]
    pooled: str = ""

    @property
    def empty(self) -> bool:
        """Whether any level lacks any label."""
        return any(not self.cells.get((level, label)) for level in self.levels for label in self.labels)

    def total(self, level: str) -> int:
        """Records of a level."""
        return sum(self.cells.get((level, label), 0) for label in self.labels)


def pool(cells: Mapping[tuple[str, str], int]) -> Counts:
    """Return the counts of ``(level, label)`` cells with the largest levels and labels kept and the others pooled."""
    by_level: dict[str, int] = {}
    by_label: dict[str, int] = {}
    for (level, label), records in cells.items():
        by_level[level] = by_level.get(level, 0) + records
        by_label[label] = by_label.get(label, 0) + records
    levels, other_levels = _largest(by_level, MAX_LEVELS, "level")
    labels, other_labels = _largest(by_label, MAX_LABELS, "label")
    kept: dict[tuple[str, str], int] = {}
    for (level, label), records in cells.items():
        place = (level if level in levels else other_levels, label if label in labels else other_labels)
        kept[place] = kept.get(place, 0) + records
    pooled = [text for text in (other_levels, other_labels) if text]
    return Counts(
        labels=(*labels, *([other_labels] if other_labels else [])),
        levels=(*levels, *([other_levels] if other_levels else [])),
        cells=kept,
        pooled=" and ".join(pooled),
    )


def _largest(sizes: Mapping[str, int], most: int, noun: str) -> tuple[tuple[str, ...], str]:
    if len(sizes) <= most:
        return tuple(sizes), ""
    largest = set(sorted(sizes, key=lambda key: -sizes[key])[: most - 1])
    return tuple(key for key in sizes if key in largest), f"{len(sizes) - most + 1:,} other {noun}s"


def mosaic(counts: Counts, *, label: str) -> Markup:
    """Return the figure; ``label`` says what is shown, and the shares are added to it in words."""
    total = sum(counts.total(level) for level in counts.levels) or 1
    thick = [max(_THIN, _AREA * counts.total(level) / total) for level in counts.levels]
    tops = [2 + sum(thick[:index]) + _GAP * index for index in range(len(thick))]
    height = 2 + sum(thick) + _GAP * len(thick)
    bars, numbers, spoken = [], [], []
    for level, y, size in zip(counts.levels, tops, thick, strict=True):
        drawn, written = _bar(counts, level, y=y, thick=size)
        bars += drawn
        numbers += written
        spoken.append(f"{name(level)}: " + ", ".join(_share(counts, level, each) for each in counts.labels))
    # The numbers lie over the dashed lines, which lie over the bars.
    parts = [*bars, *_overall(counts, bottom=height - _GAP + 2), *numbers]
    return svg.picture(parts, width=WIDTH, height=height, label=f"{label}. {'; '.join(spoken)}.", class_="mosaic")


def _share(counts: Counts, level: str, label: str) -> str:
    return f"{counts.cells.get((level, label), 0):,} {name(label)}"


def _bar(counts: Counts, level: str, *, y: float, thick: float) -> tuple[list[Markup], list[Markup]]:
    """Return the bar of a level, and the numbers that are written on it."""
    middle = y + thick / 2 + 4.5
    shown = name(level)
    records = counts.total(level)
    parts = [
        svg.element(
            "g",
            [
                svg.tooltip(f"{shown}: {count(records, 'record')}"),
                svg.text(shown if len(shown) <= 15 else f"{shown[:14]}…", x=0, y=middle),
            ],
        )
    ]
    room = WIDTH - _LABELS - _EMPTY * sum(not counts.cells.get((level, label)) for label in counts.labels)
    numbers = []
    x = _LABELS
    for index, label in enumerate(counts.labels):
        held = counts.cells.get((level, label), 0)
        wide = room * held / records if held else _EMPTY
        inner = [
            svg.tooltip(f"{shown}, {name(label)}: {count(held, 'record')}"),
            svg.element(
                "rect",
                x=x + 0.75,
                y=y,
                width=max(0.5, wide - 1.5),
                height=thick,
                class_=f"cell l{index % MAX_LABELS}" if held else "cell empty",
            ),
        ]
        if not held:
            numbers.append(svg.text("0", x=x + wide / 2, y=middle, text_anchor="middle", class_="zero"))
        elif wide >= 8 * len(f"{held:,}") + 6:
            # At the outer ends, clear of the dashed lines, and of the borders that the eye compares with them.
            at, anchor = x + wide / 2, "middle"
            if index == 0:
                at, anchor = x + 5, "start"
            elif index == len(counts.labels) - 1:
                at, anchor = x + wide - 5, "end"
            numbers.append(
                svg.text(f"{held:,}", x=at, y=middle, text_anchor=anchor, class_=f"inside on{index % MAX_LABELS}")
            )
        parts.append(svg.element("g", inner))
        x += wide
    return parts, numbers


def _overall(counts: Counts, *, bottom: float) -> list[Markup]:
    """Dashed lines where the borders would lie if the column said nothing about the label."""
    sizes = [sum(counts.cells.get((level, label), 0) for level in counts.levels) for label in counts.labels]
    total = sum(sizes)
    if not 2 <= len(sizes) <= 4 or not total or len(counts.levels) < 2:
        return []
    lines = []
    for index in range(1, len(sizes)):
        x = _LABELS + (WIDTH - _LABELS) * sum(sizes[:index]) / total
        lines.append(svg.element("line", x1=x, x2=x, y1=0, y2=bottom, class_="overall"))
    return lines


def cells_of(rows: Sequence[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
    """Return ``(level, label) -> records`` from ``(label, level, records)`` rows, in their order."""
    cells: dict[tuple[str, str], int] = {}
    for label, level, records in rows:
        cells[(level, label)] = cells.get((level, label), 0) + records
    return cells
