"""Leakage: does a split that the user already has keep subjects and identical records apart?"""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe


@probe(
    "leakage",
    question="Does the given split keep subjects and identical records apart?",
    inputs=("dataset", "values"),
    order=40,
)
def leakage(inputs: ProbeInputs) -> list[Evidence]:
    """Count what crosses a split that the user already has (``split:`` in the spec). Exact counts, no statistics.

    Metrics
    -------
    ``subjects_across``
        Subjects with records in more than one part of the split.
    ``duplicates_across``
        Groups of records with identical features and label in more than one part, if they are not one subject's. Only
        counted where two records that agree by chance are implausible: at least three features with more than ten values.
    """
    data = inputs.data()
    if data.split is None:
        return []
    split = data.split.astype(np.int64)
    common: dict[str, Any] = {
        "probe": "leakage",
        "column": inputs.spec.split,
        "role": "split",
        "n": data.n,
        "n_subjects": data.n_subjects,
    }
    rows = []
    if data.has_subject:
        crossing = _groups_across(data.subject, split)
        rows.append(
            Evidence(
                **common,
                metric="subjects_across",
                estimate=crossing,
                detail={"split": inputs.spec.split, "what": "subjects stand in more than one part"},
            )
        )
    matrix = inputs.view("values").matrix
    rich = sum(len(np.unique(matrix[~np.isnan(matrix[:, j]), j])) > 10 for j in range(matrix.shape[1]))
    if rich >= 3:
        content = np.ascontiguousarray(np.column_stack([np.nan_to_num(matrix, nan=-1.7e308), data.label]))
        keys = content.view([("", content.dtype)] * content.shape[1]).reshape(-1)
        _, group = np.unique(keys, return_inverse=True)
        rows.append(
            Evidence(
                **common,
                metric="duplicates_across",
                estimate=_groups_across(group, split),
                detail={"split": inputs.spec.split, "what": "groups of identical records stand in more than one part"},
            )
        )
    return rows


def _groups_across(group: np.ndarray, split: np.ndarray) -> int:
    """Return how many groups have records in more than one part."""
    pairs = np.unique(np.column_stack([group, split]), axis=0)
    return int((np.bincount(pairs[:, 0]) > 1).sum())
