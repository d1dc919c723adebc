"""A comparison in a terminal: what became worse comes first, what stayed the same is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from audit_pipeline.comparison.types import Change, Comparison, FigureMove, FindingChange
from audit_pipeline.report import text as words
from audit_pipeline.report.drawing import Drawing, Frame
from audit_pipeline.report.levels import LOOKS, reason_words
from audit_pipeline.report.panel import short_path
from audit_pipeline.verdict_types import Level

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST = 12
"""Findings, and changes of a kind, that a terminal names; ``--json`` has all of them."""

_NAME = 60
_COUNTS = ("n", "n_subjects")
_DIGITS = {"inflation": 3, "auc_pooled": 3, "auc_adjusted": 3, "p_adjusted": 3}
_TITLES = {
    "spec": "spec",
    "policy": "policy",
    "files": "data files",
    "columns": "data columns",
    "code": "code",
    "packages": "packages",
}
_DIGESTS = ("files", "columns")


def render_comparison(found: Comparison, *, width: int) -> RenderableType:
    """Return the panel, at most ``width`` columns wide, for any terminal."""
    return Frame(lambda width, encoding, glyphs: _Drawing(width, encoding, glyphs, found), width)


@dataclass(frozen=True)
class _Drawing(Drawing):
    found: Comparison

    def badge(self, level: Level) -> Text:
        look = LOOKS[level]
        sign = look.sign if self.glyphs.unicode else look.ascii_sign
        return Text(f"{sign} {look.word}", style=f"bold {look.style}")

    def parts(self) -> list[RenderableType]:
        parts: list[RenderableType] = [self.header()]
        moved = [change for change in self.found.findings if not change.unchanged]
        for change in moved[:MOST]:
            parts += [Text(""), *self.finding(change)]
        if len(moved) > MOST:
            parts += [Text(""), self.say(f"and {len(moved) - MOST:,} more findings, all of them with --json", "dim")]
        still = [change for change in self.found.findings if change.unchanged]
        if still:
            names = ", ".join(_name(change) for change in still[:MOST])
            more = ", …" if len(still) > MOST else ""
            parts += [Text(""), self.say(f"unchanged: {words.count(len(still), 'finding')} ({names}{more})", "dim")]
        groups = [self.group(name) for name in self.found.groups if self.found.changes(name)]
        if groups:
            parts += [Text(""), *groups]
        parts += [Text(""), self.footer()]
        return parts

    def header(self) -> RenderableType:
        before, after = self.found.before, self.found.after
        style = "red" if self.found.worse else "green"
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for word, verdict, folder in (
            ("before", before, self.found.before_folder),
            ("after", after, self.found.after_folder),
        ):
            about = Text.assemble(
                self.say(verdict.dataset, "bold", limit=_NAME), "  ", self.say(short_path(folder), "dim")
            )
            grid.add_row(self.say(word, "dim"), self.badge(verdict.verdict), about)
        return Panel(Group(grid, self.say(self.summary())), box=box.HEAVY, border_style=style, width=self.width)

    def summary(self) -> str:
        if self.found.identical:
            return "Nothing differs."
        worse = len(self.found.worse)
        better = sum(change.direction == "better" for change in self.found.findings)
        first = f"{words.count(worse, 'finding')} got worse" if worse else "No finding got worse"
        parts = [first + (f", {better} better" if better else "")]
        if self.found.same_data is not None:
            parts.append("The data are the same" if self.found.same_data else "The data differ")
        labels = [change for change in self.found.spec if change.name == "label"]
        if labels:
            parts.append("The label is another one, so these are answers to two questions")
        return ". ".join(parts) + "."

    def finding(self, change: FindingChange) -> Iterator[RenderableType]:
        yield self.title(change)
        now = change.after
        if change.before is None:
            told = "is judged now and was not before"
            yield self.line(f"{told}: {now.headline}" if now else told, [change])
        elif now is None:
            yield self.line("is no longer judged: it is not in the later audit", [change])
        elif change.direction != "same" or change.before.reason != now.reason:
            yield self.line(now.headline, [change])
        if change.redeclared and change.before is not None and now is not None:
            yield self.line(f"is declared {now.role} now, {change.before.role} before: other rules apply", [change])
        if change.figures:
            yield Padding(self.figures(change.figures), (0, 0, 0, 2))

    def line(self, text: str, changes: list[FindingChange]) -> RenderableType:
        names = [change.finding.column for change in changes]
        return Padding(self.say(words.sentence(text, names), limit=1_200), (0, 0, 0, 2))

    def title(self, change: FindingChange) -> Text:
        arrow = f" {self.glyphs.arrow} "
        before, after = change.before, change.after
        parts: list[Text | str] = []
        if before is not None and after is not None and before.verdict != after.verdict:
            parts += [self.badge(before.verdict), arrow, self.badge(after.verdict)]
        elif before is not None and after is None:
            parts += [self.badge(before.verdict), arrow, Text("gone", style="bold")]
        elif before is None and after is not None:
            parts += [Text("new", style="bold"), arrow, self.badge(after.verdict)]
        else:
            parts.append(self.badge(change.finding.verdict))
        word = "worse" if change.worse else {"better": "better", "same": "figures moved"}.get(change.direction, "")
        if change.direction == "same" and not change.figures:
            word = "another reason" if not change.redeclared else "another role"
        reasons = reason_words(change.finding)
        parts += ["  ", self.say(_name(change), "bold", limit=_NAME), "  "]
        parts.append(self.say(", ".join(part for part in (word, reasons) if part), "dim", limit=120))
        return Text.assemble(*parts, overflow="fold")

    def figures(self, moves: tuple[FigureMove, ...]) -> RenderableType:
        wide = self.width >= 76
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(overflow="fold")
        grid.add_column(no_wrap=wide, justify="left")
        grid.add_column(no_wrap=wide, justify="left")
        if wide:
            grid.add_column(no_wrap=True)
        grid.add_row(*(self.say(head, "dim") for head in ("", "before", "after", "intervals")[: 4 if wide else 3]))
        for move in moves:
            cells = [
                self.say(move.label),
                self.say(_figure(move.name, move.before, move.before_interval)),
                self.say(_figure(move.name, move.after, move.after_interval)),
            ]
            if wide:
                apart = {True: "overlap", False: "apart", None: ""}[move.overlap]
                cells.append(self.say(apart, "bold" if move.overlap is False else "dim"))
            grid.add_row(*cells)
        return grid

    def group(self, name: str) -> RenderableType:
        changes = self.found.changes(name)
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, min_width=12)
        grid.add_column(overflow="fold", ratio=1)
        lines = self.by_content(changes) if name in _DIGESTS else [self.told(change) for change in changes[:MOST]]
        for position, line in enumerate(lines):
            grid.add_row(self.say(_TITLES[name] if not position else "", "dim"), self.say(line, limit=1_500))
        if len(changes) > MOST and name not in _DIGESTS:
            grid.add_row("", self.say(f"and {len(changes) - MOST:,} more, all of them with --json", "dim"))
        return grid

    def by_content(self, changes: Sequence[Change]) -> list[str]:
        """Return a line for what has other content, one for what is new, and one for what is gone."""
        lines = []
        for word, chosen in (
            ("other content", [change for change in changes if None not in (change.before, change.after)]),
            ("new", [change for change in changes if change.before is None]),
            ("gone", [change for change in changes if change.after is None]),
        ):
            names = ", ".join(words.name(change.name) for change in chosen[:MOST])
            more = f" and {len(chosen) - MOST:,} more" if len(chosen) > MOST else ""
            if chosen:
                lines.append(f"{word}: {names}{more}")
        return lines

    def told(self, change: Change) -> str:
        name = words.name(change.name)
        if change.before is None:
            return f"{name}: not set, now {self.short(change.after)}"
        if change.after is None:
            return f"{name}: {self.short(change.before)}, now not set"
        return f"{name}: {self.short(change.before)} {self.glyphs.arrow} {self.short(change.after)}"

    def short(self, text: str | None) -> str:
        shown = text or ""
        is_digest = len(shown) == 64 and all(sign in "0123456789abcdef" for sign in shown)
        return f"{shown[:12]}…" if is_digest else words.visible(shown, limit=100)

    def footer(self) -> RenderableType:
        worse = len(self.found.worse)
        told = f"{words.count(worse, 'finding')} got worse" if worse else "no finding's verdict got worse"
        return Text.assemble(self.say(f"exit {1 if worse else 0}", "dim"), "  ", self.say(told), overflow="fold")


def _name(change: FindingChange) -> str:
    return change.finding.column if change.finding.column is not None else "(whole dataset)"


def _figure(name: str, value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return words.NOT_MEASURED
    if name in _COUNTS:
        return words.count(int(value))
    digits, signed = _DIGITS.get(name, 2), name == "inflation"
    shown = words.number(value, digits=digits, signed=signed)
    return f"{shown} {words.interval(*interval, digits=digits, signed=signed)}" if interval else shown
