"""A few SVG elements as strings. Attribute values and text are escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from audit_pipeline.report.text import visible


def element(tag: str, children: Iterable[Markup] = (), **attributes: str | float) -> Markup:
    """Return an element; ``stroke_width`` is written ``stroke-width``, ``class_`` is written ``class``."""
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_value(value))}"' for name, value in attributes.items()
    )
    inner = "".join(children)
    return Markup(f"<{tag}{shown}>{inner}</{tag}>")  # noqa: S704  (tag is ours, values were escaped above)


def text(content: str, **attributes: str | float) -> Markup:
    """Return a text element with harmless content."""
    return element("text", [escape(visible(content))], **attributes)


def tooltip(content: str) -> Markup:
    """Return a ``title`` element: what a pointer shows and some screen readers say."""
    return element("title", [escape(visible(content))])


def picture(children: Iterable[Markup], *, width: float, height: float, label: str, class_: str = "") -> Markup:
    """Return an ``svg`` that scales with its column; ``label`` says in words what it shows."""
    return element(
        "svg",
        children,
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        class_=f"figure {class_}".strip(),
        role="img",
        aria_label=visible(label),
    )


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    # Two decimals are finer than a pixel, and the same on every machine.
    return f"{round(value, 2) + 0.0:g}"
