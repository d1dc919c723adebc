"""What drawings in a terminal share: as wide as it allows, in signs that it has, every text made harmless."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.constrain import Constrain
from rich.text import Text

from audit_pipeline.report import text as words
from audit_pipeline.report.gauge import ASCII, UNICODE, Glyphs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


@dataclass(frozen=True)
class Drawing:
    """Parts below each other, for a terminal of which width (in columns), encoding and signs are known."""

    width: int
    encoding: str
    glyphs: Glyphs

    def say(self, text: object, style: str = "", *, limit: int = 600) -> Text:
        """Return a text that cannot command the terminal and that its encoding has, cut at ``limit`` characters."""
        shown = words.printable(words.visible(text, limit=limit), self.encoding)
        return Text(shown, style=style, overflow="fold")

    def parts(self) -> list[RenderableType]:
        """Return what is drawn, from the top."""
        raise NotImplementedError


@dataclass(frozen=True)
class Frame:
    """A drawing, at most ``width`` columns wide, that is made when the terminal is known."""

    draw: Callable[[int, str, Glyphs], Drawing]
    width: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width, options.max_width)
        drawing = self.draw(width, options.encoding, ASCII if options.ascii_only else UNICODE)
        yield Constrain(Group(*drawing.parts()), width)
