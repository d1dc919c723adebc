"""The portfolio in tables and figures: what its asset shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import dagster as dg

from audit_pipeline.orchestration.metadata import Metadata, Row, rounded, table
from audit_pipeline.portfolio import Entry, Standing
from audit_pipeline.report.levels import LOOKS
from audit_pipeline.report.text import name, number, visible
from audit_pipeline.verdict_types import LEVELS

MOST_FIGURES = 20
"""Audits whose V has a plot of its own; more would bury the plots of the whole."""

_DESCRIBED = {
    "column": "The column of the worst finding",
    "V": "The largest association of label and nuisance column: bias-corrected Cramér's V",
    "inflation": "The largest share of a model's AUC that goes back to a nuisance column",
    "before": "The verdict before, where there was another one",
    "judged": "The day, in UTC; an outdated one is on another spec than the audit has now",
    "code": "Digest of the code that judged",
}


def summary(found: Sequence[Standing]) -> str:
    """Return the state of all audits in one sentence."""
    counts = Counter(standing.entry.verdict for standing in found if standing.entry is not None)
    told = [f"{counts[level]} {level}" for level in reversed(LEVELS) if counts[level]]
    unknown = [standing for standing in found if standing.entry is None]
    if unknown:
        told.append(f"{len(unknown)} without a verdict")
    outdated = sum(standing.outdated for standing in found)
    rest = f"; {outdated} outdated" if outdated else ""
    return f"{len(found)} audit{'' if len(found) == 1 else 's'}: {', '.join(told) or 'none'}{rest}."


def verdicts_table(found: Sequence[Standing]) -> dg.TableMetadataValue:
    """Return one row an audit, as narrow as the page: what is wider is cut off, and headlines are in :func:`verdict_lines`."""
    rows: list[Row] = []
    for standing in found:
        entry, dataset = standing.entry, name(standing.member.dataset, limit=40)
        if entry is None:
            # Not to be broken into two lines, or most of a young portfolio's table is air.
            told = standing.problem.replace(" ", "\u00a0")
            rows.append({"dataset": dataset, "verdict": told, "V": None, "inflation": None, "n": None})
            continue
        rows.append(
            {
                "dataset": dataset,
                "verdict": entry.verdict,
                "V": "" if entry.association_v is None else number(entry.association_v),
                "inflation": "" if entry.inflation is None else number(entry.inflation),
                "n": entry.n,
            }
        )
    return table(rows, _DESCRIBED)


def origins_table(found: Sequence[Standing], history: Iterable[Entry]) -> dg.TableMetadataValue:
    """Return of each audit with a verdict the worst column, the verdict before, the date and the code."""
    before = _before(history)
    return table(
        [
            {
                "dataset": name(standing.member.dataset, limit=40),
                "column": name(entry.column, limit=40) if entry.column is not None else "(dataset)",
                "before": before.get(entry.slug, ""),
                # With hyphens at which no line breaks.
                "judged": entry.created[:10].replace("-", "\u2011") + (" (outdated)" if standing.outdated else ""),
                "code": entry.code[:7],
            }
            for standing in found
            if (entry := standing.entry) is not None
        ],
        _DESCRIBED,
    )


def verdict_lines(found: Iterable[Standing]) -> str:
    """Return every headline as a Markdown table: what the asset's page shows one click away."""
    rows = ["| | dataset | headline |", "|---|---|---|"]
    for standing in found:
        entry = standing.entry
        level = f"{LOOKS[entry.verdict].sign} {entry.verdict}" if entry is not None else "–"
        told = entry.headline if entry is not None else standing.problem
        rows.append(f"| {level} | {_cell(standing.member.dataset, 60)} | {_cell(told, 400)} |")
    return "\n".join(rows)


def figures(found: Sequence[Standing]) -> Metadata:
    """Return numbers that Dagster plots over the materialisations."""
    entries = [standing.entry for standing in found if standing.entry is not None]
    shown: Metadata = {
        f"audits_{level}": sum(entry.verdict == level for entry in entries) for level in reversed(LEVELS)
    }
    shown["audits_unknown"] = len(found) - len(entries)
    for title, values in (
        ("largest_V", [entry.association_v for entry in entries]),
        ("largest_inflation", [entry.inflation for entry in entries]),
    ):
        known = [value for value in values if value is not None]
        if known:
            shown[title] = dg.MetadataValue.float(rounded(max(known)))
    for entry in entries[:MOST_FIGURES]:
        if entry.association_v is not None:
            shown[f"V: {entry.slug}"] = dg.MetadataValue.float(rounded(entry.association_v))
    return shown


def judged_at(standing: Standing) -> str:
    """Return when an audit was judged, to the minute."""
    created = standing.entry.created if standing.entry is not None else ""
    return created[:16].replace("T", " ") or "at an unknown time"


def _before(history: Iterable[Entry]) -> dict[str, str]:
    """Return of each audit the last verdict that differs from its current one, and none where it never changed."""
    rows: dict[str, list[str]] = {}
    for entry in history:
        rows.setdefault(entry.slug, []).append(entry.verdict)
    changes = {slug: [old for old, new in pairwise(levels) if old != new] for slug, levels in rows.items()}
    return {slug: before[-1] for slug, before in changes.items() if before}


def _cell(text: str, limit: int) -> str:
    """Return a stranger's text for a cell of a Markdown table: it must neither end the cell nor become a link or a picture."""
    shown = visible(text, limit=limit)
    return "".join(f"\\{sign}" if sign in r"\`*_[]()<>|!#~" else sign for sign in shown)
