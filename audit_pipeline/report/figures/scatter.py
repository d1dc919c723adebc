"""A map of records: each a point whose shape tells its label and whose colour tells its level of a column.

No script is needed: a pointer that rests on a point says which record it is. Groups that keep to themselves are named in the map, so
that no colour has to be looked up; the first few colours differ in how light they are as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from audit_pipeline.report import svg
from audit_pipeline.report.text import name

WIDTH = 360.0
_HEIGHT, _LEAST, _MARGIN = 300.0, 120.0, 9.0
MOST_COLOURS, MOST_SHAPES, STEPS = 8, 6, 5
"""Levels and labels that are told apart (the smallest of more are shown together), and parts of a number's range."""

MOST_LINES = 300
_LETTER, _LINE = 8.2, 15.0
"""Width of a letter and height of a line of text, about."""

_NEAR, _KEEPS = 15, 0.25
"""Neighbours that are looked at, and how far above chance, of what is possible, a group's own have to be among them to be named."""

_SIGNS = (
    ("filled circle", "f", "m{-r} 0a{r} {r} 0 1 0 {2r} 0a{r} {r} 0 1 0{-2r} 0z"),
    ("hollow triangle", "h", "m0{-1.2r}l{1.15r} {2r}h{-2.3r}z"),
    ("filled square", "f", "m{-0.9r}{-0.9r}h{1.8r}v{1.8r}h{-1.8r}z"),
    ("hollow diamond", "h", "m0{-1.3r}l{1.1r} {1.3r}{-1.1r} {1.3r}{-1.1r}{-1.3r}z"),
    ("cross", "x", "m{-r}{-r}l{2r} {2r}m0{-2r}l{-2r} {2r}"),
    ("hollow square", "h", "m{-0.9r}{-0.9r}h{1.8r}v{1.8r}h{-1.8r}z"),
)
"""Signs of labels: what each is called, how it is drawn, and its path from the point, in multiples of its size."""


@dataclass(frozen=True)
class Groups:
    """What tells points apart: names of groups, and the group (n,) of each point.

    Parameters
    ----------
    of : what the groups are of: the label's or a column's name.
    ordered : whether the groups go from low to high.
    rest : whether the last one holds all that were too many.
    """

    of: str
    names: tuple[str, ...]
    codes: np.ndarray
    ordered: bool = False
    rest: bool = False

    def take(self, rows: np.ndarray) -> Groups:
        """Return the groups of some points; all names are kept, so that signs are the same in every map."""
        return Groups(self.of, self.names, self.codes[rows], self.ordered, self.rest)

    @property
    def sizes(self) -> list[int]:
        """How many points each group has."""
        return [int(size) for size in np.bincount(self.codes, minlength=len(self.names))]


