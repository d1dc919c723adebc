"""One YAML, one audit."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster.components import scaffold_with
from pydantic import Field

from audit_pipeline.components.scaffold import DatasetAuditScaffolder
from audit_pipeline.errors import SpecError
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.orchestration.checks import FailOn
from audit_pipeline.spec import AuditSpec, parse_spec

SPEC_KEYS = tuple(AuditSpec.model_fields)


@cache
def shared_store(root: str) -> AuditStore:
    """Return one resource object a folder: Dagster merges audits only if they bring the very same one."""
    return AuditStore(root=root)


@scaffold_with(DatasetAuditScaffolder)
class DatasetAudit(dg.Component, dg.Model, dg.Resolvable):
    """Audits a labelled dataset for confounding: does acquisition metadata give the label away?

    The attributes are the keys of an audit's spec, as in ``audit-pipeline run SPEC``, and how it appears in Dagster. It
    builds at most ten assets, a check a metadata column, a blocking check ``gate`` on the verdict, a job and a schedule.
    """

    name: str = Field(description="Names the audit, its Dagster group and its folder of results.")
    data: str | list[str] = Field(
        description="A table (path, glob or list) or a folder of recordings; relative to this YAML."
    )
    label: str = Field(description="Column that models shall predict.")
    subject: str | None = Field(default=None, description="Column with who must never be split (patient, speaker ...).")
    nuisance: str | list[str] = Field(default=[], description="Acquisition metadata that must not influence the label.")
    covariates: str | list[str] = Field(default=[], description="Legitimate influences: reported, never failed.")
    features: str | list[str] | None = Field(default=None, description="Columns that models see; default all others.")
    image: str | None = Field(default=None, description="Column with the path of an image a record; models see these.")
    audio: str | None = Field(default=None, description="The same for sounds.")
    encoder: str | None = Field(
        default=None, description="What recordings mean to a trained model, e.g. timm:resnet18."
    )
    weights: str | None = Field(default=None, description="File with the encoder's weights, relative to this YAML.")
    ignore: str | list[str] = Field(default=[], description="Columns that neither models nor the audit look at.")
    missing: str | float | list[str | float] | dict[str, str | float | list[str | float]] = Field(
        default=[], description="What means a missing value, in all columns or by column, e.g. {chol: 0}."
    )
    order: dict[str, list[str | float]] = Field(
        default={}, description="Levels from low to high, by column, where a label or metadata column has an order."
    )
    label_free: str | list[str] = Field(
        default=[], description="Views that cannot carry the label honestly: missingness, rounding; border, silence ..."
    )
    baselines: str | list[str] = Field(default=[], description="Models to train: linear, trees, network, cnn.")
    split: str | None = Field(default=None, description="Column with a split that exists and shall be audited.")
    policy: dict[str, float] = Field(
        default={}, description="Thresholds of the verdict: alpha, association, separability, overlap, unreadable."
    )
    folds: int = Field(default=5, description="Folds of cross-validation, 2 to 20.")
    seed: int = Field(default=0, description="The same input, spec and seed give the same bytes.")
    schedule: str | None = Field(default=None, description="Cron expression in UTC; the schedule is created stopped.")

    upstream: list[str] = Field(default=[], description="Keys of assets that make the data, e.g. raw/clinic.")
    fail_on: FailOn = Field(default="fail", description="From which verdict on the gate fails the run.")
    key_prefix: list[str] = Field(default=["audit"], description="First parts of the asset keys.")
    owners: list[str] = Field(default=[], description="E-mail addresses, or teams as team:NAME.")
    tags: dict[str, str] = Field(default={}, description="Tags on every asset.")
    root: str = Field(
        default="audits",
        description="Folder for results, relative to the project; the same for all audits of a project.",
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Validate the spec and return the audit's definitions.

        Raises
        ------
        SpecError : in the words of ``audit-pipeline run``.
        """
        return audit_definitions(
            self.spec(context.path),
            store=shared_store(str((context.project_root / self.root).absolute())),
            key_prefix=self.key_prefix,
            upstream=self.upstream,
            fail_on=self.fail_on,
            owners=self.owners,
            tags=self.tags,
        )

    def spec(self, path: Path) -> AuditSpec:
        """Return the spec; ``path`` is the component's folder or file, where relative data paths start."""
        try:
            return parse_spec(self._spec_attributes(), file=path if path.is_file() else path / "defs.yaml")
        except SpecError as error:
            # Without its cause: Dagster prints whole chains, and pydantic's complaint would be the last word.
            raise error from None

    def _spec_attributes(self) -> dict[str, Any]:
        # Only what was written: the spec's own defaults count, also when they change.
        return {key: value for key, value in self.model_dump(exclude_unset=True).items() if key in SPEC_KEYS}
