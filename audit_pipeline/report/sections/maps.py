"""Maps of the records: what lies beside what, by label and by each nuisance column, and without a device where that can be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from audit_pipeline.models.maps.table import DrawnMap, Maps
from audit_pipeline.report.figures.scatter import (
    MOST_COLOURS,
    MOST_LINES,
    MOST_SHAPES,
    Groups,
    colour_class,
    grouped,
    scatter,
    sign,
)
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.map_words import caption, left_out, not_made, told, without
from audit_pipeline.report.sections import Section
from audit_pipeline.report.text import lookup

MOST_BLOCKS = 4
MOST_POINTS = 9_000
"""Points that the page has in all its maps, so that it stays light enough for a phone."""


@dataclass(frozen=True)
class Sign:
    """A line of a legend: how a group of points looks, what it is called, how many points it has."""

    name: str
    records: int
    shape: Markup | None = None
    colour: str = ""


@dataclass(frozen=True)
class Picture:
    """A map with the words that stand over it."""

    title: str
    caption: str
    drawn: Markup


@dataclass(frozen=True)
class Block:
    """The maps that are coloured by one column (None: by the label), and what they say in words."""

    column: str | None
    told: tuple[str, ...]
    shapes: tuple[Sign, ...]
    colours: tuple[Sign, ...]
    pictures: tuple[Picture, ...]


def context(folder: AuditFolder) -> Mapping[str, Any]:
    """Return the blocks, the column that was judged worst first, and what is not shown."""
    maps = folder.maps
    if maps is None:
        return {"blocks": None}
    blocks = list(_blocks(folder, maps))
    shown = {block.column for block in blocks}
    hidden = [column.name for column in maps.columns if column.name not in shown] if blocks else []
    return {
        "blocks": blocks,
        "label": str(maps.facts.get("label", "label")),
        "noun": _noun(folder),
        "left_out": left_out(maps),
        "not_made": not_made(maps),
        "hidden": hidden[:20],
        "lines": any(show.own is not None for drawn in maps.drawn for show in drawn.shows),
    }


def _noun(folder: AuditFolder) -> str:
    recorded = any(lookup(folder.verdict.lineage, "spec", medium) for medium in ("image", "audio"))
    return "recording" if recorded else "record"


def _blocks(folder: AuditFolder, maps: Maps) -> Iterator[Block]:
    if not maps.drawn:
        return
    judged = [column for column in (finding.column for finding in folder.findings) if column is not None]
    known = {column.name: column for column in maps.columns}
    order = [*(name for name in dict.fromkeys(judged) if name in known), *(n for n in known if n not in judged)]
    label = str(maps.facts.get("label", "label"))
    shapes = grouped(label, maps.label, maps.classes, most=MOST_SHAPES)
    noun, room = _noun(folder), MOST_POINTS
    for place, name in enumerate(order[:MOST_BLOCKS] or [None]):
        if name is None:
            colours = grouped(label, maps.label, maps.classes, most=MOST_COLOURS)
        else:
            column = known[name]
            colours = grouped(name, column.codes, column.levels, most=MOST_COLOURS, ordered=column.cut)
        wanted = [
            drawn
            for drawn in _in_order(maps)
            if drawn.column == name or (drawn.column is None and _plain(drawn, place))
        ]
        pictures = []
        for drawn in wanted:
            if len(drawn.rows) <= room:
                room -= len(drawn.rows)
                pictures.append(_picture(maps, drawn, shapes, colours, noun=noun))
        if pictures:
            others = [sentence for drawn in wanted if drawn.column and (sentence := without(drawn, noun=noun))]
            said = (*told(wanted[0], name, label, noun=noun, units=_units(maps, wanted[0]), alone=place > 0), *others)
            yield Block(name, said, _shapes(shapes), _colours(colours), tuple(pictures))


def _in_order(maps: Maps) -> list[DrawnMap]:
    """Return Sammon's map, those beside which it is to be seen, and then the others."""
    first = {"sammon": 0, "independent": 1, "pca": 2}
    return sorted(maps.drawn, key=lambda drawn: first.get(drawn.name, 3))


def _plain(drawn: DrawnMap, place: int) -> bool:
    """Tell whether a map that shows everything belongs into a block: all into the first one, Sammon's into each."""
    return place == 0 or drawn.name == "sammon"


def _picture(maps: Maps, drawn: DrawnMap, shapes: Groups, colours: Groups, *, noun: str) -> Picture:
    title, words = caption(drawn, noun=noun)
    column = None if colours.of == shapes.of else colours.of
    rows = drawn.rows
    said = told(drawn, column, shapes.of, noun=noun, units=_units(maps, drawn))
    return Picture(
        title=title,
        caption=words,
        drawn=scatter(
            drawn.points,
            shapes=shapes.take(rows),
            colours=colours.take(rows),
            titles=[f"{noun} {number}" for number in maps.row[rows].tolist()],
            lines=_lines(maps.subject[rows], colours.take(rows).codes) if colours.of != shapes.of else (),
            label=f"{title} of {len(rows):,} {noun}s. {' '.join(said)}",
        ),
    )


def _units(maps: Maps, drawn: DrawnMap) -> int:
    return len(np.unique(maps.subject[drawn.rows]))


def _lines(subject: np.ndarray, level: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs of neighbours in the order of levels, of subjects with records at several of them."""
    order = np.lexsort((level, subject))
    same = subject[order[1:]] == subject[order[:-1]]
    crosses = same & (level[order[1:]] != level[order[:-1]])
    lines = np.column_stack([order[:-1], order[1:]])[crosses]
    if len(lines) > MOST_LINES:
        lines = lines[np.sort(np.random.default_rng(0).choice(len(lines), MOST_LINES, replace=False))]
    return [(int(a), int(b)) for a, b in lines]


def _shapes(groups: Groups) -> tuple[Sign, ...]:
    return tuple(
        Sign(each, size, shape=sign(code))
        for code, (each, size) in enumerate(zip(groups.names, groups.sizes, strict=True))
    )


def _colours(groups: Groups) -> tuple[Sign, ...]:
    return tuple(
        Sign(each, size, colour=colour_class(groups, code))
        for code, (each, size) in enumerate(zip(groups.names, groups.sizes, strict=True))
    )


SECTION = Section(name="maps", title="Map of the records", order=35, template="maps.html.j2", context=context)
