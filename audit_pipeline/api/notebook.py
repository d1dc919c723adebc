"""A verdict where Python shows it: as text in a console, as the first screen of the page in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_pipeline.verdict_types import Verdict

WIDTH = 80
NEEDED = ("verdict.json", "evidence.parquet")
"""Output files that the first screen is made of."""


def text_of(verdict: Verdict) -> str:
    """Return the panel as plain text of at most 80 columns."""
    from rich.console import Console

    from audit_pipeline.report.panel import render_panel

    stream = StringIO()
    console = Console(file=stream, width=WIDTH, color_system=None, markup=False, highlight=False, emoji=False)
    console.print(render_panel(verdict, width=WIDTH, out=None, fail_on=None))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def html_of(files: Mapping[str, bytes]) -> str:
    """Return the first screen of the page, with styles that touch nothing else: no script, no link, nothing from elsewhere.

    Parameters
    ----------
    files : content of the output files by name, at least ``verdict.json``.
    """
    from audit_pipeline.report.first_screen import first_screen

    # Through a folder, since that is what the page is made of everywhere else.
    with TemporaryDirectory(prefix="audit-") as place:
        for name in NEEDED:
            if name in files:
                (Path(place) / name).write_bytes(files[name])
        return first_screen(Path(place))
