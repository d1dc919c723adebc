"""Terminals as they are: no colour, no Unicode, eighty columns, or not a terminal at all."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 80
MAX_WIDTH = 100


def make_console(stream: IO[str]) -> Console:
    """Return a rich console that neither interprets markup nor emits an escape code where none is wanted.

    Colour is left out for ``NO_COLOR`` and for ``TERM=dumb``, and (rich's own rule) when the stream is no terminal.
    """
    from rich.console import Console

    _settle_encoding(stream)
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    console = Console(
        file=stream,
        color_system=None if plain else "auto",
        markup=False,
        highlight=False,
        emoji=False,
        width=None if stream.isatty() else PIPE_WIDTH,
    )
    # Lines longer than this are tiring to read; below, the terminal decides.
    if console.width > MAX_WIDTH:
        console.width = MAX_WIDTH
    return console


def _settle_encoding(stream: IO[str]) -> None:
    """Make printing unable to fail: unknown characters are escaped, and a C locale is believed to mean ASCII.

    Python 3.7 and later write UTF-8 even in a C locale; whoever asks for ``LC_ALL=C`` asks for ASCII.
    """
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return
    if c_locale() and not os.environ.get("PYTHONIOENCODING"):
        reconfigure(encoding="ascii", errors="backslashreplace")
    else:
        reconfigure(errors="backslashreplace")


def c_locale() -> bool:
    """Tell whether the user chose the C locale. An absent locale (a container, cron) is no choice."""
    if os.environ.get("PYTHONUTF8") or not sys.flags.utf8_mode:
        return False
    chosen = os.environ.get("LC_ALL") or os.environ.get("LANG")
    return chosen in {"C", "POSIX"}


def show(console: Console, renderable: RenderableType) -> None:
    """Print without trailing blanks. A reader that went away (``| head``) does not change what the program returns."""
    with console.capture() as captured:
        console.print(renderable)
    stream = console.file
    try:
        for line in captured.get().splitlines():
            stream.write(line.rstrip() + "\n")
        stream.flush()
    except BrokenPipeError:
        # Whatever Python still flushes at exit must not fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
