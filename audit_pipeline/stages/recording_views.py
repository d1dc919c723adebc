"""The stage ``views`` of recordings: what was seen of them when they were taken in, put into files that probes read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from audit_pipeline.dataset import kinds
from audit_pipeline.dataset.media import FIELDS, PREFIX, Origin
from audit_pipeline.dataset.records import load
from audit_pipeline.parquet import read_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.recordings.matrices import read_look
from audit_pipeline.recordings.names import HEADER_VIEWS, PATTERN, REMAINDER, Medium
from audit_pipeline.stats.thinning import viewed
from audit_pipeline.views.matrix import View, save_part
from audit_pipeline.views.recordings.registry import recording_view
from audit_pipeline.views.values import values_view

EXACT = 2_000
"""Up to so many records the components are exact; of more they are found at random (Halko, Martinsson and Tropp 2011)."""

COMPONENTS = 400
"""Leading components of the remainders: no probe looks at more columns."""


def recording_parts(context: StageContext, medium: Medium) -> dict[str, Any]:
    """Write one file a view, all with the same records, and for images the components of their remainders."""
    folder = context.inputs["dataset"]
    kept = viewed(load(folder).subject, context.spec.seed)
    names = context.spec.views
    for done, name in enumerate(names):
        context.progress(done, len(names), name)
        save_part(context.out / f"{name}.parquet", _view(folder, medium, name, kept), kept)
    if medium == "image":
        context.progress(len(names), len(names), PATTERN)
        save_part(context.out / f"{PATTERN}.parquet", _pattern(folder, kept), kept)
    return {"views": list(names), "records": len(kept)}


def _view(folder: Path, medium: Medium, name: str, kept: np.ndarray) -> View:
    if name not in HEADER_VIEWS:
        matrix = read_look(folder / f"look_{name}.parquet", kept)
        return View(name, matrix, recording_view(medium, name).columns)
    return header_view(folder / "facts.parquet", Origin.RECORDED if name == "file" else Origin.NAME, name, kept)


def header_view(path: Path, origin: Origin, name: str, kept: np.ndarray) -> View:
    """Return the header fields of an origin as a matrix: numbers as they are, texts as marks of their frequent values."""
    table = read_table(path)
    columns: list[np.ndarray] = []
    info: list[dict[str, Any]] = []
    for title in table.column_names:
        field = FIELDS.get(title.removeprefix(PREFIX))
        if field is None or field.origin is not origin:
            continue
        column = table.column(title)
        if field.type == "text":
            factor = kinds.factor(column, "categorical")
            columns.append(factor.codes[kept])
            info.append({"name": title, "kind": "categorical", "levels": list(factor.levels)})
        else:
            columns.append(kinds.numbers(column)[0][kept])
            info.append({"name": title, "kind": "numeric", "levels": []})
    if not columns:
        return View(name, np.zeros((len(kept), 0)), ())
    view = values_view(columns, info)
    varies = np.array([_varies(view.matrix[:, j]) for j in range(view.matrix.shape[1])], dtype=bool)
    return View(name, view.matrix[:, varies], tuple(np.array(view.columns, dtype=object)[varies]))


def _varies(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return len(known) > 1 and bool(known.min() < known.max())


def _pattern(folder: Path, kept: np.ndarray) -> View:
    """Return the leading components of the remainders, each record's scaled to length 1 (Lukas, Fridrich and Goljan 2006).

    A pattern that a sensor leaves in all of its images is a direction in which remainders vary together, so that it stands
    among the leading components however faint it is in one image. No label and no column is looked at.
    """
    stored = read_look(folder / f"look_{REMAINDER}.parquet")
    # Images that are smaller than a remainder fill its centre only.
    filled = stored.any(axis=0)
    if len(stored) != len(kept) or not filled.any():
        return View(PATTERN, np.zeros((len(kept), 0)), ())
    rows = stored[:, filled].astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    np.divide(rows, lengths, out=rows, where=lengths > 0)
    rows -= rows.mean(axis=0)
    if len(rows) <= EXACT:
        values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
        # Products of float32: what is smaller is made of their rounding.
        first = np.flatnonzero(values > 1e-6 * max(values[-1], 1e-300))[::-1][:COMPONENTS]
        scores = vectors[:, first] * np.sqrt(values[first])
    else:
        from sklearn.utils.extmath import randomized_svd

        left, sizes, _ = randomized_svd(rows, min(COMPONENTS, rows.shape[1]), n_iter=2, random_state=0)
        scores = (left * sizes).astype(np.float64)
    # Signs that do not depend on the machine.
    scores = scores * np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])])
    return View(PATTERN, scores, tuple(f"component {k + 1} of the remainders" for k in range(scores.shape[1])))
