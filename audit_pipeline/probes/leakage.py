"""Leakage: copies of records, subjects across a split, and records that give their subject away."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.seeds import generator

MANY_VALUES, RICH = 10, 3
"""Records that agree by chance are implausible where three features have more than ten values each."""

MAX_COMPARED = 50_000
"""Near duplicates are looked for among about so many records, of whole subjects."""

MIN_SUBJECTS = 20
MAX_IDENTITY = 4_000
EXPECTED_BY_CHANCE = 0.001
DEALS = 199
SHOWN = 10

AGREEING_BY_CHANCE = 0.01
"""Identical records are counted where at most so many pairs of them are expected if features were independent."""


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
    rich = _rich(matrix)
    # A record of which almost nothing is known agrees with every other such record.
    telling = np.flatnonzero((~np.isnan(matrix[:, rich])).sum(axis=1) >= RICH)
    group = _groups(matrix)
    poor = _too_poor(matrix, rich, telling, group)
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
        crossing = _groups_across(data.subject, data.split)
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


def _rich(matrix: np.ndarray) -> np.ndarray:
    """Return the columns with many distinct known values."""

    def many(values: np.ndarray) -> bool:
        return len(np.unique(values[~np.isnan(values)])) > MANY_VALUES

    # A glance at the first records spares sorting long columns.
    return np.array([j for j in range(matrix.shape[1]) if many(matrix[:2000, j]) or many(matrix[:, j])], dtype=np.int64)


def _groups(matrix: np.ndarray) -> np.ndarray:
    """Return a code (n,) for each distinct record; records with the same code have identical features.

    Rows are told apart by a 64-bit digest, which among a million records mistakes two for one once in ten million audits.
    """
    digest = np.zeros(len(matrix), dtype=np.uint64)
    for j in range(matrix.shape[1]):
        # One bit pattern for all kinds of NaN, and one zero.
        values = np.where(np.isnan(matrix[:, j]), np.nan, matrix[:, j] + 0.0)
        digest = _mixed(digest ^ _mixed(values.view(np.uint64) + np.uint64(j + 1)))
    return np.asarray(np.unique(digest, return_inverse=True)[1]).reshape(-1)


def _mixed(bits: np.ndarray) -> np.ndarray:
    """Spread every bit over all others (the finaliser of splitmix64); arithmetic is modulo 2^64."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def _too_poor(matrix: np.ndarray, rich: np.ndarray, telling: np.ndarray, group: np.ndarray) -> str | None:
    """Say why identical records need not be copies, or return None."""
    if len(rich) < RICH:
        return f"fewer than {RICH} features with more than {MANY_VALUES} values: records may agree by chance"
    if len(telling) < 2:
        return f"fewer than two records with {RICH} such features known: the others may agree by chance"
    # Copies agree for another reason than chance; and a few thousand records tell how often two agree in a feature.
    distinct = telling[np.unique(group[telling], return_index=True)[1]]
    sample = matrix[distinct[:: max(1, len(distinct) // 5000)]]
    pairs = len(telling) * (len(telling) - 1) / 2
    expected = pairs * float(np.prod([_agreement(sample[:, j]) for j in range(matrix.shape[1])]))
    if expected <= AGREEING_BY_CHANCE:
        return None
    return f"about {expected:.2g} pairs of records agree in all features by chance alone"


def _agreement(values: np.ndarray) -> float:
    """Return the probability that two records agree; missing agrees with missing."""
    count = np.unique(values, return_counts=True, equal_nan=True)[1].astype(np.float64)
    return float((count * (count - 1)).sum() / max(1, len(values) * (len(values) - 1)))


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
                estimate=_groups_across(with_label, data.split[telling]),
                detail={"split": inputs.spec.split, "what": what},
            )
        )
    shared = _spread(group, data.subject[telling])
    detail = {
        "records": int(shared[group].sum()),
        "groups_with_different_labels": int((shared & _spread(group, label)).sum()),
        "examples": _examples(data.row[telling], group, np.flatnonzero(shared)),
    }
    rows.append(Evidence(**{**common, **size}, metric="duplicates", estimate=int(shared.sum()), detail=detail))
    return rows


def _spread(group: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Return for each group whether its records differ in ``over``."""
    pairs = np.unique(np.column_stack([group, over]), axis=0)
    return np.asarray(np.bincount(pairs[:, 0], minlength=int(group.max()) + 1) > 1)


def _groups_across(group: np.ndarray, split: np.ndarray) -> int:
    """Return how many groups have records in more than one part."""
    return int(_spread(group, split).sum())


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
