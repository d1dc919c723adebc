"""What a person sees of a verdict, and how facts are laid out in Dagster: in the order of what is asked first.

Dagster keeps the order, and gives all values the width of the widest: one long path, which cannot wrap, pushes headline and
tables out of sight. So paths and keys are short, and sentences are entries of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from audit_pipeline.report.text import number, visible
from audit_pipeline.verdict_types import LEVELS, Finding, Verdict

MAX_ROWS = 30
"""Rows of a table kept inline: each materialisation stores them in the event database again."""

DIGITS = 4
"""Significant digits of figures in checks (decimals would turn a small p into 0); the output folder has all of them."""

Metadata = dict[str, Any]
Row = Mapping[str, str | int | float | bool | None]


def verdict_metadata(verdict: Verdict, *, output_folder: Path, names: Mapping[str, str], images: str = "") -> Metadata:
    """Return the headline, the findings as a table and in words, pictures, and where the page lies.

    Parameters
    ----------
    names : of each declared column the check, under whose name its finding is told.
    images : Markdown with the figures of the worst columns; Dagster shows it one click away.
    """
    shown: Metadata = {
        "headline": visible(verdict.headline),
        "verdict": verdict.verdict,
        "findings": findings_table(verdict.findings),
    }
    if images:
        shown["pictures"] = dg.MetadataValue.md(images)
    for position, finding in enumerate(worst_first(verdict.findings), start=1):
        # Parentheses cannot collide: the name of a check has none.
        name = names.get(finding.column or "", f"finding ({position})")
        shown[name] = told_of(finding)
    # A path, not a file:// link: browsers refuse to follow those from a page that was served over http.
    shown["report"] = dg.MetadataValue.path(short(output_folder / "report.html"))
    shown |= _verdict_figures(verdict)
    shown["dagster/row_count"] = len(verdict.findings)
    return shown


def _verdict_figures(verdict: Verdict) -> Metadata:
    """Return numbers that Dagster plots over the history of the asset: how bad it is, and whether that changes."""
    shown: Metadata = {"severity": LEVELS.index(verdict.verdict)}
    nuisance = [finding for finding in verdict.findings if finding.role == "nuisance"]
    for title, values in (
        ("largest_V", [finding.association_v for finding in nuisance]),
        ("largest_inflation", [finding.inflation for finding in nuisance]),
    ):
        known = [value for value in values if value is not None]
        if known:
            shown[title] = dg.MetadataValue.float(rounded(max(known)))
    records = [finding.n for finding in verdict.findings if finding.n is not None]
    return shown | ({"records": max(records)} if records else {})


def told_of(finding: Finding) -> str:
    """Return a finding as an entry of its own: verdict, reason, what was found and what to do."""
    return f"{finding.verdict}, {finding.reason}: {sentences(finding)}"


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings from fail to pass, in their given order within a level."""
    return sorted(findings, key=lambda finding: -LEVELS.index(finding.verdict))


def sentences(finding: Finding) -> str:
    """Return what was found and what to do."""
    return " ".join(part for part in (visible(finding.headline), visible(finding.next_step)) if part)


def unlinked(text: str) -> str:
    """Return a text for a place where Dagster reads Markdown: what a stranger wrote is no link, and loads no picture.

    Backslashes would do it too, and be seen in logs; a blank between the brackets does it as well.
    """
    return text.replace("](", "] (").replace("][", "] [")


def findings_table(findings: Iterable[Finding]) -> dg.TableMetadataValue:
    """Return one row a finding, the worst first; figures with their intervals, blank where they have no meaning."""
    return table(
        [
            {
                "column": visible(finding.column, limit=40) if finding.column is not None else "(dataset)",
                "verdict": finding.verdict,
                "V": estimate(finding.association_v, finding.association_low, finding.association_high),
                "alone": estimate(finding.metadata_auc, finding.metadata_auc_low, finding.metadata_auc_high),
                "read": estimate(finding.separability_auc, finding.separability_low, finding.separability_high),
                "inflation": estimate(finding.inflation, finding.inflation_low, finding.inflation_high),
            }
            for finding in worst_first(findings)
        ],
        {
            "V": "Association of label and column: bias-corrected Cramér's V, with its 95% interval",
            "alone": "How well the column alone predicts the label, as an AUC",
            "read": "How well the data reveal the column, given the label, as an AUC",
            "inflation": "Pooled AUC of the model minus its AUC within levels of the column",
        },
    )


def finding_figures(finding: Finding) -> Metadata:
    """Return the figures of a finding that have a meaning; Dagster plots each over the history of its check."""
    figures: Metadata = {}
    for name, value in finding.as_dict().items():
        if isinstance(value, int) and not isinstance(value, bool):
            figures[name] = dg.MetadataValue.int(value)
        elif isinstance(value, float):
            figures[name] = dg.MetadataValue.float(rounded(value))
    return figures


def table(rows: Sequence[Row], described: Mapping[str, str] | None = None) -> dg.TableMetadataValue:
    """Return rows as a table; the types of its columns are those of the first value that is there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [
        dg.TableColumn(name, _kind(row.get(name) for row in rows), description=(described or {}).get(name))
        for name in names
    ]
    records = [dg.TableRecord(dict(row)) for row in rows[:MAX_ROWS]]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=columns))


def _kind(values: Iterable[Any]) -> str:
    first = next((value for value in values if value is not None), "")
    return {bool: "bool", int: "int", float: "float"}.get(type(first), "string")


def rounded(value: float) -> float:
    """Return a figure with the digits that are kept in Dagster."""
    return float(f"{value:.{DIGITS}g}")


def estimate(value: float | None, low: float | None, high: float | None) -> str:
    """Return a figure with its interval if it has one, and nothing for one without a meaning."""
    if value is None:
        return ""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def short(path: Path) -> str:
    """Return the path from the working directory if it lies below it; that is where a person started Dagster."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
