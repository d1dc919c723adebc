"""What a person needs to recognise a cluster: how large it is, how it differs, how labels differ, which records are typical."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData
from audit_pipeline.models.clusters import Clusters
from audit_pipeline.views.matrix import View

TYPICAL = 10
TRAITS = 5
TELLING = 3
"""A column in which a cluster differs by less than the most telling one over this says little beside it."""


def portrait(
    data: AuditData, view: View, kept: np.ndarray, clusters: Clusters, cluster: np.ndarray, *, comparable: bool
) -> dict[str, Any]:
    """Return JSON-able facts about the cluster whose labels differ most from those of the rest; of two clusters, the smaller.

    Parameters
    ----------
    kept : (n,) positions in ``data`` of the view's records.
    cluster : (n,) codes.
    comparable : whether the view's columns are in one unit; if not, traits are told in standard deviations.

    Returns
    -------
    ``cluster`` (counted from 1), ``records``, ``label`` (the class that is most over-represented inside), ``share_inside``,
    ``share_outside`` of that class, ``traits``, ``typical`` and ``members``: numbers of records in the data as read, counted from 1.
    """
    label, number = data.label[kept], data.row[kept] + 1
    table = np.zeros((len(data.classes), int(cluster.max()) + 1))
    np.add.at(table, (label, cluster), 1.0)
    of_label, of_cluster = table.sum(axis=1, keepdims=True), table.sum(axis=0)
    expected = of_label * of_cluster / table.sum()
    # Adjusted residuals of the table (Haberman 1973): surplus in standard errors.
    spread = np.sqrt(expected * (1 - of_label / table.sum()) * (1 - of_cluster / table.sum()))
    surplus = (table - expected) / np.maximum(spread, 1e-9)
    # Of two clusters each is the other's rest, and the smaller is the easier to ask about.
    code = int(of_cluster.argmin()) if len(of_cluster) == 2 else int(surplus.max(axis=0).argmax())
    inside = cluster == code
    shown = int(surplus[:, code].argmax())
    nearest = clusters.distances(view.matrix).min(axis=1)
    order = np.flatnonzero(inside)[np.argsort(nearest[inside], kind="stable")]
    # One record a subject: the others of the same subject would be typical together.
    _, first = np.unique(data.subject[kept[order]], return_index=True)
    return {
        "cluster": code + 1,
        "records": int(inside.sum()),
        "label": data.classes[shown],
        "share_inside": round(float((label[inside] == shown).mean()), 4),
        "share_outside": round(float((label[~inside] == shown).mean()), 4),
        "traits": _traits(view, inside, comparable=comparable),
        "typical": sorted(number[order[np.sort(first)[:TYPICAL]]].tolist()),
        "members": sorted(number[inside].tolist()),
    }


def _traits(view: View, inside: np.ndarray, *, comparable: bool) -> list[dict[str, Any]]:
    """Return the columns of the view in which a cluster differs most from the rest, with their means inside and outside.

    Columns of different units are compared, and told, in standard deviations from the mean of all.
    """
    matrix = view.matrix
    with warnings.catch_warnings():
        # A column may have no value at all on one side.
        warnings.simplefilter("ignore", RuntimeWarning)
        if not comparable:
            deviation = np.nanstd(matrix, axis=0)
            matrix = (matrix - np.nanmean(matrix, axis=0)) / np.where(deviation > 0, deviation, np.inf)
        mean_in, mean_out = np.nanmean(matrix[inside], axis=0), np.nanmean(matrix[~inside], axis=0)
    mean_in, mean_out = np.nan_to_num(mean_in), np.nan_to_num(mean_out)
    difference = np.abs(mean_in - mean_out)
    order = np.argsort(-difference, kind="stable")
    traits: dict[tuple[float, float], dict[str, Any]] = {}
    for j in order[difference[order] >= difference[order[0]] / TELLING]:
        means = round(float(mean_in[j]), 4), round(float(mean_out[j]), 4)
        # Columns that say the same (a multiple of ten, a last digit of 0) are told once.
        trait = {"what": view.columns[j], "inside": means[0], "outside": means[1]}
        traits.setdefault(means, trait if comparable else {**trait, "unit": "deviations"})
    return list(traits.values())[:TRAITS]
