"""Design edge: is the label associated with a metadata column?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData, MetadataColumn
from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.registry import ProbeInputs, probe
from audit_pipeline.stats.basis import is_identifier, label_response
from audit_pipeline.stats.codes import distinct_pairs
from audit_pipeline.stats.multiplicity import MAX_INTERACTING, permutations_for
from audit_pipeline.stats.seeds import generator

MAX_CELLS = 5_000


@probe(
    "design",
    question="Is the label associated with the column in this dataset?",
    inputs=("dataset",),
    order=10,
    decides=True,
)
def design(inputs: ProbeInputs) -> list[Evidence]:
    """Measure how strongly the label and each metadata column go together, before looking at any recording.

    Subjects are the units: a subject with many records counts once. A column with several labels and levels within subjects
    is judged by exchanging records within subjects.

    Metrics
    -------
    ``association_v``
        Bias-corrected Cramér's V (Bergsma 2013), 0 to 1, with the interval that inverts the noncentral chi-square
        distribution. For a column of numbers: the same against smooth functions (location and spread) of its rank.
        p-value: independence of label and column.
    ``association_upper``
        One-sided 95% upper bound of V.
    ``metadata_auc``
        AUC with which the column alone tells the labels apart, 0.5 to 1.
    ``overlap``
        For each pair of labels, how much of their distribution over levels they share, 0 to 1. p-value: so little overlap
        under independence; ``detail`` has the p-value adjusted over pairs and the pair's share of all pairs of records.
    ``count``
        Records in each cell of label and level.
    ``same_as``
        For each pair of nuisance columns that are the same variable (``level`` names the other): the share of records in which
        each is known from the other.
    ``interaction_v``
        For each pair of nuisance columns (``column`` names both, role ``interaction``): V of the label with the cells of both
        beyond what each column explains alone, with its interval. p-value: nothing beyond (Freedman and Lane 1983).
    ``levels``
        Number of levels; ``detail`` says whether the column is constant or an identifier, in which case nothing else is
        measured.

    References
    ----------
    Bergsma, A bias-correction for Cramér's V and Tschuprow's T, J. Korean Stat. Soc. 42 (2013).
    Smithson, Confidence Intervals, Sage (2003), for noncentral inversion.
    Phipson and Smyth, Permutation p-values should never be zero, SAGMB 9 (2010).
    """
    data = inputs.data()
    m = len(data.columns)
    rows: list[Evidence] = []
    permutations = permutations_for(len(data.with_role("nuisance")), 1999)
    for done, column in enumerate(data.columns):
        inputs.progress(done, m, column.name)
        rng = generator(inputs.spec.seed, "design", done)
        derived = column.name not in (*inputs.spec.nuisance, *inputs.spec.covariates)
        rows += _column(data, column, rng, permutations=permutations, derived=derived)
    return rows + _pairs(data, generator(inputs.spec.seed, "design", "pairs"), inputs.spec.nuisance)


def _pairs(data: AuditData, rng: np.random.Generator, declared: Sequence[str]) -> list[Evidence]:
    """Compare nuisance columns two at a time: are they the same variable, and do they act together?

    Only declared ones are looked at for acting together: every pair costs all columns power.
    """
    from audit_pipeline.stats.association import design_units
    from audit_pipeline.stats.interaction import interaction
    from audit_pipeline.stats.sameness import SAME, agreement

    columns = [c for c in data.with_role("nuisance") if not is_identifier(c, data.subject)]
    cut = [column.cut(parts=3) for column in columns]
    rows: list[Evidence] = []
    same: set[tuple[int, int]] = set()
    for i, j in combinations(range(len(columns)), 2):
        first, second = columns[i].strata()[0], columns[j].strata()[0]
        share = agreement(first, second) if min(len(np.unique(first)), len(np.unique(second))) > 1 else 0.0
        if share >= SAME:
            same.add((i, j))
            rows.append(
                Evidence(
                    probe="design",
                    metric="same_as",
                    column=columns[j].name,
                    role="nuisance",
                    level=columns[i].name,
                    estimate=share,
                    n=data.n,
                    n_subjects=data.n_subjects,
                )
            )
    if sum(column.name in declared for column in columns) > MAX_INTERACTING:
        return rows
    units = [design_units(data.label, len(data.classes), data.subject, column, label_response(data)) for column in cut]
    for i, j in combinations(range(len(columns)), 2):
        if (i, j) in same or not {columns[i].name, columns[j].name} <= set(declared):
            continue
        found = interaction(units[i], units[j], rng, permutations=permutations_for(len(columns), 1999))
        if found is None:
            continue
        result, _ = found
        rows.append(
            Evidence(
                probe="design",
                metric="interaction_v",
                column=f"{columns[i].name} × {columns[j].name}",
                role="interaction",
                estimate=result.v,
                ci_low=result.low,
                ci_high=result.high,
                p_value=result.p_value,
                n=data.n,
                n_subjects=result.n,
                detail={
                    "of": [columns[i].name, columns[j].name],
                    "df": result.df,
                    "dim": result.dim,
                    "units": result.n,
                },
            )
        )
    return rows


def _column(
    data: AuditData, column: MetadataColumn, rng: np.random.Generator, permutations: int, *, derived: bool
) -> list[Evidence]:
    from audit_pipeline.stats import association as assoc

    common: dict[str, Any] = {"probe": "design", "column": column.name, "role": column.role}
    strata, names = column.strata()
    distinct = len(column.levels) if column.values is None else len(np.unique(column.values))
    identifier = is_identifier(column, data.subject)
    facts = {"derived": True} if derived else {}
    rows = [
        Evidence(
            **common,
            metric="levels",
            estimate=distinct,
            n=data.n,
            n_subjects=data.n_subjects,
            detail={"kind": column.kind, "constant": distinct < 2, "identifier": identifier, **facts},
        )
    ]
    if identifier or distinct < 2:
        return rows
    units = assoc.design_units(data.label, len(data.classes), data.subject, column, label_response(data))
    result = assoc.association(units, rng, permutations)
    size: dict[str, Any] = {"n": data.n, "n_subjects": result.n}
    kappa = assoc.corrected_metadata_auc(assoc.metadata_auc(units), result)
    rows.append(
        Evidence(
            **common,
            **size,
            metric="association_v",
            estimate=result.v,
            ci_low=result.low,
            ci_high=result.high,
            p_value=result.p_value,
            detail={
                "df": result.df,
                "dim": result.dim,
                "units": result.n,
                "unit": units.mode,
                "method": result.method,
                "chi2": result.chi2,
                "pooled_levels": list(units.basis.pooled[:50]),
                **({"permutations": permutations} if result.method == "permutation" else {}),
            },
        )
    )
    rows.append(Evidence(**common, **size, metric="association_upper", estimate=result.upper))
    rows.append(Evidence(**common, **size, metric="metadata_auc", estimate=kappa[0], ci_low=kappa[1], ci_high=kappa[2]))
    rows += _overlaps(data, column, strata, len(names), rng, common)
    rows += _counts(data, strata, names, common)
    return rows


def _overlaps(
    data: AuditData,
    column: MetadataColumn,
    strata: np.ndarray,
    levels: int,
    rng: np.random.Generator,
    common: dict[str, Any],
) -> list[Evidence]:
    from audit_pipeline.stats.overlap import pair_overlaps

    table = _subject_table(data, strata, levels)
    pairs = pair_overlaps(table, rng)
    total = sum(pair.pairs for pair in pairs)
    return [
        Evidence(
            **common,
            metric="overlap",
            level=f"{data.classes[pair.a]}|{data.classes[pair.b]}",
            estimate=pair.overlap,
            p_value=pair.p_value,
            n=data.n,
            n_subjects=data.n_subjects,
            detail={
                "labels": [data.classes[pair.a], data.classes[pair.b]],
                "p_adjusted": pair.p_adjusted,
                "share_of_pairs": pair.pairs / total,
            },
        )
        for pair in pairs
    ]


def _subject_table(data: AuditData, strata: np.ndarray, levels: int) -> np.ndarray:
    """Return the (classes, levels) table in which every subject weighs one, shared over its records."""
    weight = 1.0 / np.bincount(data.subject)[data.subject]
    flat = np.bincount(data.label.astype(np.int64) * levels + strata, weight, minlength=len(data.classes) * levels)
    return flat.reshape(len(data.classes), levels)


def _counts(data: AuditData, strata: np.ndarray, names: tuple[str, ...], common: dict[str, Any]) -> list[Evidence]:
    if len(names) * len(data.classes) > MAX_CELLS:
        return []
    flat = np.bincount(data.label.astype(np.int64) * len(names) + strata, minlength=len(data.classes) * len(names))
    # Each cell's subjects, each subject once.
    cells, _ = distinct_pairs(data.label.astype(np.int64) * len(names) + strata, data.subject)
    subjects = np.bincount(cells, minlength=len(flat))
    return [
        Evidence(
            **common,
            metric="count",
            level=f"{label}|{level}",
            estimate=float(flat[a * len(names) + k]),
            n=data.n,
            n_subjects=int(subjects[a * len(names) + k]),
            detail={"label": label, "level": level},
        )
        for a, label in enumerate(data.classes)
        for k, level in enumerate(names)
    ]
