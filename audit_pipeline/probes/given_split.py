"""The given split: how far its parts are from alike, beside what could have been attained."""

from __future__ import annotations

import json
from typing import Any

from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe


@probe(
    "given_split",
    question="Are the parts of the given split alike, and could they be more so?",
    inputs=("dataset", "splits"),
    order=41,
    requires=("split",),
)
def given_split(inputs: ProbeInputs) -> list[Evidence]:
    """Report the audit of a split that the user already has (``split:`` in the spec), as the ``splits`` stage made it.

    Parts are alike when each holds its share of every label, every metadata level and every label x level cell; the
    deviation from that is counted in records, over all of them. Uneven parts are no leak and fail nothing, but a figure
    from them compares different populations.

    Metrics
    -------
    ``split_deviation``
        Records by which the parts deviate; one row for all columns together, and one for each column and crossing
        (``level``). The detail has what was attainable with whole subjects and parts of the same sizes.
    ``split_attainable``
        The same for the best split of whole subjects that is known.
    ``split_bound``
        What no split of whole subjects can be below; proven.
    ``split_by_chance``
        About what parts filled with whole subjects by chance would deviate by.
    ``split_absences``
        Labels and metadata levels of which a part has no record; the detail names the most surprising ones.
    """
    stored = json.loads((inputs.folders["splits"] / "splits.json").read_text(encoding="utf-8"))
    given = stored.get("given")
    if not given or "objective" not in given:
        return []
    common: dict[str, Any] = {
        "probe": "given_split",
        "column": given["column"],
        "role": "split",
        "n": sum(part["records"] for part in given["parts"]),
        "n_subjects": given["subjects"],
    }
    attainable = given["attainable_deviation"] or {}
    rows = [
        Evidence(**common, metric="split_deviation", estimate=given["objective"], detail={"says": given["headline"]}),
        Evidence(**common, metric="split_by_chance", estimate=given["at_random"]),
    ]
    if given["attainable"] is not None:
        rows += [
            Evidence(**common, metric="split_attainable", estimate=given["attainable"]),
            Evidence(**common, metric="split_bound", estimate=given["lower_bound"]),
        ]
    rows += [
        Evidence(
            **common,
            metric="split_deviation",
            level=name,
            estimate=deviation,
            detail={"attainable": attainable[name]} if name in attainable else {},
        )
        for name, deviation in given["deviation"].items()
    ]
    rows.append(
        Evidence(**common, metric="split_absences", estimate=given["absences"], detail={"absent": given["absent"]})
    )
    return rows
