"""Images and sounds: the five kinds, false fails, and what is found."""

from __future__ import annotations

import pandas as pd

from benchmarks.truth import oracle
from benchmarks.truth.case import families
from benchmarks.truth.families.five_kinds import KINDS, FiveKind
from benchmarks.truth.plan import MEDIA, parts
from benchmarks.truth.scores import false_alarms
from benchmarks.truth.scores.binomial import Share, short
from benchmarks.truth.scores.cases import groups, known_cell, words

SITE = "site"
"""The declared column of all these datasets."""

FIVE = "five_kinds"

LEVELS = ("fail", "warn", "inconclusive", "pass")


def summary(cases: pd.DataFrame, rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row: what was run, and how it went."""
    planned = len(list(parts("standard", media=MEDIA[1:])))
    done = cases.groupby(["family", "cell", "n"]).ngroups
    nulls = list(false_alarms.cells(cases))
    alarms = sum(cell.share.hits for cell in nulls)
    five = of_five(rows)
    return [
        {
            "audits": f"{len(cases):,}",
            "of the standard plan's cells": f"{done} of {planned}",
            "five kinds judged rightly": f"{int(five['right'].sum())} of {len(five)}",
            "null cells": str(len(nulls)),
            "false fails": str(Share(alarms, sum(cell.share.runs for cell in nulls))) if nulls else "–",
            "null cells above .05 beyond binomial error (Holm)": str(len(false_alarms.beyond_error(nulls))),
        }
    ]


def of_five(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a dataset of the five kinds: ``kind``, verdict, reason and figures of the site, ``right``.

    Right is the verdict of the whole dataset, headers and views with it; and the site's reason, where one alone is right.
    """
    own = rows[rows["family"].eq(FIVE) & rows["column"].eq(SITE)].copy()
    own["kind"] = [str(known_cell(FIVE, int(cell))["kind"]) for cell in own["cell"]]
    own["right"] = [
        _is_right(KINDS[kind], verdict, reason)
        for kind, verdict, reason in zip(own["kind"], own["verdict"], own["reason"], strict=True)
    ]
    return own


def _is_right(kind: FiveKind, verdict: str, reason: str) -> bool:
    return verdict in kind.right and kind.reason in (None, reason)


def five(cases: pd.DataFrame, rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row a kind: what is true, what is right, what the audit said."""
    out: list[dict[str, object]] = []
    for (name,), group in groups(of_five(rows), "kind"):
        kind = KINDS[str(name)]
        reasons = group["reason"].str.replace("_", " ").value_counts()
        out.append(
            {
                "kind": name,
                "V": short(kind.v),
                "trace": "no" if kind.trace == "none" else "yes",
                "right": " or ".join(kind.right) + (f" ({kind.reason})" if kind.reason else ""),
                "datasets": str(len(group)),
                **{verdict: str(int(group["verdict"].eq(verdict).sum())) for verdict in LEVELS},
                "the site is": ", ".join(f"{reason} ({count})" for reason, count in reasons.items()),
                "median V": _middle(group["association_v"]),
                "readable, AUC": _middle(group["separability_auc"]),
                "judged rightly": f"{int(group['right'].sum())} of {len(group)}",
            }
        )
    return out


def _middle(column: pd.Series) -> str:
    values = column.dropna().astype(float)
    return short(float(values.median())) if len(values) else "–"


def nulls(cases: pd.DataFrame, rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row a null cell and size: how often it fails, and what it says otherwise."""
    out: list[dict[str, object]] = []
    for (family, cell, n), group in groups(cases[cases["kind"].eq("null")], "family", "cell", "n"):
        out.append(
            {
                "null family": families()[str(family)].title,
                "cell": words(str(family), int(cell)),
                "n": f"{n:,}",
                "datasets": str(len(group)),
                "false fails": str(Share(int(group["failed"].sum()), len(group))),
                **{level: short(group["verdict"].eq(level).mean()) for level in LEVELS[1:]},
            }
        )
    return out


def found(cases: pd.DataFrame, rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row a cell with a shortcut: how often both edges of the site, or of the header that tells it, were shown.

    ``at most``: the power of the design edge's test at so many subjects, which bounds any test of both edges.
    """
    out: list[dict[str, object]] = []
    for (family, cell, n), group in groups(cases[cases["kind"].eq("alternative")], "family", "cell", "n"):
        known = known_cell(str(family), int(cell))
        units = int(n) // int(str(known.get("per", 1)))
        best = oracle.design(units, float(str(known["v"])), int(str(known.get("levels", 2))))
        out.append(
            {
                "family": families()[str(family)].title,
                "cell": words(str(family), int(cell)),
                "n": f"{n:,}",
                "datasets": str(len(group)),
                "found": str(Share(int(group["seen"].sum()), len(group))),
                "at most": short(best),
                **{level: short(group["verdict"].eq(level).mean()) for level in LEVELS},
            }
        )
    return out


def cost(cases: pd.DataFrame, rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return seconds an audit by medium and number of records, and the versions of the code; one thread, the linear baseline."""
    out: list[dict[str, object]] = []
    for (medium, n), group in groups(cases.sort_values("n", kind="stable"), "medium", "n"):
        out.append(
            {
                "medium": medium,
                "n": f"{n:,}",
                "audits": f"{len(group):,}",
                "median seconds": f"{group['seconds'].median():.1f}",
                "95% within": f"{group['seconds'].quantile(0.95):.1f}",
                "peak memory so far, MB": f"{group['peak_mb'].max():,.0f}",
                "code (SHA-256)": ", ".join(sorted(set(group["code"]))),
            }
        )
    return out
