"""One dataset through the whole audit, by its public interface, and what came out beside what is true."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.truth.case import Case, ColumnTruth
from benchmarks.truth.plan import Part
from benchmarks.truth.recordings import folder

FIGURES = (
    "association_v", "association_low", "association_high",
    "metadata_auc", "metadata_auc_low", "metadata_auc_high",
    "separability_auc", "separability_low", "separability_high", "separability_probe",
    "auc_pooled", "auc_adjusted", "auc_adjusted_low", "auc_adjusted_high",
    "inflation", "inflation_low", "inflation_high",
    "p_design", "p_sensor", "p_adjusted", "overlap", "min_detectable_v", "n_to_decide",
)  # fmt: skip
"""Figures of a finding that are kept."""

MOST_ASKED = 5_000
"""A dataset with more records than this is not drawn to check the number that an audit asked for."""

Row = dict[str, Any]


def examine(part: Part, replicate: int) -> list[Row]:
    """Return one row a finding of the audit of one dataset, the dataset's own facts repeated in each.

    For families of kind ``decision`` with an undecided verdict, the same family is drawn and audited again at the number of records
    that the finding asked for; ``decided`` says whether that did decide.
    """
    case = part.family.case(part.cell, part.n, replicate)
    verdict, findings, seconds = run_audit(case, seed=replicate)
    asked = max((row["n_to_decide"] or 0 for row in findings), default=0) or None
    decided = None
    if part.family.kind == "decision" and verdict == "inconclusive" and asked is not None and asked <= MOST_ASKED:
        again = part.family.case(part.cell, int(asked), replicate)
        decided = run_audit(again, seed=replicate)[0] != "inconclusive"
    facts: Row = {
        "family": part.family.name,
        "cell": part.position,
        "n": part.n,
        "replicate": replicate,
        "answer": case.answer,
        "verdict": verdict,
        "asked": asked,
        "decided": decided,
        "seconds": seconds,
        "peak_mb": peak_megabytes(),
        "code": code_version(),
    }
    nothing = ColumnTruth(shortcut=False)
    rows = []
    for finding in findings:
        truth = case.columns.get(finding["column"] or "", nothing)
        rows.append(
            {
                **facts,
                "true_v": truth.v,
                "true_kappa": truth.kappa,
                "true_readable": truth.readable,
                "true_shortcut": truth.shortcut,
                "column": finding["column"],
                "role": finding["role"],
                "finding": finding["verdict"],
                "reason": finding["reason"],
                **{name: finding[name] for name in FIGURES},
            }
        )
    return rows


def run_audit(case: Case, seed: int) -> tuple[str, list[Mapping[str, Any]], float]:
    """Return verdict, findings and seconds of the whole audit.

    Recordings are written to a temporary folder first. The linear baseline alone is trained: no nuisance column is judged by a
    baseline, and the others cost as much as all the rest.
    """
    from audit_pipeline import audit

    with TemporaryDirectory(prefix="truth-") as place:
        data = case.frame if case.files is None else folder.write(case, Path(place))
        start = time.perf_counter()
        result = audit(data, **case.arguments, baselines="linear", seed=seed, workers=1)
        seconds = time.perf_counter() - start
    return result.verdict, [finding.as_dict() for finding in result.details.findings], seconds


@cache
def code_version() -> str:
    """Return a digest of the library's sources as this process found them."""
    from audit_pipeline import digests

    return digests.of_code()[:12]


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
