"""The verdict in a terminal: what is wrong, how sure, how bad, and what to do next, on one screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.constrain import Constrain
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from audit_pipeline.report import text as words
from audit_pipeline.report.gauge import ASCII, UNICODE, Glyphs, gauge
from audit_pipeline.report.levels import LOOKS, reason_words, severity, worst_first
from audit_pipeline.verdict_types import Finding, Level, Verdict

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

FULL = 3
"""Columns shown with all their figures; these are the worst ones."""
BRIEF = 6
"""Columns after those, shown with headline and figures in a line or two."""
LISTED = 20
"""Columns after those, shown by name and verdict; the page has all of them."""

_SENTENCE = 600
_NAME = 60
_GAUGE = 13
_DIGITS = 3  # of inflation and of the two AUCs whose difference it is


def render_panel(
    verdict: Verdict, *, width: int, out: Path | None, fail_on: str | None = "fail", compact: bool = False
) -> RenderableType:
    """Return the panel, at most ``width`` columns wide, for any terminal.

    Parameters
    ----------
    out : the output folder, to say where the page lies; None: there is none.
    fail_on : the level of ``--fail-on`` (or ``never``), to say what the exit status means; None: there is none.
    compact : verdict, headline and a line a column only; no footer.
    """
    return _VerdictPanel(verdict=verdict, width=width, out=out, fail_on=fail_on, compact=compact)


def exit_status(level: Level, fail_on: str) -> int:
    """Return 1 when the verdict is at or above ``fail_on`` (a level or ``never``), else 0."""
    if fail_on == "never":
        return 0
    threshold = next(rank for known, rank in ((known, severity(known)) for known in LOOKS) if known == fail_on)
    return int(severity(level) >= threshold)


@dataclass(frozen=True)
class _VerdictPanel:
    """Decides how to draw only when the terminal is known: rich hands its encoding to ``__rich_console__``."""

    verdict: Verdict
    width: int
    out: Path | None
    fail_on: str | None
    compact: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        glyphs = ASCII if options.ascii_only else UNICODE
        width = min(self.width, options.max_width)
        drawing = _Drawing(verdict=self.verdict, width=width, encoding=options.encoding, glyphs=glyphs)
        parts = [drawing.header()]
        parts += drawing.column_lines() if self.compact else drawing.columns()
        if not self.compact and self.fail_on is not None:
            parts.append(drawing.footer(self.out, self.fail_on))
        yield Constrain(Group(*parts), width)


@dataclass(frozen=True)
class _Drawing:
    verdict: Verdict
    width: int
    encoding: str
    glyphs: Glyphs

    def say(self, text: object, style: str = "", *, limit: int = _SENTENCE) -> Text:
        shown = words.printable(words.visible(text, limit=limit), self.encoding)
        return Text(shown, style=style, overflow="fold")

    def badge(self, level: Level, *, loud: bool = False) -> Text:
        look = LOOKS[level]
        sign = look.sign if self.glyphs.unicode else look.ascii_sign
        style = f"bold {look.style}"
        return (
            Text(f" {sign} {look.word} ", style=f"{style} reverse")
            if loud
            else Text(f"{sign} {look.word}", style=style)
        )

    def sentence(self, text: str, style: str = "") -> Text:
        return self.say(words.sentence(text, self.names, limit=_SENTENCE), style, limit=2 * _SENTENCE)

    @property
    def names(self) -> list[str | None]:
        return [finding.column for finding in self.verdict.findings]

    def header(self) -> RenderableType:
        look = LOOKS[self.verdict.verdict]
        title = Text.assemble(
            self.badge(self.verdict.verdict, loud=True),
            "  ",
            self.say(self.verdict.dataset, "bold", limit=_NAME),
            "  ",
            self.say(self.size(), "dim"),
            overflow="fold",
        )
        return Panel(
            Group(title, self.sentence(self.verdict.headline)), box=box.HEAVY, border_style=look.style, width=self.width
        )

    def size(self) -> str:
        """Return how many records and subjects the findings rest on, at most."""
        records = max((finding.n or 0 for finding in self.verdict.findings), default=0)
        subjects = max((finding.n_subjects or 0 for finding in self.verdict.findings), default=0)
        parts = [words.count(records, "record")] if records else []
        if subjects and subjects != records:
            parts.append(words.count(subjects, "subject"))
        return ", ".join(parts)

    def title(self, finding: Finding) -> Text:
        column = "(whole dataset)" if finding.column is None else finding.column
        about = [finding.role] if finding.role != finding.reason else []
        about.append(reason_words(finding))
        return Text.assemble(
            self.badge(finding.verdict),
            "  ",
            self.say(column, "bold", limit=_NAME),
            "  ",
            self.say(", ".join(about), "dim", limit=100),
            overflow="fold",
        )

    def columns(self) -> list[RenderableType]:
        ordered = worst_first(self.verdict.findings)
        full = [finding for finding in ordered if finding.verdict != "pass" and finding.role != "covariate"][:FULL]
        rest = [finding for finding in ordered if finding not in full]
        parts: list[RenderableType] = []
        for finding in full:
            parts += [Text(""), *self.full(finding)]
        for finding in rest[:BRIEF]:
            parts += [Text(""), *self.brief(finding)]
        listed = rest[BRIEF:]
        if listed:
            parts.append(Text(""))
        parts += [self.title(finding) for finding in listed[:LISTED]]
        if len(listed) > LISTED:
            parts.append(self.say(f"and {len(listed) - LISTED:,} more columns, all in the report", "dim"))
        return parts

    def column_lines(self) -> list[RenderableType]:
        ordered = worst_first(self.verdict.findings)
        lines: list[RenderableType] = [Padding(self.title(finding), (0, 0, 0, 2)) for finding in ordered[:BRIEF]]
        if len(ordered) > BRIEF:
            lines.append(Padding(self.say(f"and {len(ordered) - BRIEF:,} more", "dim"), (0, 0, 0, 2)))
        return lines

    def full(self, finding: Finding) -> Iterator[RenderableType]:
        yield self.title(finding)
        yield from self.headline(finding)
        if any(row.value is not None for row in figure_rows(finding, self.glyphs)):
            yield Padding(self.figures(finding), (0, 0, 0, 2))
        for note in finding.notes:
            yield Padding(self.sentence(note, "dim"), (0, 0, 0, 2))
        yield self.next_step(finding)

    def brief(self, finding: Finding) -> Iterator[RenderableType]:
        yield self.title(finding)
        yield from self.headline(finding)
        figures = ", ".join(
            f"{label} {row.figure}" + (f" {row.interval}" if row.interval else "")
            for label, row in zip(
                ("V", "alone", "readable", "inflation"), figure_rows(finding, self.glyphs), strict=True
            )
            if row.value is not None
        )
        if figures:
            yield Padding(self.say(figures, "dim"), (0, 0, 0, 2))
        if finding.verdict != "pass":
            yield self.next_step(finding)

    def headline(self, finding: Finding) -> Iterator[RenderableType]:
        # The worst finding's sentence often is the verdict's, which stands above already.
        if finding.headline != self.verdict.headline:
            yield Padding(self.sentence(finding.headline), (0, 0, 0, 2))

    def next_step(self, finding: Finding) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(self.say(f"{self.glyphs.arrow} next:", "bold"), self.sentence(finding.next_step))
        return Padding(grid, (0, 0, 0, 2))

    def figures(self, finding: Finding) -> RenderableType:
        """The four figures of a column. The drawing goes first, then the tolerance, when the terminal is narrow."""
        drawn, tolerated = self.width >= 76, self.width >= 60
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(overflow="fold", ratio=1 if not drawn else None)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=self.width >= 50)
        heads = ["", "value", "95% interval"]
        if drawn:
            grid.add_column(no_wrap=True)
            heads.append("none" + "total".rjust(_GAUGE - 4))
        if tolerated:
            grid.add_column(no_wrap=True)
            heads.append("tolerated")
        grid.add_row(*(self.say(head, "dim") for head in heads))
        for row in figure_rows(finding, self.glyphs):
            tolerance = None if row.tolerance is None else self.verdict.policy.get(row.tolerance)
            if row.value is None:
                cells = [self.say(row.label), self.say("-"), self.say(words.NOT_MEASURED, "dim")]
            else:
                cells = [self.say(row.label), self.say(row.figure, "bold"), self.say(row.interval)]
            if drawn:
                bar = gauge(
                    estimate=row.value,
                    low=row.low,
                    high=row.high,
                    start=row.start,
                    stop=row.stop,
                    tolerance=tolerance,
                    width=_GAUGE,
                    glyphs=self.glyphs,
                )
                cells.append(Text(bar, style=LOOKS[finding.verdict].style))
            if tolerated:
                cells.append(self.say("" if tolerance is None else f"< {words.number(tolerance)}", "dim"))
            grid.add_row(*cells)
        return grid

    def footer(self, out: Path | None, fail_on: str) -> RenderableType:
        status = exit_status(self.verdict.verdict, fail_on)
        level = self.verdict.verdict
        if fail_on == "never":
            meaning = "--fail-on never: the verdict does not change the exit status"
        else:
            meaning = f"the verdict, {level}, is {'at or above' if status else 'below'} --fail-on {fail_on}"
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        if out is not None:
            page = out / "report.html"
            path = self.say(short_path(page), limit=1_000)
            path.stylize(Style(link=page.absolute().as_uri()))
            grid.add_row(self.say("report", "dim"), path)
        grid.add_row(self.say(f"exit {status}", "dim"), self.say(meaning))
        return Padding(grid, (1, 0, 0, 0))


@dataclass(frozen=True)
class FigureRow:
    """One figure of a finding with the scale it is drawn on; ``tolerance`` names a key of the policy."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    start: float
    stop: float
    tolerance: str | None = None
    signed: bool = False

    @property
    def figure(self) -> str:
        """The value in words."""
        return words.number(self.value, digits=_DIGITS if self.signed else 2, signed=self.signed)

    @property
    def interval(self) -> str:
        """The interval in words, empty when there is none."""
        return words.interval(self.low, self.high, digits=_DIGITS if self.signed else 2, signed=self.signed)


