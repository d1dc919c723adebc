"""The script that a careful analyst would write with pandas, SciPy and scikit-learn: ``run.py CASES OUT.parquet``.

Two questions for each column, both to be answered yes: is the label associated with it (at .05, Bonferroni over the
columns, one record a subject), and can it be read from the features (cross-validated AUC above .6, whole subjects,
features freed of the declared covariates)? For leakage: subjects, copies and near-copies on both sides of the split.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: a peer's folder must not hide the peer's package

if TYPE_CHECKING:
    from kit.cases import Case
    from kit.rows import Answer

ALPHA, READABLE, NEAR = 0.05, 0.6, 0.1
WORTH_A_LOOK = 0.2  # p-value above which nobody would train a model to read the column


def associated(
    label: pd.Series, label_kind: str, column: pd.Series, kind: str, rng: np.random.Generator
) -> tuple[float, float]:
    """Return p-value and effect (0 to 1) of the usual test for these two kinds: chi-square, Kruskal, Spearman."""
    from scipy import stats

    if label_kind == kind == "number":
        rho = stats.spearmanr(label, column)
        return float(rho.pvalue), abs(float(rho.statistic))
    if kind != label_kind:
        values, levels = (column, label) if kind == "number" else (label, column)
        groups = [values[levels == level] for level in levels.unique()]
        if len(groups) < 2:
            return 1.0, 0.0
        kruskal = stats.kruskal(*groups)
        surplus = float(kruskal.statistic) - len(groups) + 1  # of H over its mean under independence
        return float(kruskal.pvalue), np.sqrt(max(surplus, 0) / max(len(values) - len(groups), 1))
    counts = pd.crosstab(label, column).to_numpy()
    if min(counts.shape) < 2:
        return 1.0, 0.0
    test = stats.chi2_contingency(counts, correction=False)
    p = float(test.pvalue)
    if test.expected_freq.min() < 5:  # small cells: the same statistic by permutation
        shuffled = stats.PermutationMethod(n_resamples=1999, rng=rng)
        p = float(stats.chi2_contingency(counts, correction=False, method=shuffled).pvalue)
    surplus = float(test.statistic) - (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return p, np.sqrt(max(surplus, 0) / counts.sum() / (min(counts.shape) - 1))


def readable(x: np.ndarray, column: pd.Series, kind: str, groups: np.ndarray | None, seed: int) -> float:
    """Return the cross-validated AUC of a column from the features; of being above its median for a number.

    A linear model and a forest vote: a shift of the mean, of the spread and an interaction of features are all seen.
    """
    from kit.models import folds
    from sklearn.ensemble import RandomForestClassifier, VotingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    coded = (column > column.median()).astype(int) if kind == "number" else pd.Series(pd.factorize(column)[0])
    enough = coded.map(coded.value_counts()).to_numpy() >= 10  # a level needs records in every fold
    y = np.unique(coded[enough], return_inverse=True)[1]
    if len(np.unique(y)) < 2:
        return 0.5
    forest = RandomForestClassifier(100, min_samples_leaf=max(3, len(y) // 200), random_state=seed)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    both = VotingClassifier([("linear", linear), ("forest", forest)], voting="soft")
    groups = None if groups is None else groups[enough]
    p = cross_val_predict(both, x[enough], y, groups=groups, cv=folds(y, groups, seed), method="predict_proba")
    return float(roc_auc_score(y, p[:, 1]) if p.shape[1] == 2 else roc_auc_score(y, p, multi_class="ovr"))


def confounded(case: Case, frame: pd.DataFrame) -> Answer:
    """Judge every column; the score is the strongest product of both effects, 0 to 1."""
    from kit.rows import Answer
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(case.seed)
    x = frame[list(case.features)]
    x = x.fillna(x.median()).fillna(0).to_numpy(dtype=float)
    if case.covariates:
        z = pd.get_dummies(frame[list(case.covariates)], drop_first=True, dtype=float)
        z = z.fillna(z.median()).fillna(0)
        x = x - LinearRegression().fit(z, x).predict(z)
    one_each = frame if case.subject is None else frame.groupby(case.subject).sample(1, random_state=case.seed)
    groups = None if case.subject is None else frame[case.subject].astype(str).to_numpy()
    score, alarm = 0.0, False
    for name, kind in case.nuisance.items():
        column = frame[name].fillna(frame[name].median()) if kind == "number" else frame[name].astype(str)
        label = one_each[case.label]
        p, effect = associated(label, case.label_kind, column[one_each.index], kind, rng)
        if not p < WORTH_A_LOOK:
            continue
        auc = readable(x, column, kind, groups, case.seed)
        score = max(score, effect * max(2 * auc - 1, 0))
        alarm |= p * len(case.nuisance) < ALPHA and auc > READABLE
    return Answer(score, alarm)


def leaking(case: Case, frame: pd.DataFrame) -> Answer:
    """Look across the split for subjects, copies and near-copies; the score is the share of records concerned."""
    from kit.rows import Answer, no_answer
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    if case.split is None:
        return no_answer("no split to look across")
    part = frame[case.split].astype(str).to_numpy()
    x = StandardScaler().fit_transform(frame[list(case.features)].fillna(0))
    concerned = np.zeros(len(frame), dtype=bool)
    usual = np.median(NearestNeighbors(n_neighbors=1).fit(x).kneighbors()[0])
    for side in np.unique(part):
        here, there = part == side, part != side
        gap = NearestNeighbors(n_neighbors=1).fit(x[there]).kneighbors(x[here])[0][:, 0]
        concerned[here] |= gap <= NEAR * usual
        if case.subject is not None:
            concerned[here] |= frame[case.subject][here].isin(frame[case.subject][there]).to_numpy()
    return Answer(float(concerned.mean()), bool(concerned.any()))


def ask(case: Case, frame: pd.DataFrame) -> Answer:
    """Answer what the script was written for."""
    from kit.rows import no_answer

    if case.question == "confounding":
        return confounded(case, frame)
    return leaking(case, frame) if case.question == "leakage" else no_answer("tests only the columns that are recorded")


if __name__ == "__main__":
    from kit.main import main

    main(ask, __file__)
