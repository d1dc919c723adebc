"""Records whose label is compared at equal values of nothing, of each metadata column, and of all columns together.

What a view says of the label, and what a cluster found in a view says of it, are asked in the same three ways; here is what both
share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.models.conditioning import Conditioning, given_covariates, given_strata
from audit_pipeline.models.crossfit import label_folds
from audit_pipeline.models.label_test import Given, LabelTest, label_basis
from audit_pipeline.stats.auc import clustered_standard_error
from audit_pipeline.stats.basis import ColumnBasis, is_identifier, to_condition_on
from audit_pipeline.stats.exchange import Exchange, given_label
from audit_pipeline.stats.seeds import generator

MIN_EXCESS = 0.02
"""Where an AUC exceeds one half by less there is nothing whose explanation could be shared out."""


@dataclass(frozen=True)
class LabelStudy:
    """Some records of a dataset, with the columns that may explain a trace of the label in them.

    Parameters
    ----------
    label : the label as a basis.
    subject : (n,) codes 0..m-1.
    fold : (n,) folds that never split a subject and see no metadata.
    columns : metadata columns of both roles that vary, identifiers left out.
    records : how many records the dataset has in all.
    purpose : what random numbers are drawn for.
    """

    label: ColumnBasis
    subject: np.ndarray
    fold: np.ndarray
    columns: tuple[MetadataColumn, ...]
    records: int
    seed: int
    purpose: str

    @classmethod
    def of(cls, data: AuditData, kept: np.ndarray, *, folds: int, seed: int, purpose: str) -> LabelStudy:
        """Return the study of the records at the positions ``kept``."""
        codes = data.label[kept].astype(np.int64)
        _, subject = np.unique(data.subject[kept], return_inverse=True)
        columns = [column.take(kept) for column in data.columns if not is_identifier(column, data.subject)]
        return cls(
            label=label_basis(codes, data.classes),
            subject=subject,
            fold=label_folds(codes, subject, folds, seed),
            columns=tuple(column for column in columns if len(np.unique(column.strata()[0])) > 1),
            records=data.n,
            seed=seed,
            purpose=purpose,
        )

    def givens(self, judged: int, shown: int) -> Iterator[Given]:
        """Yield what labels are compared at equal values of: nothing, each column, all columns.

        Parameters
        ----------
        judged, shown : permutations given nothing and given all columns, and given each column.
        """
        yield self.given_nothing(judged)
        for position in range(len(self.columns)):
            yield self.given_column(position, shown)
        yield self.given_all(judged)

    def given_nothing(self, permutations: int) -> Given:
        """Compare labels among all records."""
        everywhere = np.zeros(len(self.subject), dtype=np.int64)
        return self._given(given_strata(self.label, self._exchange()), everywhere, permutations, "nothing")

    def given_column(self, position: int, permutations: int) -> Given:
        """Compare labels at equal values of one column. Levels are strata; what a number says of the label takes a model."""
        column = self.columns[position]
        stratum = column.strata()[0].astype(np.int64)
        conditioning = (
            given_strata(self.label, given_label(self.label.codes, stratum, self.subject))
            if column.codes is not None
            else given_covariates(self.label, self._exchange(), [to_condition_on(column, self.subject)])
        )
        return self._given(conditioning, stratum, permutations, "column", position)

    def given_all(self, permutations: int) -> Given:
        """Compare labels at equal values of all columns together."""
        bases = [to_condition_on(column, self.subject) for column in self.columns]
        exchange = self._exchange()
        together = given_covariates(self.label, exchange, bases) if bases else given_strata(self.label, exchange)
        return self._given(together, _equally_likely(together.expected), permutations, "all")

    def _exchange(self) -> Exchange:
        return given_label(self.label.codes, np.zeros(len(self.subject), dtype=np.int64), self.subject)

    def _given(self, conditioning: Conditioning, stratum: np.ndarray, permutations: int, *what: str | int) -> Given:
        rng = generator(self.seed, self.purpose, *what)
        return Given.make(self.label, conditioning, stratum, rng, permutations)


def explained(
    study: LabelStudy, overall: LabelTest, within: Iterable[LabelTest], metric: str, common: Mapping[str, Any]
) -> list[Evidence]:
    """Return a row a column: the share of the AUC above one half that it explains; ``detail`` marks the one that explains most.

    Parameters
    ----------
    within : the tests within each of the study's columns, asked for only if there is anything to share out.
    common : fields that all rows have.
    """
    if overall.auc is None or overall.auc.estimate < 0.5 + MIN_EXCESS:
        return []
    shares = []
    for column, test in zip(study.columns, within, strict=True):
        share = explained_share(overall, test, study.subject)
        if share is not None:
            shares.append((column, *share))
    best = max((share for _, share, *_ in shares), default=0.0)
    return [
        Evidence(
            **common,
            metric=metric,
            column=column.name,
            role=column.role,
            estimate=share,
            ci_low=low,
            ci_high=high,
            detail={"best": share == best},
        )
        for column, share, low, high in shares
    ]


def explained_share(overall: LabelTest, within: LabelTest, subject: np.ndarray) -> tuple[float, float, float] | None:
    """Return which share of the AUC above one half is gone within a column, at most 1, with its interval.

    The interval is by the delta method over subjects. None where there is nothing to compare within the column.
    """
    if overall.auc is None:
        return None
    if within.auc is None:
        # Nothing of the view is left within the column, or else no two labels meet within it.
        return (1.0, 1.0, 1.0) if within.columns == 0 and within.movable > 0 else None
    excess, left = overall.auc.estimate - 0.5, max(0.0, within.auc.estimate - 0.5)
    error = clustered_standard_error((within.auc.influence - left / excess * overall.auc.influence) / excess, subject)
    share = 1 - left / excess
    return share, share - 1.96 * error, min(1.0, share + 1.96 * error)


def _equally_likely(expected: np.ndarray) -> np.ndarray:
    """Return strata (n,) of records with about the same expected label; ``expected`` (n, classes)."""
    n, classes = expected.shape
    if classes == 2:
        likely = expected[:, 1]
    else:
        centred = expected - expected.mean(axis=0)
        likely = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
    parts = int(np.clip(n // 60, 2, 10))
    # Rounded, so that records with equal columns fall on the same side of a cut whatever the last bits say.
    likely = np.round(likely, 9)
    return np.asarray(np.searchsorted(np.unique(np.quantile(likely, np.linspace(0, 1, parts + 1)[1:-1])), likely))
