"""The evidence on one metadata column, gathered for judging."""

from __future__ import annotations

from dataclasses import dataclass

from audit_pipeline.evidence import Evidence, EvidenceBook


@dataclass(frozen=True)
class ColumnFacts:
    """What the probes measured about one column; a missing measurement is None, never a default."""

    column: str
    role: str
    levels: Evidence | None
    association: Evidence | None
    upper: float | None
    kappa: Evidence | None
    overlaps: tuple[Evidence, ...]
    counts: tuple[Evidence, ...]
    sensor: Evidence | None
    separability: tuple[Evidence, ...]
    by_label: tuple[Evidence, ...]
    detectable: float | None
    covariates: tuple[str, ...]
    label_only: Evidence | None
    pooled: Evidence | None
    adjusted: Evidence | None
    inflation: Evidence | None

    @property
    def derived(self) -> bool:
        """Whether the column was read from the headers of the files and not named by the user."""
        return bool(self.levels is not None and self.levels.detail.get("derived"))

    @property
    def p_design(self) -> float | None:
        """p-value of the design edge."""
        return self.association.p_value if self.association else None

    @property
    def p_sensor(self) -> float | None:
        """p-value of the sensor edge; None where nothing could be exchanged."""
        return self.sensor.p_value if self.sensor else None

    @property
    def v(self) -> float | None:
        """Bias-corrected Cramér's V."""
        return self.association.estimate if self.association else None

    @property
    def best(self) -> Evidence | None:
        """The separability of the probe that saw most."""
        return next((row for row in self.separability if row.detail.get("best")), None)

    @property
    def separability_upper(self) -> float | None:
        """The largest one-sided 95% bound over all probes; None unless every probe that ran has one."""
        ran = self.sensor.detail.get("probes", []) if self.sensor else []
        bounds = [row.detail.get("upper") for row in self.separability]
        if not bounds or len(bounds) < len(ran) or any(bound is None for bound in bounds):
            return None
        return max(float(bound) for bound in bounds if bound is not None)


def gather(book: EvidenceBook, column: str, role: str) -> ColumnFacts:
    """Collect the rows about ``column``. Severity is that of the model with the highest pooled AUC."""
    pooled = max(
        book.where(probe="severity", metric="auc_pooled", column=column),
        key=lambda row: row.estimate or 0.0,
        default=None,
    )
    model = pooled.view if pooled else None
    # Given declared covariates as well, where there are any: what a covariate explains is no fault of the column.
    given = book.first(probe="sensor", metric="p_sensor_given_covariates", column=column)
    sensor, separability, detectable = (
        ("p_sensor", "separability_auc", "detectable_auc")
        if given is None
        else ("p_sensor_given_covariates", "separability_given_covariates", "detectable_given_covariates")
    )
    return ColumnFacts(
        column=column,
        role=role,
        levels=book.first(probe="design", metric="levels", column=column),
        association=book.first(probe="design", metric="association_v", column=column),
        upper=_estimate(book.first(probe="design", metric="association_upper", column=column)),
        kappa=book.first(probe="design", metric="metadata_auc", column=column),
        overlaps=tuple(book.where(probe="design", metric="overlap", column=column)),
        counts=tuple(book.where(probe="design", metric="count", column=column)),
        sensor=book.first(probe="sensor", metric=sensor, column=column),
        separability=tuple(book.where(probe="sensor", metric=separability, column=column)),
        covariates=tuple(given.detail.get("covariates", ())) if given else (),
        label_only=next(
            (
                row
                for row in book.where(probe="sensor", metric="separability_auc", column=column)
                if row.detail.get("best")
            ),
            None,
        )
        if given
        else None,
        by_label=tuple(book.where(probe="sensor", metric="separability_label", column=column)),
        detectable=_estimate(book.first(probe="sensor", metric=detectable, column=column, view="values/linear")),
        pooled=pooled,
        adjusted=book.first(probe="severity", metric="auc_adjusted", column=column, view=model) if model else None,
        inflation=book.first(probe="severity", metric="inflation", column=column, view=model) if model else None,
    )


def _estimate(row: Evidence | None) -> float | None:
    return row.estimate if row else None