def grouped(of: str, codes: np.ndarray, names: Sequence[str], *, most: int, ordered: bool = False) -> Groups:
    """Return groups, the smallest pooled into one where there are more than ``most``; groups without a point are dropped."""
    sizes = np.bincount(codes, minlength=len(names))
    largest = np.argsort(-sizes, kind="stable")
    kept = np.sort(largest[: most - 1] if (sizes > 0).sum() > most else largest[: int((sizes > 0).sum())])
    place = np.full(len(names), len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    pooled = int((sizes > 0).sum()) - len(kept)
    shown = [*(names[code] for code in kept), *([f"{pooled:,} others"] if pooled else [])]
    return Groups(of, tuple(shown), place[codes], ordered and not pooled, bool(pooled))


def scatter(
    points: np.ndarray,
    *,
    shapes: Groups,
    colours: Groups,
    titles: Sequence[str],
    lines: Sequence[tuple[int, int]] = (),
    label: str,
) -> Markup:
    """Return the picture.

    Parameters
    ----------
    points : (n, 2) places; a step means as much across as it does up.
    shapes, colours : at most :data:`MOST_SHAPES` and :data:`MOST_COLOURS` groups.
    titles : what a pointer that rests on a point says of it, beside its groups.
    lines : pairs of points to be joined; of more than :data:`MOST_LINES` the first.
    label : what the picture says, for those who do not see it.
    """
    places, height = _on_paper(points)
    size = 3.6 if len(points) <= 300 else 2.9 if len(points) <= 800 else 2.3
    tails = [_tail(sign, size) for _, _, sign in _SIGNS]
    parts = []
    if lines:
        path = "".join(f"M{_pair(places[a])}L{_pair(places[b])}" for a, b in lines[:MOST_LINES])
        parts.append(svg.element("path", d=path, class_="tie"))
    shown = [f"{name(shapes.of, limit=30)} {name(each, limit=30)}" for each in shapes.names]
    coloured = [f"{name(colours.of, limit=30)} {name(each, limit=30)}" for each in colours.names]
    # In no order of the data's: the last points lie on top, and must not all be of one level.
    for point in np.random.default_rng(0).permutation(len(points)).tolist():
        shape, colour = int(shapes.codes[point]), int(colours.codes[point])
        told = [titles[point], shown[shape], *([coloured[colour]] if colours.of != shapes.of else [])]
        parts.append(
            svg.element(
                "path",
                [svg.tooltip(", ".join(told))],
                d=f"M{_pair(places[point])}{tails[shape]}",
                class_=f"{_SIGNS[shape][1]} {colour_class(colours, colour)}",
            )
        )
    parts += _names(places, colours, height)
    return svg.picture(parts, width=WIDTH, height=height, label=label, class_="map")


def sign(shape: int) -> Markup:
    """Return the sign of a label for a legend."""
    called, look, path = _SIGNS[shape]
    drawn = svg.element("path", d=f"M7 7{_tail(path, 4.2)}", class_=look)
    return svg.element("svg", [drawn], viewBox="0 0 14 14", class_="sign", role="img", aria_label=called)


def colour_class(colours: Groups, colour: int) -> str:
    """Return the CSS class of a level's colour: of numbers a step from low to high, else one that stands out."""
    if colours.rest and colour == len(colours.names) - 1:
        return "rest"
    return f"q{colour % STEPS}" if colours.ordered else f"k{colour % MOST_COLOURS}"


def _on_paper(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return places (n, 2) in the picture, and its height."""
    low = points.min(axis=0)
    span = np.maximum(points.max(axis=0) - low, 1e-300)
    room = np.array([WIDTH, _HEIGHT]) - 2 * _MARGIN
    scale = float(np.min(room / span))
    height = max(_LEAST, float(span[1]) * scale + 2 * _MARGIN)
    middle = low + span / 2
    return (points - middle) * [scale, -scale] + [WIDTH / 2, height / 2], height


def _names(places: np.ndarray, colours: Groups, height: float) -> list[Markup]:
    """Return the names of groups that keep to themselves, each where it does; those of others would name everybody."""
    own = _own(places, colours.codes)
    drawn: list[Markup] = []
    taken: list[tuple[float, float, float]] = []
    for code, size in enumerate(colours.sizes):
        rows, chance = np.flatnonzero(colours.codes == code), size / len(places)
        if not 0 < chance < 1 or own[rows].mean() < chance + _KEEPS * (1 - chance):
            continue
        # The middle of where hardly anybody else is, and there the point next to it: a ring has nothing in its middle.
        purest = rows[own[rows] >= own[rows].max() - 0.1]
        at = places[purest[np.linalg.norm(places[purest] - np.median(places[purest], axis=0), axis=1).argmin()]]
        text = name(colours.names[code], limit=24)
        half = _LETTER / 2 * len(text)
        x, y = float(np.clip(at[0], half, max(half, WIDTH - half))), float(np.clip(at[1] + 4, 13, height - 5))
        if any(abs(x - other) < half + wide and abs(y - up) < _LINE for other, up, wide in taken):
            continue
        taken.append((x, y, half))
        drawn.append(svg.text(text, x=x, y=y, text_anchor="middle", class_="level"))
    return drawn


def _own(places: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return for each point the share (n,) of its nearest neighbours that are of its group."""
    near = min(_NEAR, len(places) - 1)
    square = ((places[:, None, :] - places[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    nearest = np.argpartition(square, near - 1, axis=1)[:, :near]
    return np.asarray((codes[nearest] == codes[:, None]).mean(axis=1))


def _tail(sign: str, size: float) -> str:
    """Return the path of a sign, in which ``{1.2r}`` stands for 1.2 sizes."""
    out, rest = "", sign
    while "{" in rest:
        before, _, rest = rest.partition("{")
        factor, _, rest = rest.partition("r}")
        number = float({"": "1", "-": "-1"}.get(factor, factor)) * size
        out += before + f"{round(number, 1):g}"
    return out + rest


def _pair(place: np.ndarray) -> str:
    return f"{round(float(place[0]), 1) + 0.0:g} {round(float(place[1]), 1) + 0.0:g}"
