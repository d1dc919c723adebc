"""Unrecorded confounders: do the records fall into groups that no column names, and does the label differ between them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn, load_recordings
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.seeds import generator

if TYPE_CHECKING:
    from audit_pipeline.models.clusters import Clusters
    from audit_pipeline.models.label_study import LabelStudy
    from audit_pipeline.models.label_test import Given, LabelTest
    from audit_pipeline.stats.association import Association
    from audit_pipeline.views.matrix import View

JUDGED, SHOWN = 499, 199
"""Permutations for what a verdict rests on, and for what only explains it."""

HOPELESS = 0.2
"""Clusters with a larger p-value for the label overall are not asked about further: no threshold in use could be reached."""

CANDIDATE = 0.05
"""Up to this p-value a cluster's records are listed, so that it can be declared as a column."""


@probe(
    "unrecorded",
    question="Do the records fall into groups that no column names, and does the label differ between these groups?",
    inputs=("dataset", "values", "views"),
    kinds=("scikitlearn", "parquet"),
    order=36,
)
def unrecorded(inputs: ProbeInputs) -> list[Evidence]:
    """Look for groups of records in each view that should tell nothing of the label, and compare labels between them.

    Clusters are found in one half of the subjects, without the label: the three components in which the view varies most are
    clustered by k-means, into as many clusters (two to five) as have the largest mean silhouette. All other records get the
    cluster whose middle is nearest. A cluster is a candidate for a column that should have been recorded, never a verdict by
    itself: at most it warns, and it says which records to ask about.

    Since no cluster ever saw a label, exchanging labels is exact over all subjects, so the p-value uses them all; half of them
    would only cost power. The size of the association is that in the half in which no cluster was looked for.

    A cluster is made of what the model may see, so that the data reveals it needs no test. Whether the *rest* of the data
    reveals it does: features with no part in the view. If they do, the records of a cluster differ in more than the trace that
    gave them away, as records of another device or site would.

    Metrics
    -------
    ``cluster_association``
        For each view, Cramér's V of cluster and label among the subjects in whom no cluster was looked for, with its 95%
        interval. p-value: cluster and label are independent, over all subjects. ``detail`` tells of the cluster whose labels
        differ most from the rest: ``records``, ``traits`` (means of the view's columns inside and outside), ``typical`` records
        by their number in the data as read, counted from 1, and, for a candidate, all of its ``members``.
    ``cluster_explained``
        For each view and column, the share of the clusters' AUC for the label above one half that is gone within the column, with
        a 95% interval. ``detail`` marks the column that explains most as ``best``.
    ``cluster_persists``
        For each view, the AUC of the label from the clusters within all columns together, declared covariates included. p-value:
        the larger of the overall one and that of "the clusters are independent of the label given all columns".
    ``cluster_readable``
        For each candidate, the AUC with which features that have no part in the view tell its clusters apart within label, by a ridge regression.
        p-value: these features are independent of the cluster given the label.

    References
    ----------
    Eyuboglu et al., Domino: discovering systematic errors with cross-modal embeddings, ICLR 2022, for how seldom a slice that is
    found is the one that was planted; Rousseeuw, Silhouettes, Journal of Computational and Applied Mathematics 20 (1987);
    Bergsma, A bias-correction for Cramér's V, Journal of the Korean Statistical Society 42 (2013); Berrett, Wang, Barber and
    Samworth, JRSS B 82 (2020), for what is given all columns.
    """
    from audit_pipeline.views.known import known_views

    data = inputs.data()
    rows: list[Evidence] = []
    # Groups in what was recorded itself are what a label is about; only its surroundings should show none.
    views = [view for view in known_views(inputs.spec) if view.background]
    for done, declared in enumerate(views):
        inputs.progress(done, len(views), declared.name)
        view, kept = inputs.part("views", declared.name)
        found = _Search.of(inputs, data, view, kept, comparable=declared.marks)
        rows += found.rows(inputs)
    return rows


