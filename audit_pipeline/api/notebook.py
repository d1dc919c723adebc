"""A verdict where Python shows it: as text in a console, as HTML in a notebook."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from audit_pipeline.report.levels import LOOKS, reason_words, worst_first
from audit_pipeline.report.text import interval, name, number, sentence

if TYPE_CHECKING:
    from audit_pipeline.verdict_types import Finding, Level, Verdict

WIDTH = 80
MOST = 20
"""Findings that a notebook shows; ``result.findings`` has all of them."""

# Readable on white and on black, since a notebook's theme is not ours to know.
_COLOURS: dict[Level, str] = {"pass": "#1a7f37", "warn": "#9a6700", "inconclusive": "#8250df", "fail": "#cf222e"}
_CELL = "padding:3px 12px 3px 0;text-align:left;vertical-align:top;white-space:normal;border:0"


def text_of(verdict: Verdict) -> str:
    """Return the panel as plain text of at most 80 columns."""
    from rich.console import Console

    from audit_pipeline.report.panel import render_panel

    stream = StringIO()
    console = Console(file=stream, width=WIDTH, color_system=None, markup=False, highlight=False, emoji=False)
    console.print(render_panel(verdict, width=WIDTH, out=None, fail_on=None))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def html_of(verdict: Verdict) -> str:
    """Return verdict, headline and a table of findings: no script, no link, nothing from elsewhere."""
    columns = [finding.column for finding in verdict.findings]
    ordered = worst_first(verdict.findings)
    rows = Markup("").join(_row(finding, columns) for finding in ordered[:MOST])
    more = len(ordered) - MOST
    rest = Markup('<p style="margin:4px 0;opacity:.7">and {} more in <code>.findings</code></p>').format(more)
    heads = Markup("").join(
        Markup('<th style="{};opacity:.7">{}</th>').format(_CELL, head)
        for head in ("verdict", "column", "what was found", "association, V", "readable, AUC", "inflation", "next step")
    )
    page = Markup(
        '<div style="max-width:70em;line-height:1.4">'
        '<p style="margin:4px 0">{badge} <b>{dataset}</b></p><p style="margin:4px 0">{headline}</p>'
        '<table style="border-collapse:collapse;margin:4px 0"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "{rest}</div>"
    ).format(
        badge=_badge(verdict.verdict),
        dataset=name(verdict.dataset),
        headline=sentence(verdict.headline, columns),
        heads=heads,
        rows=rows,
        rest=rest if more > 0 else "",
    )
    return str(page)


def _row(finding: Finding, columns: list[str | None]) -> Markup:
    figures = (
        _figure(finding.association_v, finding.association_low, finding.association_high),
        _figure(finding.separability_auc, finding.separability_low, finding.separability_high),
        _figure(finding.inflation, finding.inflation_low, finding.inflation_high, digits=3),
    )
    cells: list[str] = [
        _badge(finding.verdict),
        escape(name(finding.column if finding.column is not None else "(whole dataset)")),
        escape(f"{finding.role}, {reason_words(finding)}" if finding.role else finding.reason),
        *figures,
        escape(sentence(finding.next_step, columns)),
    ]
    return Markup("<tr>{}</tr>").format(
        Markup("").join(Markup('<td style="{}">{}</td>').format(_CELL, cell) for cell in cells)
    )


def _badge(level: Level) -> Markup:
    look = LOOKS[level]
    return Markup('<b style="color:{};white-space:nowrap">{} {}</b>').format(_COLOURS[level], look.sign, look.word)


def _figure(value: float | None, low: float | None, high: float | None, *, digits: int = 2) -> str:
    if value is None:
        return "–"
    return f"{number(value, digits=digits)} {interval(low, high, digits=digits)}".strip()
