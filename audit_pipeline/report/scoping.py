"""A style sheet for a whole page, made to style one part of a page that belongs to somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_TAG = re.compile(r"(?<![\w.#:-])([a-z][a-z0-9]*)(?![\w-])")
_DARK = "(prefers-color-scheme: dark)"
# What notebooks say of their own theme: JupyterLab, Visual Studio Code, Colab. It counts more than the system's.
_THEMES = {
    "dark": ('[data-jp-theme-light="false"]', ".vscode-dark", "html[theme=dark]"),
    "light": ('[data-jp-theme-light="true"]', ".vscode-light", "html[theme=light]"),
}


def scoped(css: str, html: str, *, under: str) -> str:
    """Return the rules of ``css`` that apply to ``html``, each only below an element of the class ``under``.

    Colours that the page takes from ``:root`` become those of that element, for a light and a dark system, and for the
    light and dark themes of notebooks. Rules for paper and for parts that ``html`` has not are left out.

    Parameters
    ----------
    css : rules, and blocks ``@media`` with rules; nothing deeper.
    html : what is styled.
    """
    classes = {name for value in re.findall(r'class="([^"]*)"', html) for name in value.split()}
    tags = set(re.findall(r"<([a-z][a-z0-9]*)", html))
    scope = f".{under}"
    kept: list[str] = []
    themes = {"light": "", "dark": ""}
    for head, body in blocks(_COMMENT.sub("", css)):
        if not head.startswith("@"):
            kept += _rule(head, body, scope, classes, tags)
            if head == ":root":
                themes["light"] = _without_scheme(body)
        elif head.startswith("@media") and "print" not in head:
            inner = list(blocks(body))
            rules = [rule for name, content in inner for rule in _rule(name, content, scope, classes, tags)]
            if rules:
                kept.append(f"{head}{{{''.join(rules)}}}")
            if _DARK in head:
                themes["dark"] = next((_without_scheme(content) for name, content in inner if name == ":root"), "")
    for theme, colours in themes.items():
        if colours:
            kept.append(f"{','.join(f'{mark} {scope}' for mark in _THEMES[theme])}{{{colours}}}")
    return re.sub(r"\s+", " ", "".join(kept))


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before the braces and what within, of every outermost block; statements without one are skipped."""
    start = depth = opened = 0
    for position, sign in enumerate(css):
        if sign == "{":
            depth += 1
            if depth == 1:
                opened = position
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].rpartition(";")[2].strip(), css[opened + 1 : position].strip()
                start = position + 1


def _rule(head: str, body: str, scope: str, classes: set[str], tags: set[str]) -> list[str]:
    selectors = [
        found
        for selector in head.split(",")
        if (found := _selector(selector.strip(), scope, classes, tags)) is not None
    ]
    if not selectors or not body:
        return []
    return [f"{','.join(selectors)}{{{_without_scheme(body) if head == ':root' else body}}}"]


def _selector(selector: str, scope: str, classes: set[str], tags: set[str]) -> str | None:
    """Return a selector that reaches nothing outside the scope; None if it reaches nothing inside."""
    if selector in {":root", "body"}:
        return scope
    if selector.startswith("html"):
        return None
    bare = re.sub(r"\[[^\]]*\]|\([^)]*\)", "", selector)
    if not set(_CLASS.findall(bare)) <= classes or not set(_TAG.findall(bare)) <= tags:
        return None
    return f"{scope} {selector}"


def _without_scheme(body: str) -> str:
    """Return declarations without ``color-scheme``, which would repaint scroll bars and fields of the whole notebook."""
    return re.sub(r"color-scheme:[^;]*;?", "", body).strip()
