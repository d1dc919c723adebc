"""The view ``missingness``: which features are missing, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.views.matrix import View
from audit_pipeline.views.table import table_view

MIN_RECORDS = 5
"""A mark that fewer records have (or lack) could only name records."""


@table_view("missingness", empty="no feature is missing in at least 5 records and known in at least 5")
def missingness(columns: Sequence[np.ndarray], info: Sequence[dict[str, Any]]) -> View:
    """Mark where features are missing: one column a feature, 1 missing and 0 known.

    Must not contain: any value of any feature, the label, the subject, metadata columns.

    It may carry label honestly, since doctors order the test that they expect to find something; so on its own it warns.

    Parameters
    ----------
    columns : float64 arrays (NaN for missing) or int32 codes, in the order of ``info``.
    info : name, kind and levels of each column, as the ``dataset`` stage wrote them.
    """
    marks: list[np.ndarray] = []
    names: list[str] = []
    for values, entry in zip(columns, info, strict=True):
        mark = _missing(values, entry)
        if MIN_RECORDS <= int(mark.sum()) <= len(mark) - MIN_RECORDS:
            marks.append(mark.astype(np.float64))
            names.append(f"{entry['name']} is missing")
    n = len(columns[0]) if columns else 0
    return View("missingness", np.column_stack(marks) if marks else np.zeros((n, 0)), tuple(names))


def _missing(values: np.ndarray, entry: dict[str, Any]) -> np.ndarray:
    if not entry["levels"]:
        return np.isnan(values)
    code = entry["levels"].index(MISSING) if MISSING in entry["levels"] else -1
    return np.asarray(values == code)
