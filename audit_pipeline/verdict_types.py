"""What a verdict is made of. ``verdict.py`` makes it, ``report`` shows it, ``lineage`` signs for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 1

Level = Literal["pass", "warn", "inconclusive", "fail"]
LEVELS: tuple[Level, ...] = ("pass", "warn", "inconclusive", "fail")
"""From harmless to harmful; a dataset's verdict is its worst column's."""

Reason = Literal[
    "aliased",
    "confounded",
    "weakly_confounded",
    "associated_unresolved",
    "independent",
    "unseen",
    "undetermined",
    "unrecorded",
    "leakage",
    "covariate",
]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The judgement on one metadata column. A figure is None where it has no meaning; ``next_step`` says why.

    ``headline`` is one plain sentence with its numbers; ``next_step`` one that says what to do; ``notes`` further sentences.
    ``association_*`` is bias-corrected Cramér's V with its 95% interval, ``metadata_auc`` the AUC of the column alone for the
    label, ``overlap`` the smallest overlap of two labels over the column's levels, ``separability_*`` the AUC of the column
    from the data within label, ``inflation*`` the pooled AUC minus the AUC inside levels of the column.
    """

    column: str | None
    role: str
    verdict: Level
    reason: Reason
    headline: str
    next_step: str
    notes: tuple[str, ...] = ()
    association_v: float | None = None
    association_low: float | None = None
    association_high: float | None = None
    metadata_auc: float | None = None
    metadata_auc_low: float | None = None
    metadata_auc_high: float | None = None
    overlap: float | None = None
    p_design: float | None = None
    p_sensor: float | None = None
    p_adjusted: float | None = None
    separability_auc: float | None = None
    separability_low: float | None = None
    separability_high: float | None = None
    separability_probe: str | None = None
    auc_pooled: float | None = None
    auc_adjusted: float | None = None
    auc_adjusted_low: float | None = None
    auc_adjusted_high: float | None = None
    inflation: float | None = None
    inflation_low: float | None = None
    inflation_high: float | None = None
    model: str | None = None
    n: int | None = None
    n_subjects: int | None = None
    min_detectable_v: float | None = None
    n_to_decide: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-able values."""
        return {**asdict(self), "notes": list(self.notes)}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The judgement on a dataset: the worst of its findings, with what it rests on.

    ``lineage`` is filled in by the stage that writes the verdict; ``decide`` leaves it empty, being pure.
    """

    dataset: str
    verdict: Level
    headline: str
    findings: tuple[Finding, ...]
    policy: Mapping[str, float]
    lineage: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``verdict.json``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "dataset": self.dataset,
            "verdict": self.verdict,
            "headline": self.headline,
            "findings": [finding.as_dict() for finding in self.findings],
            "policy": dict(self.policy),
            "lineage": dict(self.lineage),
        }


def from_dict(stored: Mapping[str, Any]) -> Verdict:
    """Read the content of ``verdict.json`` back."""
    known = {f.name for f in fields(Finding)}
    findings = tuple(
        Finding(**{**{k: v for k, v in row.items() if k in known}, "notes": tuple(row.get("notes") or ())})
        for row in stored["findings"]
    )
    return Verdict(
        dataset=stored["dataset"],
        verdict=stored["verdict"],
        headline=stored["headline"],
        findings=findings,
        policy=stored["policy"],
        lineage=stored.get("lineage", {}),
    )


def findings_table(findings: tuple[Finding, ...]) -> pa.Table:
    """Return the content of ``findings.parquet``: one row a metadata column."""
    import pyarrow as pa

    text = {"column", "role", "verdict", "reason", "headline", "next_step", "separability_probe", "model"}
    count = {"n", "n_subjects", "n_to_decide"}
    kinds = {
        f.name: pa.string() if f.name in text else pa.int64() if f.name in count else pa.float64()
        for f in fields(Finding)
    }
    kinds["notes"] = pa.list_(pa.string())
    return pa.Table.from_pylist([finding.as_dict() for finding in findings], schema=pa.schema(list(kinds.items())))
