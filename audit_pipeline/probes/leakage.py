"""Leakage: copies of records, subjects across a split, and records that give their subject away."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.copies import RICH, chance_agreement, content_groups, groups_across, rich_columns, spread
from audit_pipeline.stats.seeds import generator

MAX_COMPARED = 50_000
"""Near duplicates are looked for among about so many records, of whole subjects."""

MIN_SUBJECTS = 20
MAX_IDENTITY = 4_000
EXPECTED_BY_CHANCE = 0.001
DEALS = 199
SHOWN = 10


@probe(
    "leakage",
    question="Are records copied, does the given split keep subjects and copies apart, and do records give their subject away?",
    inputs=("dataset", "values"),
    order=40,
)
def leakage(inputs: ProbeInputs) -> list[Evidence]:
    """Count copies of records, and what crosses a split that the user already has (``split:`` in the spec).

    Copies are only counted where records that agree by chance are implausible: at most .01 pairs expected if features were
    independent, and only records with three known features that have more than ten values.

    Metrics
    -------
    ``subjects_across``
        Subjects with records in more than one part of the given split. An exact count.
    ``duplicates_across``
        Groups of records with identical features and label in more than one part. An exact count.
    ``duplicates``
        Groups of records with identical features that belong to more than one subject, split or none. ``detail`` has the number of
        records, of groups whose labels differ, and examples.
    ``near_duplicates``
        Pairs of records of different subjects that are nearly the same: so much closer to each other than to any third that at most
        .001 pairs like it are expected by chance, and closer than half of the subjects' own records, where subjects have several.
        ``detail`` has the distances that this was calibrated with.
    ``near_duplicates_across``
        Those of them that stand in different parts of the given split.
    ``subjects_with_several_labels``
        Subjects whose records carry different labels; right for two tissues of a patient, wrong for two copies of one record.
    ``identity_rate``
        Share of records whose nearest record in another record-wise fold is the same subject's. p-value: by shuffling records
        over subjects.
    ``identity_auc``
        AUC of that nearest record for labels dealt to subjects at random, the median over deals with the middle 95% of them. Well
        above .5 means that a split by records lets a model recognise subjects instead of the label.

    References
    ----------
    Facco, d'Errico, Rodriguez and Laio, Estimating the intrinsic dimension of datasets by a minimal neighborhood information,
    Scientific Reports 7 (2017), for the law of distance ratios; Yagis et al., Scientific Reports 11 (2021), and Chaibub Neto et
    al., Detecting the impact of subject characteristics on machine learning-based diagnostic applications, npj Digital Medicine 2
    (2019), for identity; Kapoor and Narayanan, Patterns 4 (2023), for leakage at large.
    """
    data, matrix = inputs.data(), inputs.view("values").matrix
    common: dict[str, Any] = {"probe": "leakage", "n": data.n, "n_subjects": data.n_subjects}
    rows = _subjects(inputs, data, common)
    inputs.progress(1, 4, "copies")
    rich = rich_columns(matrix)
    # A record of which almost nothing is known agrees with every other such record.
    telling = np.flatnonzero((~np.isnan(matrix[:, rich])).sum(axis=1) >= RICH)
    group = content_groups(matrix)
    poor = chance_agreement(matrix, rich, telling, group)
    rows += _copies(inputs, data, group, telling, poor, common)
    inputs.progress(2, 4, "near copies")
    rows += _near_copies(inputs, data, matrix, group, telling, poor, common)
    inputs.progress(3, 4, "identity")
    rows += _identity(inputs, data, matrix, common)
    return rows


def _split(inputs: ProbeInputs, common: dict[str, Any]) -> dict[str, Any]:
    return {**common, "column": inputs.spec.split, "role": "split"}


def _subjects(inputs: ProbeInputs, data: AuditData, common: dict[str, Any]) -> list[Evidence]:
    from audit_pipeline.stats.exchange import varies_within

    if not data.has_subject:
        return []
    rows = []
    if data.split is not None:
        detail = {"split": inputs.spec.split, "what": "subjects stand in more than one part"}
        crossing = groups_across(data.subject, data.split)
        rows.append(Evidence(**_split(inputs, common), metric="subjects_across", estimate=crossing, detail=detail))
    if data.n_subjects < data.n:
        several = int(varies_within(data.label.astype(np.float64), data.subject).sum())
        repeated = int((np.bincount(data.subject) > 1).sum())
        rows.append(
            Evidence(
                **common,
                metric="subjects_with_several_labels",
                estimate=several,
                detail={"subjects_with_several_records": repeated},
            )
        )
    return rows


def _copies(
    inputs: ProbeInputs,
    data: AuditData,
    group: np.ndarray,
    telling: np.ndarray,
    poor: str | None,
    common: dict[str, Any],
) -> list[Evidence]:
    if poor is not None:
        return [Evidence(**common, metric="duplicates", detail={"reason": poor})]
    rows = []
    size = {"n": len(telling), "n_subjects": len(np.unique(data.subject[telling]))}
    group = np.unique(group[telling], return_inverse=True)[1]
    label = data.label[telling]
    if data.split is not None:
        what = "groups of identical records stand in more than one part"
        with_label = np.unique(group * len(data.classes) + label, return_inverse=True)[1]
        rows.append(
            Evidence(
                **{**_split(inputs, common), **size},
                metric="duplicates_across",
                estimate=groups_across(with_label, data.split[telling]),
                detail={"split": inputs.spec.split, "what": what},
            )
        )
    shared = spread(group, data.subject[telling])
    detail = {
        "records": int(shared[group].sum()),
        "groups_with_different_labels": int((shared & spread(group, label)).sum()),
        "examples": _examples(data.row[telling], group, np.flatnonzero(shared)),
    }
    rows.append(Evidence(**{**common, **size}, metric="duplicates", estimate=int(shared.sum()), detail=detail))
    return rows


def _examples(row: np.ndarray, group: np.ndarray, codes: np.ndarray) -> list[list[int]]:
    """Return the numbers of the records of some groups, counted from 1 as read."""
    return sorted([int(number) + 1 for number in np.sort(row[group == code])[:SHOWN]] for code in codes[:SHOWN])


def _near_copies(
    inputs: ProbeInputs,
    data: AuditData,
    matrix: np.ndarray,
    group: np.ndarray,
    telling: np.ndarray,
    poor: str | None,
    common: dict[str, Any],
) -> list[Evidence]:
    from audit_pipeline.models.baselines import Scaler
    from audit_pipeline.models.neighbours import near_pairs
    from audit_pipeline.stats.thinning import whole_subjects

    if poor is not None:
        return [Evidence(**common, metric="near_duplicates", detail={"reason": poor})]
    rng = generator(inputs.spec.seed, "leakage", "near")
    _, codes = np.unique(data.subject[telling], return_inverse=True)
    usable = telling[whole_subjects(codes, MAX_COMPARED, rng)]
    # Identical records are counted elsewhere; here one of them stands for all.
    usable = usable[np.sort(np.unique(group[usable], return_index=True)[1])]
    subjects = len(np.unique(data.subject[usable]))
    if subjects < MIN_SUBJECTS:
        reason = f"{subjects} subjects; at least {MIN_SUBJECTS} are needed to know how close chance brings records"
        return [Evidence(**common, metric="near_duplicates", detail={"reason": reason})]
    z = Scaler.fit(matrix[usable])(matrix[usable])
    found = near_pairs(z, data.subject[usable], EXPECTED_BY_CHANCE, rng)
    pairs = usable[found.pairs]
    size = {"n": len(usable), "n_subjects": subjects}
    detail: dict[str, Any] = {
        "records_of": data.n,
        "largest_distance": found.widest,
        "median_nearest_of_another_subject": found.between,
        "median_nearest_of_the_same_subject": found.within,
        "dimension": round(found.dimension, 3),
        "with_different_labels": int((data.label[pairs[:, 0]] != data.label[pairs[:, 1]]).sum()),
        "examples": [sorted((data.row[pair] + 1).tolist()) for pair in pairs[np.argsort(found.expected)][:SHOWN]],
    }
    rows = [Evidence(**{**common, **size}, metric="near_duplicates", estimate=len(pairs), detail=detail)]
    if data.split is not None:
        across = int((data.split[pairs[:, 0]] != data.split[pairs[:, 1]]).sum())
        what = "pairs of nearly identical records stand in different parts"
        rows.append(
            Evidence(
                **{**_split(inputs, common), **size},
                metric="near_duplicates_across",
                estimate=across,
                detail={"split": inputs.spec.split, "what": what},
            )
        )
    return rows


def _identity(inputs: ProbeInputs, data: AuditData, matrix: np.ndarray, common: dict[str, Any]) -> list[Evidence]:
    """Look whether a split by records would let a model recognise subjects."""
    from audit_pipeline.models.baselines import Scaler
    from audit_pipeline.models.neighbours import nearest_elsewhere
    from audit_pipeline.stats.thinning import whole_subjects

    if not data.has_subject or data.n_subjects == data.n:
        return []
    rng = generator(inputs.spec.seed, "leakage", "identity")
    several = np.flatnonzero((np.bincount(data.subject) > 1)[data.subject])
    _, subject = np.unique(data.subject[several], return_inverse=True)
    kept = whole_subjects(subject, MAX_IDENTITY, rng) if len(several) else several
    _, subject = np.unique(subject[kept], return_inverse=True)
    m = int(subject.max()) + 1 if len(subject) else 0
    if m < 10:
        reason = f"{m} subjects with several records; at least 10 are needed"
        return [Evidence(**common, metric="identity_auc", detail={"reason": reason})]
    chosen = matrix[several[kept]]
    z = Scaler.fit(chosen)(chosen)
    fold = rng.permutation(len(z)) % 5
    partner = nearest_elsewhere(z, fold)
    rate = float((subject[partner] == subject).mean())
    shuffled = [rng.permutation(subject) for _ in range(DEALS)]
    null = np.array([(codes[partner] == codes).mean() for codes in shuffled])
    half = np.arange(m) % 2
    deals = np.stack([rng.permutation(half) for _ in range(DEALS)])
    truth, guess = deals[:, subject], deals[:, subject[partner]]
    right = guess == truth
    # The AUC of a yes-or-no guess is the mean of its two rates of right answers.
    aucs = np.sort(
        [(hit[true == 1].mean() + hit[true == 0].mean()) / 2 for hit, true in zip(right, truth, strict=True)]
    )
    size = {**common, "n": len(z), "n_subjects": m, "view": "nearest record"}
    return [
        Evidence(
            **size,
            metric="identity_rate",
            estimate=rate,
            p_value=float((1 + (null >= rate - 1e-12).sum()) / (1 + DEALS)),
            detail={"by_chance": float(null.mean())},
        ),
        Evidence(
            **size,
            metric="identity_auc",
            estimate=float(np.median(aucs)),
            ci_low=float(np.quantile(aucs, 0.025)),
            ci_high=float(np.quantile(aucs, 0.975)),
            detail={"deals": DEALS, "interval": "the middle 95% of deals"},
        ),
    ]
