"""From rows a finding to rows a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.truth.case import families, named

RANK = {"pass": 0.0, "inconclusive": 1.0, "warn": 2.0, "fail": 3.0}
"""Verdicts in the order in which they make a shortcut likely. It is not their order of severity: an undecided audit blocks an
approval more surely than a warning, but says less about the data."""


def by_case(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a dataset: its facts, an alarm and a score.

    Columns beside those of the rows: ``kind``, ``question`` and ``medium`` of the family; ``failed``; ``seen``: both edges of a column that is a
    shortcut (or of two together) were found, whatever their size; ``unrecorded`` and ``leakage``: such a finding that alarms;
    ``score``: rank of the verdict, within a rank one minus the smallest adjusted p-value; ``weak``: a finding "weakly confounded".
    """
    known = families()
    keys = ["family", "cell", "n", "replicate"]
    rows = rows.copy()
    alarm = rows["finding"].isin(["fail", "warn"])
    rows["seen_row"] = (rows["reason"].isin(["confounded", "weakly_confounded", "aliased"]) & alarm) & (
        rows["true_shortcut"].astype(bool) | rows["role"].eq("interaction")
    )
    rows["unrecorded_row"] = rows["reason"].eq("unrecorded") & alarm
    rows["leakage_row"] = rows["reason"].eq("leakage") & alarm
    rows["p_small"] = pd.to_numeric(rows["p_adjusted"]).fillna(1.0)
    cases = rows.groupby(keys, sort=False).agg(
        answer=("answer", "first"),
        verdict=("verdict", "first"),
        asked=("asked", "first"),
        decided=("decided", "first"),
        code=("code", "first"),
        seconds=("seconds", "first"),
        peak_mb=("peak_mb", "first"),
        seen=("seen_row", "any"),
        unrecorded=("unrecorded_row", "any"),
        leakage=("leakage_row", "any"),
        p_small=("p_small", "min"),
    )
    cases = cases.reset_index()
    cases["kind"] = cases["family"].map(lambda name: known[name].kind)
    cases["question"] = cases["family"].map(lambda name: known[name].question)
    cases["medium"] = cases["family"].map(lambda name: known[name].medium)
    cases["failed"] = cases["verdict"].eq("fail")
    cases["score"] = cases["verdict"].map(RANK) + 0.99 * (1 - cases["p_small"])
    # In the order of the families' files, so that tables do not depend on which part was done first.
    order = {name: position for position, name in enumerate(known)}
    return cases.sort_values(
        ["family", "cell", "n", "replicate"], key=lambda c: c.map(order) if c.name == "family" else c
    )


def groups(frame: pd.DataFrame, *keys: str) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield the values of ``keys`` and the rows that have them, in the order of their first appearance."""
    for key, group in frame.groupby(list(keys), sort=False):
        yield key if isinstance(key, tuple) else (key,), group


def words(family: str, cell: int) -> str:
    """Return the parameters of a cell as a reader sees them; empty for a family without any.

    >>> words("twenty", 0)
    ''
    """
    parameters = known_cell(family, cell)
    return ", ".join(f"{key} {value}" for key, value in parameters.items())


def known_cell(family: str, cell: int) -> dict[str, object]:
    """Return the parameters of a cell."""
    return dict(families()[family].cells[cell])


def key_of(family: str, cell: int) -> str:
    """Return a text that names a cell for machines."""
    return f"{family} {named(known_cell(family, cell))}"


def numbers(column: pd.Series) -> np.ndarray:
    """Return a column as floats, NaN for none."""
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
