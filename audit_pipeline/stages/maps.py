"""Stage ``maps``: the view that a model sees in, a map of the records out, so that a person sees what lies beside what.

Nothing is judged by a map. What one shows is told in figures as well, beside what chance would show.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.dataset.records import AuditData, load, load_info
from audit_pipeline.models.maps.company import company, together
from audit_pipeline.models.maps.components import components
from audit_pipeline.models.maps.sammon import first_two, sammon_map
from audit_pipeline.models.maps.table import Column, DrawnMap, Maps, Shown, save
from audit_pipeline.models.maps.tied import MIN_TIES, linked, tied_map
from audit_pipeline.models.maps.umap_map import umap_installed, umap_map
from audit_pipeline.pipeline import StageContext
from audit_pipeline.stats.basis import is_identifier
from audit_pipeline.stats.seeds import generator
from audit_pipeline.stats.thinning import whole_subjects
from audit_pipeline.threads import one_thread
from audit_pipeline.views.matrix import load_rows

MOST = 1_500
"""Records that are placed. All pairs of them are held in memory, and more points on a page hide each other."""

MOST_TIED = 3
"""Columns that a map of their own is drawn for, in which their levels do not show."""


def run(context: StageContext, *, umap: bool = False) -> dict[str, Any]:
    """Write ``maps.parquet``; ``umap`` tells whether that map was there to be drawn when the graph was made."""
    # Imported before the limit below is set: a thread pool can only be limited once its library is loaded.
    import sklearn.decomposition  # noqa: F401

    data, seed = load(context.inputs["dataset"]), context.spec.seed
    rows = placed(data.subject, seed)
    matrix = load_rows(context.inputs["values"], rows)
    part = _part(data, rows)
    drawing = _Drawing(part, matrix, context)
    with one_thread():
        facts = drawing.plain(umap=umap and umap_installed())
        drawing.independent()
    drawn, missed = drawing.drawn, drawing.missed
    facts |= {
        "records": data.n,
        "placed": len(rows),
        "left_out": data.n - len(rows),
        "has_subject": data.has_subject,
        "whole_subjects": bool(np.isin(data.subject, part.subject).sum() == len(rows)),
        "label": load_info(context.inputs["dataset"])["label"],
        "not_made": missed,
    }
    save(context.out / "maps.parquet", replace(part, drawn=tuple(drawn), facts=facts))
    told = {f"stress of {each.title}": each.stress for each in drawn if each.stress is not None}
    return {"maps": [each.title for each in drawn], "placed": len(rows), "left_out": data.n - len(rows), **told} | (
        {"not made": missed} if missed else {}
    )


def placed(subject: np.ndarray, seed: int) -> np.ndarray:
    """Return the positions of the records that are placed, in order: all, or those of randomly drawn subjects, at most :data:`MOST`.

    Parameters
    ----------
    subject : (n,) codes 0..m-1.
    seed : the audit's.
    """
    rng = generator(seed, "maps")
    rows = whole_subjects(subject, MOST, rng)
    # A few subjects may have more records than there is room for.
    return rows if len(rows) <= MOST else np.sort(rng.choice(rows, MOST, replace=False))


def _part(data: AuditData, rows: np.ndarray) -> Maps:
    """Return what is known of the records that are placed; nuisance columns that name records are no conditions to colour by."""
    columns = []
    for column in data.with_role("nuisance"):
        if not is_identifier(column, data.subject):
            codes, levels = column.strata()
            columns.append(Column(column.name, codes[rows].astype(np.int64), levels, column.codes is None))
    return Maps(
        drawn=(),
        row=data.row[rows],
        subject=data.subject[rows],
        label=data.label[rows].astype(np.int64),
        classes=data.classes,
        columns=tuple(columns),
    )


class _Drawing:
    """Maps as they are made, and why others were not."""

    def __init__(self, part: Maps, matrix: np.ndarray, context: StageContext) -> None:
        self.part, self.matrix, self.context = part, matrix, context
        self.drawn: list[DrawnMap] = []
        self.missed: dict[str, str] = {}

    def plain(self, *, umap: bool) -> dict[str, Any]:
        """Draw the maps that show all that the view does, and return what they are made from."""
        found = components(self.matrix)
        facts = {"view": "values", "components": found.scores.shape[1], "share": found.share}
        if not found.scores.shape[1]:
            self.missed["pca"] = "the records do not differ in what the model sees"
            return facts
        self._add("pca", first_two(found.scores))
        sammon = sammon_map(found.scores, lambda: self._tell("Sammon"))
        self._add("sammon", sammon.points, stress=sammon.stress)
        if not umap:
            self.missed["umap"] = "umap-learn is not installed; the extra audit-pipeline[maps] has it"
            return facts
        self._tell("UMAP")
        try:
            self._add("umap", umap_map(found.scores, self.context.spec.seed))
        except ImportError as error:
            # No audit is lost for a map: its package may not go with another one that is installed here.
            self.missed["umap"] = f"umap-learn cannot be imported: {error}"
        return facts

    def independent(self) -> None:
        """Draw a map for each column at several levels of which subjects were recorded, in which its levels do not show."""
        made = 0
        for column in self.part.columns if self.drawn else ():
            several = together(self.drawn[0].points, self.part.subject, column.codes)
            if column.cut or several is None:
                continue
            title = f"independent of {column.name}"
            links = linked(self.part.subject, column.codes, np.array([level != MISSING for level in column.levels]))
            if links is None:
                self.missed[title] = f"no two levels share {MIN_TIES} of the subjects that are placed"
                continue
            if made == MOST_TIED:
                self.missed[title] = f"such maps are drawn for {MOST_TIED} columns"
                continue
            made += 1
            rows = links.rows
            # A name for each: the search tells of itself while it runs.
            tell = partial(self._tell, title)
            found = tied_map(self.matrix[rows], self.part.subject[rows], column.codes[rows], tell)
            self._add("independent", found.points, rows, column=column.name, stress=found.stress, weight=found.weight)

    def _add(self, name: str, points: np.ndarray, rows: np.ndarray | None = None, **known: Any) -> None:
        where = np.arange(len(self.matrix)) if rows is None else rows
        shows = _shows(points, self.part, where)
        self.drawn.append(DrawnMap(name=name, points=points, rows=where, shows=shows, **known))

    def _tell(self, name: str) -> None:
        self.context.progress(len(self.drawn), 0, name)


def _shows(points: np.ndarray, part: Maps, rows: np.ndarray) -> tuple[Shown, ...]:
    """Return what a map shows of the label and of each column."""
    subject = part.subject[rows]
    kinds: list[tuple[str | None, np.ndarray]] = [(None, part.label)]
    kinds += [(column.name, column.codes) for column in part.columns]
    shown = []
    for name, codes in kinds:
        beside, near = company(points, subject, codes[rows]), together(points, subject, codes[rows])
        shown.append(Shown(name, **(asdict(beside) if beside else {}), **(asdict(near) if near else {})))
    return tuple(shown)
