"""The page: one self-contained HTML file that a person reads in a browser, prints, or sends by mail.

No script, no network, no font or picture from elsewhere; a content security policy in the page itself says so to the
browser. The same folder gives the same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from audit_pipeline import __version__
from audit_pipeline.report.folder import AuditFolder, read_folder
from audit_pipeline.report.levels import LOOKS, reason_words
from audit_pipeline.report.sections import Section, sections
from audit_pipeline.report.text import NOT_MEASURED, name, sentence, visible


def render_page(folder: Path) -> str:
    """Return ``report.html`` for an output folder that holds ``verdict.json`` and the tables.

    Raises
    ------
    DataError : there is no readable ``verdict.json``.
    """
    content = read_folder(folder)
    environment = _environment()
    parts = [{"section": section, "body": render_section(content, section)} for section in sections()]
    return environment.get_template("page.html.j2").render(folder=content, parts=parts)


def render_section(content: AuditFolder, section: Section) -> Markup:
    """Return a section's HTML without the frame of the page."""
    template = _environment().get_template(section.template)
    body = template.render(folder=content, section=section, **section.context(content))
    return Markup(body)  # noqa: S704  (rendered with autoescape)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("audit_pipeline.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        finalize=_finalize,
    )
    environment.globals.update(looks=LOOKS, reason_words=reason_words, version=__version__)
    environment.filters["name"] = name
    environment.filters["sentence"] = sentence
    return environment


def _finalize(value: Any) -> Any:
    """Make every text that a template prints harmless, and every absent figure a word. Escaping comes after this."""
    if value is None:
        return NOT_MEASURED
    # Markup is a str too: it is our own HTML, and has been through here in its parts.
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible(value)
