"""The view ``values``: what a model of the table sees.

Numbers stay as they are, text becomes one-hot levels, and a column with missing values gets a mark that says where. Must not
contain: the label, the subject, metadata columns, the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.views.matrix import View

RARE = 5
"""A level with fewer records is pooled with the other rare ones: its own column could only identify records."""

MOST = 100
"""At most this many levels of a column get a mark of their own; a million records may have a hundred thousand."""


def values_view(columns: Sequence[np.ndarray], info: Sequence[dict[str, Any]]) -> View:
    """Return the matrix (n, p) float64 of feature columns.

    Parameters
    ----------
    columns : float64 arrays (NaN for missing) or int32 codes, in the order of ``info``.
    info : name, kind and levels of each column, as the ``dataset`` stage wrote them.
    """
    parts: list[np.ndarray] = []
    names: list[str] = []
    for values, entry in zip(columns, info, strict=True):
        if entry["levels"]:
            for name, mark in _one_hot(values, entry):
                parts.append(mark)
                names.append(name)
            continue
        parts.append(values)
        names.append(entry["name"])
        missing = np.isnan(values)
        if missing.any():
            parts.append(missing.astype(np.float64))
            names.append(f"{entry['name']} is missing")
    return View("values", np.column_stack(parts), tuple(names))


def _one_hot(codes: np.ndarray, entry: dict[str, Any]) -> list[tuple[str, np.ndarray]]:
    counts = np.bincount(codes, minlength=len(entry["levels"]))
    # Codes follow the canonical order of the records, so that of equally frequent levels the names do not decide.
    frequent = np.argsort(-counts, kind="stable")[:MOST]
    kept = [int(code) for code in np.sort(frequent) if counts[code] >= RARE]
    marks = [
        (
            f"{entry['name']} is missing"
            if entry["levels"][code] == MISSING
            else f"{entry['name']} = {entry['levels'][code]}",
            codes == code,
        )
        for code in kept
    ]
    rare = ~np.isin(codes, kept)
    if rare.sum() >= RARE:
        marks.append((f"{entry['name']} = (rare)", rare))
    # Of two complementary marks one says everything.
    marks = marks[:1] if len(marks) == 2 and bool(np.all(marks[0][1] != marks[1][1])) else marks
    return [(name, mark.astype(np.float64)) for name, mark in marks]
