"""The verdict as a whole: does it rank datasets, does it mean what it says, and is "inconclusive" honest?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from benchmarks.truth.case import families
from benchmarks.truth.scores.binomial import Share, short
from benchmarks.truth.scores.cases import groups, numbers, words

TOLERANCE = 0.2


def auroc(truth: np.ndarray, score: np.ndarray) -> tuple[float, float, float]:
    """Return the area under the curve of ``score`` for ``truth`` with its 95% interval (DeLong et al. 1988)."""
    from audit_pipeline.stats.auc import stratified_auc

    auc = stratified_auc(score, truth.astype(bool), np.zeros(len(score), dtype=np.int64))
    if auc is None:
        return float("nan"), float("nan"), float("nan")
    low, high = auc.interval(np.arange(len(score)))
    return auc.estimate, low, high


def confounding(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases about confounding, with ``truth``: a column is a shortcut, or aliased."""
    own = cases[cases["question"] == "confounding"].copy()
    own["truth"] = own["answer"].isin(["shortcut", "aliased"])
    return own


def ranking(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return the AUROC of the verdict by number of records."""
    own = confounding(cases)
    rows: list[dict[str, object]] = []
    for n in (100, 300, 1000):
        part = own[own["n"] == n]
        if part["truth"].nunique() < 2:
            continue
        estimate, low, high = auroc(part["truth"].to_numpy(), part["score"].to_numpy())
        rows.append(
            {
                "n": f"{n:,}",
                "datasets": f"{len(part):,}",
                "with a shortcut": f"{int(part['truth'].sum()):,}",
                "AUROC of the verdict": f"{short(estimate, 3)} [{short(low, 3)}, {short(high, 3)}]",
            }
        )
    return rows


def calibration(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return for each verdict how many of its datasets truly hold a shortcut of at least the tolerated size.

    Depends on the mix of families, as any such share does; read it beside the false alarms and the power.
    """
    own = confounding(cases)
    rows: list[dict[str, object]] = []
    for verdict in ("fail", "warn", "inconclusive", "pass"):
        part = own[own["verdict"] == verdict]
        if len(part):
            rows.append(
                {
                    "verdict": verdict,
                    "datasets": f"{len(part):,}",
                    "truly hold a shortcut": str(Share(int(part["truth"].sum()), len(part))),
                }
            )
    return rows


def aliased(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return the verdicts on nearly and completely confounded datasets: none may pass."""
    rows: list[dict[str, object]] = []
    own = cases[cases["family"] == "aliased"]
    for (cell,), group in groups(own, "cell"):
        rows.append(
            {
                "cell": words("aliased", int(cell)),
                "datasets": str(len(group)),
                "fail": short(group["verdict"].eq("fail").mean()),
                "pass": f"{int(group['verdict'].eq('pass').sum())} of {len(group)}",
            }
        )
    return rows


@cache
def design_of(family: str, cell: int, n: int, column: str) -> tuple[int, int]:
    """Return the independent units of a family's datasets, and the degrees of freedom of a column with two labels."""
    known = families()[family]
    case = known.case(known.cells[cell], n, 0)
    subject = case.arguments.get("subject")
    units = case.frame[subject].nunique() if subject else len(case.frame)
    values = case.frame[column]
    # A number, or a date, is tested by location and spread of its rank.
    levels = values.nunique()
    return units, 2 if values.dtype.kind == "f" or levels > 60 else levels - 1


def undecided(rows: pd.DataFrame, cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return how often the audit was undecided by number of records, and how often that was justified.

    Justified: with so many units even a perfect analysis of a column of this V, with as many levels, would not decide with 80% power:
    neither that V is below the tolerance nor, if it is above, that there is an association.
    """
    from audit_pipeline.stats.power import n_to_detect, n_to_exclude

    known = {name: family.kind for name, family in families().items()}
    own = rows[
        rows["family"].map(known).ne("decision")
        & rows["role"].eq("nuisance")
        & rows["finding"].eq("inconclusive")
        & pd.notna(rows["true_v"])
    ]

    def justified(row: pd.Series) -> bool:
        units, df = design_of(str(row["family"]), int(row["cell"]), int(row["n"]), str(row["column"]))
        v = float(row["true_v"])
        needed = n_to_exclude(v, TOLERANCE, df, 1) if v < TOLERANCE else n_to_detect(v, df, 1, 0.05)
        return needed is None or units < needed

    out: list[dict[str, object]] = []
    decided = cases[cases["question"].eq("confounding") & cases["kind"].ne("decision")]
    for (n,), group in groups(decided.sort_values("n"), "n"):
        part = own[own["n"] == n]
        hits = sum(justified(row) for _, row in part.iterrows())
        out.append(
            {
                "n": f"{n:,}",
                "datasets": f"{len(group):,}",
                "inconclusive": short(group["verdict"].eq("inconclusive").mean()),
                "of these columns, justified": f"{hits} of {len(part)}" if len(part) else "–",
            }
        )
    return out


def asked(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return how often the number of records that an undecided audit asked for did decide."""
    rows: list[dict[str, object]] = []
    own = cases[cases["family"].eq("too_little") & cases["verdict"].eq("inconclusive")]
    for (cell, n), group in groups(own, "cell", "n"):
        tried = group[group["decided"].notna()]
        rows.append(
            {
                "cell": words("too_little", int(cell)),
                "n": f"{n:,}",
                "inconclusive": str(len(group)),
                "asked for (median)": f"{np.nanmedian(numbers(group['asked'])):,.0f}"
                if group["asked"].notna().any()
                else "–",
                "drawn again": str(len(tried)),
                "decided": str(Share(int(tried["decided"].astype(bool).sum()), len(tried))) if len(tried) else "–",
            }
        )
    return rows


def code(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return which versions of the library's code made the audits."""
    return [{"code (SHA-256)": str(name), "audits": f"{len(group):,}"} for name, group in cases.groupby("code")]


def cost(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return seconds an audit and peak memory by number of records; all families, one thread, the linear baseline."""
    rows: list[dict[str, object]] = []
    for (n,), group in groups(cases.sort_values("n"), "n"):
        rows.append(
            {
                "n": f"{n:,}",
                "audits": f"{len(group):,}",
                "median seconds": f"{group['seconds'].median():.2f}",
                "95% within": f"{group['seconds'].quantile(0.95):.2f}",
                "peak memory so far, MB": f"{group['peak_mb'].max():,.0f}",
            }
        )
    return rows
