"""How often a true shortcut is found, beside the most that any method could find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.truth import oracle
from benchmarks.truth.case import families
from benchmarks.truth.scores.binomial import Share, short
from benchmarks.truth.scores.cases import groups, known_cell, words


def mean_shift(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return power by dose and number of records beside the oracle; ``found``: both edges shown; ``failed``: and V at least .2."""
    rows: list[dict[str, object]] = []
    own = cases[cases["family"] == "mean_shift"]
    for (cell, n), group in groups(own, "cell", "n"):
        known = known_cell("mean_shift", int(cell))
        v, sensor = float(str(known["v"])), float(str(known["sensor"]))
        best = oracle.intersection(int(n), v, sensor)
        found = Share(int(group["seen"].sum()), len(group))
        rows.append(
            {
                "V": short(v),
                "distance of sites (sd)": f"{2 * sensor:g}",
                "n": f"{n:,}",
                "datasets": str(len(group)),
                "found": str(found),
                "oracle": short(best),
                "oracle without the direction": short(oracle.invariant(int(n), v, sensor)),
                "failed": short(group["failed"].mean()),
                "passed": short(group["verdict"].eq("pass").mean()),
            }
        )
    return rows


PROMISED = {"V": 0.2, "n": 300, "share": 0.9}
"""Mean shifts of at least this V, at this many records, are found in at least this share of what the oracle finds."""


def short_of_oracle(cases: pd.DataFrame) -> tuple[int, int]:
    """Return how many cells of the mean shift that a promise covers fall short of it beyond binomial error, and how many there are.

    Holm over the cells, level .05.
    """
    own = cases[(cases["family"] == "mean_shift") & (cases["n"] >= PROMISED["n"])]
    p_values = []
    for (cell, n), group in groups(own, "cell", "n"):
        known = known_cell("mean_shift", int(cell))
        v, sensor = float(str(known["v"])), float(str(known["sensor"]))
        if v >= PROMISED["V"]:
            promised = PROMISED["share"] * oracle.intersection(int(n), v, sensor)
            p_values.append(Share(int(group["seen"].sum()), len(group)).falls_short(promised))
    short_cells = 0
    for position, p in enumerate(sorted(p_values)):
        if p > 0.05 / (len(p_values) - position):
            break
        short_cells += 1
    return short_cells, len(p_values)


def sample_sizes(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return for each dose the records that the oracle and the tool need for 80% power, and their ratio."""
    rows: list[dict[str, object]] = []
    own = cases[cases["family"] == "mean_shift"]
    for (cell,), group in groups(own, "cell"):
        known = known_cell("mean_shift", int(cell))
        v, sensor = float(str(known["v"])), float(str(known["sensor"]))
        by_n = group.groupby("n")["seen"].agg(["mean", "size"])
        needed = oracle.records_needed(v, sensor)
        tool = _crossing(by_n.index.to_numpy(float), by_n["mean"].to_numpy(float))
        rows.append(
            {
                "V": short(v),
                "distance of sites (sd)": f"{2 * sensor:g}",
                "oracle needs": f"{needed:,.0f}",
                "the audit needs": "fewer than 60" if tool == 0 else f"{tool:,.0f}" if tool else "more than 1,000",
                "oracle / audit": short(needed / tool) if tool else "–",
            }
        )
    return rows


def _crossing(n: np.ndarray, rate: np.ndarray) -> float | None:
    """Return the n at which power first reaches .8, between sizes by interpolation in log n; 0 below the smallest, None above."""
    above = np.flatnonzero(rate >= 0.8)
    if len(above) == 0:
        return None
    first = above[0]
    if first == 0:
        return 0.0
    share = (0.8 - rate[first - 1]) / (rate[first] - rate[first - 1])
    return float(np.exp(np.log(n[first - 1]) + share * (np.log(n[first]) - np.log(n[first - 1]))))


def others(cases: pd.DataFrame) -> list[dict[str, object]]:
    """Return the power of every other family of alternatives; for unrecorded ones and leakage, that finding."""
    rows: list[dict[str, object]] = []
    own = cases[(cases["kind"] == "alternative") & (cases["family"] != "mean_shift")]
    for (family, cell, n), group in groups(own, "family", "cell", "n"):
        question = families()[str(family)].question
        found = group["seen"] if question == "confounding" else group[question]
        rows.append(
            {
                "family": families()[str(family)].title,
                "cell": words(str(family), int(cell)),
                "n": f"{n:,}",
                "found": str(Share(int(found.sum()), len(group))),
                "failed": short(group["failed"].mean()),
                "inconclusive": short(group["verdict"].eq("inconclusive").mean()),
                "passed": short(group["verdict"].eq("pass").mean()),
            }
        )
    return rows
