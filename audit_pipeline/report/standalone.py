"""A figure of the report as an image of its own, for places that know only images: Dagster's Markdown, a README."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from importlib.resources import files

from markupsafe import Markup

from audit_pipeline.report.scoping import blocks

_VIEW = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
_WANTED = re.compile(r"\.figure\b|^\.l\d$|^\.on\d$")
_PADDING = 12.0


def standalone(figure: Markup, *, width: float = 560.0) -> str:
    """Return an SVG file's content: the figure with the styles that it needs, on a light ground of its own.

    An image takes no colour from the page it stands on, so one on a transparent ground would vanish in a dark theme.

    Parameters
    ----------
    figure : an ``svg`` as ``report.svg.picture`` makes it.
    width : of the image in pixels; the height follows.

    Raises
    ------
    ValueError : the figure has no ``viewBox``.
    """
    found = _VIEW.search(figure)
    if found is None:
        raise ValueError("a figure without a viewBox has no size")
    wide, high = (float(size) + 2 * _PADDING for size in found.groups())
    box = f'viewBox="{-_PADDING:g} {-_PADDING:g} {wide:g} {high:g}"'
    # In CSS, for the page's style sheet lets a figure fill its column, and an image has none.
    size = f'xmlns="http://www.w3.org/2000/svg" style="width:{width:g}px;height:{width * high / wide:.0f}px"'
    head, _, rest = str(figure).partition(">")
    ground = f'<rect x="{-_PADDING:g}" y="{-_PADDING:g}" width="{wide:g}" height="{high:g}" fill="#ffffff"/>'
    head = _VIEW.sub(box, head, count=1).replace("<svg", f"<svg {size}", 1)
    return f"{head}><style>{figure_style()}</style>{ground}{rest}"


def data_uri(svg: str) -> str:
    """Return an SVG as an address that holds the image itself. Scripts do not run in images."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def markdown_image(figure: Markup, *, told: str) -> str:
    """Return a figure as a Markdown image; ``told`` says in words what is shown and is made of our own words only."""
    return f"![{told}]({data_uri(standalone(figure))})"


@lru_cache(maxsize=1)
def figure_style() -> str:
    """Return those rules of the page's style sheet that figures need: its light colours, and what speaks of figures.

    Rules inside ``@media`` are left out: they are for other themes and for paper.
    """
    text = files("audit_pipeline.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    rules: list[str] = []
    for selectors, body in blocks(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        if selectors.startswith("@"):
            continue
        kept = [each for part in selectors.split(",") if _WANTED.search(each := part.strip())]
        if selectors == ":root":
            # The figure's own colours; a scheme would ask the browser for its.
            rules.append(f":root{{{re.sub(r'color-scheme:[^;]*;', '', body).strip()}}}")
        elif kept:
            rules.append(f"{','.join(kept)}{{{body.strip()}}}")
    return "".join(re.sub(r"\s+", " ", rule) for rule in rules)
