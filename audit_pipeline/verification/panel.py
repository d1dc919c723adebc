"""A verification in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from audit_pipeline.report import text as words
from audit_pipeline.report.drawing import Drawing, Frame
from audit_pipeline.report.panel import short_path
from audit_pipeline.verification.remarks import Remark, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

MOST = 60
"""Remarks of a kind that a terminal shows; ``--json`` has all of them."""

_NAME = 40


def render_verification(found: Verification, *, width: int) -> RenderableType:
    """Return the panel, at most ``width`` columns wide, for any terminal."""
    return Frame(lambda width, encoding, glyphs: _Drawing(width, encoding, glyphs, found), width)


@dataclass(frozen=True)
class _Drawing(Drawing):
    found: Verification

    @property
    def ascii_only(self) -> bool:
        return not self.glyphs.unicode

    def parts(self) -> list[RenderableType]:
        parts: list[RenderableType] = [self.header()]
        for remarks, sign, style in (
            (self.found.differences, "x" if self.ascii_only else "✘", "bold red"),
            (self.found.notes, "-" if self.ascii_only else "·", "dim"),
        ):
            if remarks:
                parts += [Text(""), self.table(remarks, sign, style)]
        parts += [Text(""), self.footer()]
        return parts

    def header(self) -> RenderableType:
        good = self.found.as_signed
        sign = ("+" if good else "x") if self.ascii_only else ("✔" if good else "✘")
        style = "green" if good else "red"
        number = len(self.found.differences)
        told = (
            "Everything that could be derived again is as it was signed."
            if good
            else f"{number} {'thing differs' if number == 1 else 'things differ'} from what was signed."
        )
        title = Text.assemble(
            Text(f" {sign} {'AS SIGNED' if good else 'CHANGED'} ", style=f"bold {style} reverse"),
            "  ",
            self.say(self.found.dataset or "(no verdict)", "bold", limit=60),
            "  ",
            self.say(short_path(self.found.folder), "dim"),
            overflow="fold",
        )
        return Panel(Group(title, self.say(told)), box=box.HEAVY, border_style=style, width=self.width)

    def table(self, remarks: Sequence[Remark], sign: str, style: str) -> RenderableType:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold", max_width=max(12, min(30, self.width // 3)))
        grid.add_column(overflow="fold", ratio=1)
        for remark in remarks[:MOST]:
            grid.add_row(Text(sign, style=style), self.say(remark.what, "bold", limit=_NAME), self.say(remark.told))
        if len(remarks) > MOST:
            grid.add_row("", self.say("…"), self.say(f"and {len(remarks) - MOST:,} more, all of them with --json"))
        return Padding(grid, (0, 0, 0, 2))

    def footer(self) -> RenderableType:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        checked = ", ".join(words.count(number, noun) for noun, number in self.found.checked.items() if number)
        grid.add_row(self.say("compared", "dim"), self.say(checked or "nothing"))
        good = self.found.as_signed
        grid.add_row(
            self.say(f"exit {0 if good else 1}", "dim"),
            self.say("all as signed" if good else "something differs from what was signed"),
        )
        return grid
