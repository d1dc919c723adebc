"""What a paper says of an audit besides its findings, read from the output folder: who, how many, with which settings.

Everything here may be absent: folders outlive the code that wrote them, and what a folder does not say is not made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.text import lookup

FIELDS = ("label", "subject", "nuisance", "covariates", "image", "audio", "split", "features")


@dataclass(frozen=True)
class Facts:
    """The settings and sizes of an audit.

    Parameters
    ----------
    records, subjects : how many the findings rest on at most; None where no finding says.
    nuisance : declared columns, and those that were read from the headers of files.
    probes : the questions that left evidence, in the evidence's order.
    permutations : smallest and largest number of permutations of the sensor test; None where none was recorded.
    design_permutations : the same of the design test, where its p-values came from permutations.
    questions : how many nuisance columns and pairs of them Holm's correction was over, as far as evidence says.
    """

    folder: AuditFolder
    records: int | None
    subjects: int | None
    nuisance: tuple[str, ...]
    covariates: tuple[str, ...]
    label: str | None
    subject: str | None
    medium: str | None
    split: str | None
    probes: tuple[str, ...]
    looks: tuple[str, ...]
    baselines: tuple[str, ...]
    permutations: tuple[int, int] | None
    design_permutations: tuple[int, int] | None
    design_methods: tuple[str, ...]
    units: tuple[str, ...]
    interactions: int

    @property
    def policy(self) -> Mapping[str, float]:
        """The thresholds of the decision."""
        return self.folder.verdict.policy

    def setting(self, *keys: str) -> Any:
        """Return an entry of the lineage, or None."""
        return lookup(self.folder.verdict.lineage, *keys)


def facts_of(folder: AuditFolder) -> Facts:
    """Collect the facts of an output folder."""
    findings, rows = folder.verdict.findings, folder.book.rows
    spec = lookup(folder.verdict.lineage, "spec")
    spec = spec if isinstance(spec, Mapping) else {}
    judged = tuple(str(finding.column) for finding in findings if finding.role == "nuisance" and finding.column)
    covariates = tuple(str(finding.column) for finding in findings if finding.role == "covariate" and finding.column)
    design = [row for row in rows if row.probe == "design" and row.metric == "association_v" and row.role == "nuisance"]
    sensor = [row for row in rows if row.probe == "sensor" and row.metric.startswith("p_sensor")]
    return Facts(
        folder=folder,
        records=max((finding.n for finding in findings if finding.n), default=None),
        subjects=max((finding.n_subjects for finding in findings if finding.n_subjects), default=None),
        nuisance=judged or _names(spec.get("nuisance")),
        covariates=covariates or _names(spec.get("covariates")),
        label=_name(spec.get("label")),
        subject=_name(spec.get("subject")),
        medium="image" if spec.get("image") else "audio" if spec.get("audio") else None,
        split=_name(spec.get("split")),
        probes=tuple(dict.fromkeys(row.probe for row in rows)),
        looks=tuple(dict.fromkeys(str(name) for row in sensor for name in _names(row.detail.get("probes")))),
        baselines=tuple(dict.fromkeys(row.view for row in rows if row.metric == "auc_pooled" and row.view)),
        permutations=_range(sensor),
        design_permutations=_range(design),
        design_methods=tuple(dict.fromkeys(str(row.detail["method"]) for row in design if row.detail.get("method"))),
        units=tuple(dict.fromkeys(str(row.detail["unit"]) for row in design if row.detail.get("unit"))),
        interactions=sum(1 for row in rows if row.metric == "interaction_v"),
    )


def of_metric(folder: AuditFolder, metric: str) -> Iterator[Evidence]:
    """Yield the evidence of one metric that has an estimate."""
    return (row for row in folder.book.rows if row.metric == metric and row.estimate is not None)


def _range(rows: list[Evidence]) -> tuple[int, int] | None:
    found = [int(row.detail["permutations"]) for row in rows if isinstance(row.detail.get("permutations"), int)]
    return (min(found), max(found)) if found else None


def _name(value: object) -> str | None:
    return str(value) if value not in (None, "") else None


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()