def figure_rows(finding: Finding, glyphs: Glyphs) -> tuple[FigureRow, FigureRow, FigureRow, FigureRow]:
    """Return association, metadata alone, readability and inflation of a finding, measured or not."""
    judged = finding.role == "nuisance"
    inflation = "inflation of model's AUC"
    if finding.auc_pooled is not None and finding.auc_adjusted is not None:
        pooled, adjusted = (words.number(auc, digits=_DIGITS) for auc in (finding.auc_pooled, finding.auc_adjusted))
        inflation = f"inflation {pooled} {glyphs.arrow} {adjusted}"
    return (
        FigureRow(
            "association with label, V",
            finding.association_v,
            finding.association_low,
            finding.association_high,
            0.0,
            1.0,
            tolerance="association" if judged else None,
        ),
        FigureRow(
            "predicts label alone, AUC",
            finding.metadata_auc,
            finding.metadata_auc_low,
            finding.metadata_auc_high,
            0.5,
            1.0,
        ),
        FigureRow(
            "readable given label, AUC",
            finding.separability_auc,
            finding.separability_low,
            finding.separability_high,
            0.5,
            1.0,
            tolerance="separability" if judged else None,
        ),
        FigureRow(inflation, finding.inflation, finding.inflation_low, finding.inflation_high, 0.0, 0.5, signed=True),
    )


def short_path(path: Path) -> Path:
    """Return the path relative to the current folder when it lies below it: shorter, and still good to paste."""
    try:
        return path.absolute().relative_to(Path(os.path.abspath(".")))
    except ValueError:
        return path