@dataclass(frozen=True)
class _Search:
    """The clusters of one view.

    ``kept``: (n,) positions of the view's records; ``tested``: (n,) whether no cluster was looked for in them; ``cluster``: (n,)
    codes; ``clusters`` is None where there are none.
    """

    data: AuditData
    view: View
    kept: np.ndarray
    tested: np.ndarray
    clusters: Clusters | None
    cluster: np.ndarray
    folds: int
    seed: int
    comparable: bool

    @classmethod
    def of(cls, inputs: ProbeInputs, data: AuditData, view: View, kept: np.ndarray, *, comparable: bool) -> _Search:
        """Find clusters in half of the subjects, and look up all records."""
        from audit_pipeline.models.clusters import find_clusters

        spec = inputs.spec
        # The same halves for every view.
        first = generator(spec.seed, "unrecorded", "halves").permutation(data.n_subjects) % 2 == 0
        tested = ~first[data.subject[kept]]
        clusters = find_clusters(view.matrix[~tested], comparable=comparable, seed=spec.seed) if view.columns else None
        cluster = clusters.assign(view.matrix) if clusters else np.zeros(len(kept), dtype=np.int64)
        # Numbered without gaps: none of the records in use may be nearest to some middle.
        _, cluster = np.unique(cluster, return_inverse=True)
        return cls(data, view, kept, tested, clusters, cluster, spec.folds, spec.seed, comparable)

    def study(self, records: np.ndarray) -> LabelStudy:
        """Return the label and the columns of the view's records at these positions."""
        from audit_pipeline.models.label_study import LabelStudy

        return LabelStudy.of(
            self.data, self.kept[records], folds=self.folds, seed=self.seed, purpose=f"unrecorded {self.view.name}"
        )

    def rows(self, inputs: ProbeInputs) -> list[Evidence]:
        """Return the evidence on this view."""
        from audit_pipeline.models.cluster_portrait import portrait

        everyone = self.study(np.arange(len(self.kept)))
        common: dict[str, Any] = {"probe": "unrecorded", "view": self.view.name}
        common |= {"n": len(self.kept), "n_subjects": int(everyone.subject.max()) + 1}
        if self.clusters is None or len(np.unique(self.cluster[self.tested])) < 2:
            reason = "the records do not fall into groups in this view" if self.view.columns else "nothing to see"
            return [Evidence(**common, metric="cluster_association", detail={"reason": reason})]
        overall = self._association(everyone.subject, np.arange(len(self.kept)))
        _, half = np.unique(self.data.subject[self.kept[self.tested]], return_inverse=True)
        size = self._association(half, np.flatnonzero(self.tested))
        detail = {
            "clusters": int(self.cluster.max()) + 1,
            "silhouette": round(self.clusters.silhouette, 3),
            "records_of": self.data.n,
            "tested_records": int(self.tested.sum()),
            "tested_subjects": int(half.max()) + 1,
            **portrait(self.data, self.view, self.kept, self.clusters, self.cluster, comparable=self.comparable),
        }
        files = load_recordings(inputs.folders["dataset"])
        if files:
            detail["typical_files"] = [files[number - 1] for number in detail["typical"]]
        if overall.p_value > CANDIDATE:
            del detail["members"]
        rows = [
            Evidence(
                **common,
                metric="cluster_association",
                estimate=size.v,
                ci_low=size.low,
                ci_high=size.high,
                p_value=overall.p_value,
                detail=detail,
            )
        ]
        if overall.p_value > HOPELESS:
            return rows
        persists = self._persists(everyone, overall.p_value, common)
        rows += [*self._explained(everyone, common), persists]
        if persists.p_value is not None and persists.p_value <= CANDIDATE:
            rows.append(self._readable(inputs, everyone, common))
        return rows

    def _association(self, subject: np.ndarray, records: np.ndarray) -> Association:
        from audit_pipeline.stats.association import association, design_units
        from audit_pipeline.stats.basis import rank_basis

        label = self.data.label[self.kept[records]].astype(np.int64)
        numbers = self.data.label_values
        response = None if numbers is None else rank_basis(numbers[self.kept[records]])
        units = design_units(label, len(self.data.classes), subject, self._column(records), response)
        rng = generator(self.seed, "unrecorded", self.view.name, "association", len(records))
        return association(units, rng, JUDGED)

    def _column(self, records: np.ndarray) -> MetadataColumn:
        used, codes = np.unique(self.cluster[records], return_inverse=True)
        return MetadataColumn("cluster", "nuisance", "categorical", tuple(str(k + 1) for k in used), codes)

    def _marks(self) -> np.ndarray:
        return (self.cluster[:, None] == np.arange(int(self.cluster.max()) + 1)[None, :]).astype(np.float64)

    def _persists(self, study: LabelStudy, overall: float, common: dict[str, Any]) -> Evidence:
        from audit_pipeline.models.label_test import label_test

        test = label_test(self._marks(), study.label, study.given_all(JUDGED), study.fold)
        low, high = test.auc.interval(study.subject) if test.auc else (None, None)
        detail: dict[str, Any] = {"given": [column.name for column in study.columns]}
        if test.p_value is None:
            detail["reason"] = "no records of two labels, or of two clusters, are alike in all columns"
        return Evidence(
            **common,
            metric="cluster_persists",
            estimate=test.auc.estimate if test.auc else None,
            ci_low=low,
            ci_high=high,
            # What does not go with the label at all cannot persist.
            p_value=None if test.p_value is None else max(overall, test.p_value),
            detail=detail,
        )

    def _explained(self, study: LabelStudy, common: dict[str, Any]) -> list[Evidence]:
        from audit_pipeline.models.label_study import explained
        from audit_pipeline.models.label_test import label_test

        def test(given: Given) -> LabelTest:
            return label_test(self._marks(), study.label, given, study.fold)

        # Only AUCs are compared here, so one permutation is enough.
        within = (test(study.given_column(position, 1)) for position in range(len(study.columns)))
        return explained(study, test(study.given_nothing(1)), within, "cluster_explained", common)

    def _readable(self, inputs: ProbeInputs, study: LabelStudy, common: dict[str, Any]) -> Evidence:
        from audit_pipeline.models.conditioning import given_strata
        from audit_pipeline.models.label_test import Given, label_test
        from audit_pipeline.stats.basis import column_basis
        from audit_pipeline.stats.exchange import given_label

        values = inputs.view("values")
        rest = [j for j, name in enumerate(values.columns) if not _has_part(name, self.view.columns)]
        detail: dict[str, Any] = {"features": len(rest)}
        if not rest:
            reason = "every feature has a part in the view, so nothing is left to ask"
            return Evidence(**common, metric="cluster_readable", detail={**detail, "reason": reason})
        basis = column_basis(self._column(np.arange(len(self.kept))), study.subject)
        label = study.label.codes
        given = Given.make(
            basis,
            given_strata(basis, given_label(basis.codes, label, study.subject)),
            label,
            generator(self.seed, "unrecorded", self.view.name, "readable"),
            SHOWN,
        )
        # The cluster in the label's place, and the label as the strata.
        test = label_test(values.matrix[self.kept][:, rest], basis, given, study.fold)
        low, high = test.auc.interval(study.subject) if test.auc else (None, None)
        return Evidence(
            **common,
            metric="cluster_readable",
            estimate=test.auc.estimate if test.auc else None,
            ci_low=low,
            ci_high=high,
            p_value=test.p_value,
            detail=detail,
        )


def _has_part(name: str, columns: Sequence[str]) -> bool:
    """Tell whether a column of the values belongs to a feature that the view's columns are about.

    Both are called after their feature, with a blank behind it; a feature whose name begins with another's and a blank is left
    out with it, which errs on the safe side.
    """
    return any(column.startswith(f"{name.split(' = ')[0].removesuffix(' is missing')} ") for column in columns)
