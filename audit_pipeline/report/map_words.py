"""What a map says, in words: how often neighbours are of one kind beside chance, and how near a subject's records lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from audit_pipeline.models.maps.table import DrawnMap, Maps, Shown
from audit_pipeline.report.text import count, name, number, visible

_TITLES = {
    "pca": "Principal components",
    "sammon": "Sammon map",
    "umap": "UMAP",
}
_CAPTIONS = {
    "pca": "The two directions in which records differ most.",
    "umap": "Keeps neighbours together; how far groups lie apart means little.",
}


def caption(drawn: DrawnMap, *, noun: str) -> tuple[str, str]:
    """Return a map's title and what it is; ``noun`` is what a record is called."""
    if drawn.column is not None:
        of = name(drawn.column)
        return (
            f"Without {of}",
            f"Distances at one level of {of} are kept; a subject's {noun}s at different levels are held together (Maier et al. "
            f"2009). Stress {number(drawn.stress)}.",
        )
    if drawn.name == "sammon":
        return _TITLES[
            "sammon"
        ], f"Keeps distances, near ones before far ones. Stress {number(drawn.stress)}; 0: all kept."
    return _TITLES.get(drawn.name, drawn.name), _CAPTIONS.get(drawn.name, "")


def told(
    drawn: DrawnMap, column: str | None, label: str, *, noun: str, units: int, alone: bool = False
) -> tuple[str, ...]:
    """Return what a map shows, in sentences.

    Parameters
    ----------
    column : what is told of; None for the label.
    units : how many subjects are placed.
    alone : whether the label was told of before.
    """
    sentences = []
    for of in [column] if alone else dict.fromkeys((column, None)):
        shown = _shown(drawn, of)
        if shown is not None and shown.share is not None:
            sentences.append(f"{_company(shown, name(of or label), units, noun)}.")
    near = _shown(drawn, column) if column is not None else None
    if near is not None and near.own is not None:
        sentences.append(
            f"{count(near.subjects, 'subject')} {'was' if near.subjects == 1 else 'were'} recorded at several levels of "
            f"{name(column)}: {_nearness(near, noun)}."
        )
    return tuple(sentences)


def without(drawn: DrawnMap, *, noun: str) -> str:
    """Return what a map shows in which a column's levels are not to be seen."""
    near = _shown(drawn, drawn.column)
    if near is None or near.own is None:
        return ""
    return f"In the map without {name(drawn.column)}: {_nearness(near, noun)}."


def _company(shown: Shown, of: str, n: int, noun: str) -> str:
    assert shown.share is not None
    assert shown.chance is not None
    # Two that are each other's nearest say the same thing twice.
    error = float(np.sqrt(2 * shown.chance * (1 - shown.chance) / n))
    figures = (
        f"{_percent(shown.share)} of nearest neighbours have the same one; by chance {_percent(shown.chance)} would"
    )
    if shown.share <= shown.chance + 3 * error:
        return f"The map does not show {of} beyond chance: {figures}"
    if shown.share < (1 + shown.chance) / 2:
        return f"The map shows something of {of}: {figures}"
    return f"{noun.capitalize()}s keep apart by {of}: {figures}"


def _nearness(shown: Shown, noun: str) -> str:
    assert shown.own is not None
    assert shown.other is not None
    who = f"a subject's {noun}s at different levels lie"
    if shown.own <= shown.other:
        share = _percent(shown.own / shown.other if shown.other else 1.0)
        return f"{who} together, at {share} of the distance to the nearest other subject"
    if not shown.other:
        return f"{who} apart, while other subjects lie on the same point"
    return f"{who} {number(shown.own / shown.other, digits=1)} times as far from each other as from the nearest other subject"


def left_out(maps: Maps) -> str:
    """Say which records are in no map."""
    left = maps.facts.get("left_out")
    if not isinstance(left, int) or not left:
        return ""
    drawn = "drawn at random" if not maps.facts.get("has_subject") else "of subjects drawn at random"
    whole = "" if maps.facts.get("whole_subjects", True) else "; of some subjects only a part"
    return f"{len(maps.row):,} records {drawn} are placed, {left:,} are not{whole}."


def not_made(maps: Maps) -> list[str]:
    """Say which maps are not there, and why."""
    why = maps.facts.get("not_made")
    if not isinstance(why, Mapping):
        return []
    titles = {"pca": "No map", "umap": "No UMAP"}
    return [
        f"{titles.get(str(key), f'No map {visible(key, limit=90)}')}: {visible(reason, limit=300)}."
        for key, reason in list(why.items())[:12]
    ]


def _shown(drawn: DrawnMap, column: str | None) -> Shown | None:
    return next((shown for shown in drawn.shows if shown.column == column), None)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
