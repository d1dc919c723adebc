"""The first screen of the page as a part of another page: what a notebook shows of a result."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from audit_pipeline.report.folder import read_folder
from audit_pipeline.report.page import render_section
from audit_pipeline.report.scoping import scoped
from audit_pipeline.report.sections.summary import SECTION

SCOPE = "audit-pipeline-result"
"""Class of the outermost element; all styles are below it."""

SHEETS = ("style.css", "screen.css")
"""The page's style sheets; those that are there count."""

# What the page has as a page is too much within another one.
_OWN = f".{SCOPE}{{margin:.5em 0;padding:.75rem;max-width:64rem;border-radius:.5rem}}"


def first_screen(folder: Path) -> str:
    """Return verdict, what is wrong, how sure, how bad, what to do, and the findings: HTML without script, link or address.

    The same folder gives the same text.

    Parameters
    ----------
    folder : holds ``verdict.json``, and ``evidence.parquet`` for the figure.

    Raises
    ------
    DataError : there is no readable ``verdict.json``.
    """
    body = _unlinked(render_section(read_folder(folder), SECTION))
    html = f'<div class="{SCOPE}">{body}</div>'
    templates = files("audit_pipeline.report").joinpath("templates")
    sheets = [sheet for name in SHEETS if (sheet := templates.joinpath(name)).is_file()]
    css = scoped("\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets), html, under=SCOPE)
    return f"<style>{css}{_OWN}</style>{html}"


def _unlinked(html: str) -> str:
    """Return HTML without anchors: they would lead to other cells of the notebook, or to nothing.

    What strangers wrote is escaped by now, so only our own tags match.
    """
    # Plain text first: markup that is safe escapes what is put into it.
    html = re.sub(r'<a href="#[^"]*">(.*?)</a>', r"\1", str(html), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r'<(h1|h2|h3|section|li) id="[^"]*"', r"<\1", html))
