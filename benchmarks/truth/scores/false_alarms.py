"""How often an honest dataset fails, in the worst cell and on average; and whether p-values are what they claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kstest

from benchmarks.truth.case import families
from benchmarks.truth.scores.binomial import Share
from benchmarks.truth.scores.cases import groups, numbers, words

NOMINAL = 0.05


@dataclass(frozen=True)
class Cell:
    """False alarms in one cell of a null family at one number of records."""

    family: str
    parameters: str
    n: int
    share: Share


def cells(cases: pd.DataFrame) -> Iterator[Cell]:
    """Yield the false-alarm rate of every null cell and size: failed datasets, and for views any finding of an unrecorded one.

    Not so for recordings, whose views may carry the label honestly and warn of it: what is heard or seen is in most of them.
    """
    nulls = cases[(cases["kind"] == "null") | ((cases["kind"] == "decision") & (cases["answer"] == "clean"))]
    for (family, cell, n), group in groups(nulls, "family", "cell", "n"):
        honest = group["medium"].ne("table")
        alarms = (
            group["failed"] | (group["unrecorded"] & ~honest) | (group["leakage"] & group["question"].eq("leakage"))
        )
        yield Cell(str(family), words(str(family), int(cell)), int(n), Share(int(alarms.sum()), len(group)))


def beyond_error(found: list[Cell]) -> list[Cell]:
    """Return the cells whose rate exceeds .05 by more than chance, Holm-corrected over all cells at level .05."""
    order = sorted(found, key=lambda cell: cell.share.exceeds(NOMINAL))
    out = []
    for position, cell in enumerate(order):
        if cell.share.exceeds(NOMINAL) > 0.05 / (len(order) - position):
            break
        out.append(cell)
    return out


def table(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row a null family: worst cell with its interval, mean rate, rate by number of records."""
    found = list(cells(cases))
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys(cell.family for cell in found):
        own = [cell for cell in found if cell.family == name]
        worst = max(own, key=lambda cell: (cell.share.rate, cell.share.runs))
        total = Share(sum(cell.share.hits for cell in own), sum(cell.share.runs for cell in own))
        where = "; ".join(part for part in (worst.parameters, f"n = {worst.n:,}") if part)
        rows.append(
            {
                "null family": families()[name].title,
                "datasets": f"{total.runs:,}",
                "mean false-fail rate": str(total),
                "worst cell": str(worst.share) if worst.share.hits else "0",
                "where": where if worst.share.hits else "",
            }
        )
    return rows


def by_size(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row a number of records: all null cells together, the worst of them, and how many exceed .05 beyond error."""
    found = list(cells(cases))
    rows: list[dict[str, object]] = []
    for n in sorted({cell.n for cell in found}):
        own = [cell for cell in found if cell.n == n]
        total = Share(sum(cell.share.hits for cell in own), sum(cell.share.runs for cell in own))
        worst = max(own, key=lambda cell: cell.share.rate)
        rows.append(
            {
                "n": f"{n:,}",
                "cells": str(len(own)),
                "datasets": f"{total.runs:,}",
                "false fails, all together": str(total),
                "worst cell": str(worst.share),
                "cells above .05 beyond error": str(len(beyond_error(own))),
            }
        )
    return rows


def uniformity(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return how the p-values of both edges behave where each edge is truly absent: small ones may not be too many.

    The sensor edge's p-value ends early when it is above .2, so only its lower part is uniform; that is where it is compared.
    """
    known = families()
    nulls = rows[rows["family"].map(lambda name: known[name].kind == "null") & rows["role"].eq("nuisance")]
    plain = nulls[nulls["family"].eq("one_edge")]
    cell = plain["cell"].map(lambda position: dict(known["one_edge"].cells[int(position)]))
    edges = {
        "design edge": plain[cell.map(lambda c: c["v"] == 0)]["p_design"],
        "sensor edge": plain[cell.map(lambda c: c["sensor"] == 0)]["p_sensor"],
    }
    out: list[dict[str, object]] = []
    for name, column in edges.items():
        p = numbers(column)
        p = p[~np.isnan(p)]
        if len(p) == 0:
            continue
        out.append(
            {
                "absent edge": name,
                "tests": f"{len(p):,}",
                **{
                    f"share ≤ {bound:g}": str(Share(int((p <= bound + 1e-12).sum()), len(p)))
                    for bound in (0.01, 0.05, 0.1)
                },
                "uniform below .2, p": f"{kstest(p[p <= 0.2] / 0.2, 'uniform').pvalue:.2f}"
                if (p <= 0.2).sum() > 10
                else "–",
            }
        )
    return out
