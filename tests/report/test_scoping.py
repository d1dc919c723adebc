"""A page's style sheet below one element of somebody else's page: nothing outside is touched, nothing inside is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_by_hand import WriteFolder

from audit_pipeline.report.first_screen import SCOPE, first_screen
from audit_pipeline.report.scoping import blocks, scoped
from audit_pipeline.verdict_types import Verdict

CSS = """
/* not { a: rule } */
:root { color-scheme: light dark; --ink: black; }
@media (prefers-color-scheme: dark) { :root { --ink: white; } .hero { border: 0; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { font: 1rem serif; }
h1, h2, .gone h1 { margin: 0; }
.hero .word, .absent { color: var(--ink); }
.hero h3 { color: blue; }
@media print { .hero { color: black; } @page { margin: 1cm; } }
"""
HTML = '<div class="hero big"><h1><span class="word">FAIL</span></h1></div>'


def selectors(css: str) -> list[str]:
    """Return all selectors, also of rules inside ``@media``."""
    found: list[str] = []
    for head, body in blocks(css):
        found += selectors(body) if head.startswith("@") else [part.strip() for part in head.split(",")]
    return found


def test_every_rule_is_below_the_scope() -> None:
    css = scoped(CSS, HTML, under="mine")

    assert all(re.search(r"(^|\s)\.mine($|\s)", selector) for selector in selectors(css)), css
    assert ".mine .hero .word{color: var(--ink);}" in css
    assert ".mine h1{margin: 0;}" in css
    assert ".mine{font: 1rem serif;}" in css
    assert ".mine *{box-sizing: border-box;}" in css


def test_what_is_not_there_is_left_out() -> None:
    css = scoped(CSS, HTML, under="mine")

    for absent in ("h2", "h3", "absent", "gone", "cell", "print", "smooth", "not {"):
        assert absent not in css


def test_colours_follow_the_system_and_the_notebook() -> None:
    css = scoped(CSS, HTML, under="mine")

    assert css.startswith(".mine{--ink: black;}@media (prefers-color-scheme: dark){.mine{--ink: white;}.mine .hero{")
    assert '[data-jp-theme-light="false"] .mine,.vscode-dark .mine,html[theme=dark] .mine{--ink: white;}' in css
    assert '[data-jp-theme-light="true"] .mine,.vscode-light .mine,html[theme=light] .mine{--ink: black;}' in css
    assert "color-scheme:" not in css.replace("prefers-color-scheme:", "")


@pytest.fixture
def folder(write_folder: WriteFolder, verdict: Verdict) -> Path:
    return write_folder(verdict)


@pytest.fixture
def screen(folder: Path) -> str:
    return first_screen(folder)


def test_the_first_screen_is_that_of_the_page(screen: str, folder: Path) -> None:
    from audit_pipeline.report.page import render_page

    def words(html: str) -> str:
        return re.sub(r"\s+", "", re.sub(r"<[^>]*>", " ", html))

    page = render_page(folder)
    section = page[page.index('<section id="verdict"') :]
    assert words(screen[screen.index("</style>") :]) == words(section[: section.index("</section>")])


def test_it_touches_nothing_of_its_host(screen: str) -> None:
    (css,) = re.findall(r"<style>(.*?)</style>", screen, flags=re.DOTALL)

    assert all(f".{SCOPE}" in selector for selector in selectors(css))
    assert screen.count(f'<div class="{SCOPE}">') == 1
    assert not re.search(r'<(script|link|img|iframe|a)\b|\son\w+=|https?:|url\(|@import|\sid="', screen)


def test_its_classes_have_their_styles(screen: str) -> None:
    css, _, body = screen.partition("</style>")

    for name in ("hero", "word", "badge", "figure"):
        assert re.search(rf'class="[^"]*\b{name}\b', body)
        assert f".{name}" in css
    used = set(re.findall(r"var\((--[\w-]+)\)", css))
    assert used <= set(re.findall(r"(--[\w-]+):", css)), "a colour without a value"
