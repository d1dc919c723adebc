"""``docs/truth.md``: prose that stays, tables that are generated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from benchmarks.truth import rivals
from benchmarks.truth.case import families
from benchmarks.truth.peers import registry
from benchmarks.truth.plan import parts
from benchmarks.truth.scores import coverage, false_alarms, power, recordings, verdicts
from benchmarks.truth.scores.cases import by_case

TEMPLATE = Path(__file__).parent / "page.md"
MARK = "<!-- {} -->"


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a Markdown table; the columns are those of all rows in the order of their first appearance."""
    if not rows:
        return "*(not run)*"
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(row.get(name, "–")).replace("|", "\\|") for name in names) + " |" for row in rows]
    return "\n".join(lines)


def tables(rows: pd.DataFrame, recorded: pd.DataFrame, peers: pd.DataFrame) -> dict[str, str]:
    """Return every generated block of the page by name."""
    return {**of_tables(rows, peers), **of_recordings(recorded)}


def of_recordings(rows: pd.DataFrame) -> dict[str, str]:
    """Return the blocks about images and sounds; of no rows, where none were run."""
    blocks: dict[str, Callable[[pd.DataFrame, pd.DataFrame], list[dict[str, object]]]] = {
        "summary": recordings.summary,
        "five kinds": recordings.five,
        "nulls": recordings.nulls,
        "found": recordings.found,
        "cost": recordings.cost,
    }
    cases = by_case(rows) if len(rows) else rows
    return {f"recordings {name}": markdown(block(cases, rows) if len(rows) else []) for name, block in blocks.items()}


def of_tables(rows: pd.DataFrame, peers: pd.DataFrame) -> dict[str, str]:
    """Return the blocks about tables, and about the peers."""
    cases = by_case(rows)
    found = list(false_alarms.cells(cases))
    beyond = false_alarms.beyond_error(found)
    worst = max(found, key=lambda cell: cell.share.rate)
    done, planned = cases.groupby(["family", "cell", "n"]).ngroups, len(list(parts("standard", media=["table"])))
    summary: list[dict[str, object]] = [
        {
            "audits": f"{len(cases):,}",
            "of the standard plan's cells": f"{done} of {planned}",
            "null cells": str(len(found)),
            "null cells above .05 beyond binomial error (Holm)": str(len(beyond)),
            "worst null cell": f"{worst.share}, {families()[worst.family].title}"
            + (f" ({worst.parameters}, n = {worst.n:,})" if worst.parameters else f" (n = {worst.n:,})"),
            "mean shifts (V ≥ .2, n ≥ 300) found in less than 90% of the oracle's beyond error": "{} of {} cells".format(
                *power.short_of_oracle(cases)
            ),
            "aliased datasets that passed": str(
                int((cases["family"].eq("aliased") & cases["verdict"].eq("pass")).sum())
            )
            + f" of {int(cases['family'].eq('aliased').sum())}",
        }
    ]
    blocks: dict[str, list[dict[str, object]]] = {
        "summary": summary,
        "false alarms by size": false_alarms.by_size(cases),
        "false alarms": false_alarms.table(cases),
        "p-values": false_alarms.uniformity(rows),
        "mean shift": power.mean_shift(cases),
        "sample sizes": power.sample_sizes(cases),
        "other alternatives": power.others(cases),
        "aliased": verdicts.aliased(cases),
        "ranking": verdicts.ranking(cases),
        "calibration": verdicts.calibration(cases),
        "coverage": coverage.table(rows),
        "undecided": verdicts.undecided(rows, cases),
        "asked": verdicts.asked(cases),
        "cost": verdicts.cost(cases),
        "code": verdicts.code(cases),
    }
    out = {name: markdown(block) for name, block in blocks.items()}
    for question in registry.QUESTIONS:
        for n in rivals.SIZES:
            out[f"peers {question} {n}"] = markdown(rivals.table(cases, peers, question, n) if len(peers) else [])
    out["peers"] = registry.markdown()
    return out


def page(rows: pd.DataFrame, recorded: pd.DataFrame, peers: pd.DataFrame) -> str:
    """Return the whole page.

    Parameters
    ----------
    rows, recorded : findings on datasets of tables, and of recordings.
    peers : see :func:`rivals.answers`.

    Raises
    ------
    ValueError : the template names a block that is not generated.
    """
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, block in tables(rows, recorded, peers).items():
        text = text.replace(MARK.format(name), block.strip())
    if "<!-- " in text:
        raise ValueError(f"the template has an unknown block: {text[text.index('<!-- ') :][:60]}")
    return text
