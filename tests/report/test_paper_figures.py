"""Every picture of the page is an SVG file that stands by itself."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from made_by_hand import EVIL, WriteFolder, rows_about

from audit_pipeline.report.page import render_page
from audit_pipeline.report.paper.figures import Figure, cut_out, figures_of, index_of
from audit_pipeline.report.paper.stylesheet import declarations_of, style_of
from audit_pipeline.report.text import visible
from audit_pipeline.verdict_types import Verdict

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
PAGE = """<style>
:root {{ --a: #111111; }}
@media (prefers-color-scheme: dark) {{ :root {{ --a: #eeeeee; }} .figure {{ opacity: .1; }} }}
.figure {{ width: 100%; font: 13px system-ui, sans-serif; }} /* .figure {{ fill: red; }} */
.figure text {{ fill: var(--a); }} .l0 {{ fill: #8ecae6; background: #8ecae6; }}
.swatch.empty {{ border: 1.5px dashed var(--a); }} .other {{ fill: red; }} body {{ margin: 0; }}
</style><h2>Columns</h2><h3>{name}</h3>
<figure><figcaption>What <b>it</b> shows.</figcaption>
<ul class="legend"><li><span class="swatch l0"></span>one</li><li><span class="swatch empty"></span>none</li></ul>
<svg viewBox="0 0 100 50" class="figure bars" role="img" aria-label="Bars."><text>x</text><svg viewBox="0 0 1 1"></svg></svg>
</figure><figure><svg viewBox="0 0 9 9" class="figure dots" role="img" aria-label="Dots."></svg></figure>
<p><svg class="sign" viewBox="0 0 1 1"></svg></p>"""


@pytest.fixture
def figures(verdict: Verdict, write_folder: WriteFolder) -> tuple[Figure, ...]:
    return figures_of(write_folder(verdict))


def test_as_many_as_the_page_has(verdict: Verdict, write_folder: WriteFolder) -> None:
    folder = write_folder(verdict)
    shown = len(re.findall(r'<svg[^>]*class="figure', render_page(folder)))
    assert len(figures_of(folder)) == shown >= 4


def test_each_is_a_file_of_its_own(figures: tuple[Figure, ...]) -> None:
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert re.fullmatch(r"\d\d-[a-z0-9-]+\.svg", figure.name)
        root = ET.fromstring(figure.svg.encode())
        assert root.tag == f"{SVG}svg"
        assert root.attrib["width"].endswith("mm")
        assert root.findtext(f"{SVG}title") == figure.label != ""
        # Nothing is loaded, no script runs, no variable is left that only browsers know.
        assert {each.tag for each in root.iter()} & {f"{SVG}script", f"{SVG}foreignObject", f"{SVG}image"} == set()
        assert not any(name.startswith("on") or name == f"{XLINK}href" for each in root.iter() for name in each.attrib)
        assert not re.search(r"var\(|url\(|@import|@media|system-ui", figure.svg)


def test_every_class_that_is_drawn_keeps_its_style(figures: tuple[Figure, ...]) -> None:
    mosaic = next(figure for figure in figures if figure.name.endswith("-mosaic.svg"))
    assert re.search(r"\.l0 \{ fill: #[0-9a-f]{6}", mosaic.svg)
    assert ".figure text { fill: #" in mosaic.svg
    assert ".dot" not in mosaic.svg  # what is not drawn has no rule


def test_names_say_which_column(figures: tuple[Figure, ...]) -> None:
    assert any("-site-" in figure.name for figure in figures)
    assert any("-age-" in figure.name for figure in figures)


def test_a_page_is_cut_up() -> None:
    bars, dots = cut_out(PAGE.replace("{{", "{").replace("}}", "}").replace("{name}", "site"))
    assert (bars.name, bars.title, bars.caption, bars.label) == ("01-site-bars.svg", "site", "What it shows.", "Bars.")
    assert (dots.name, dots.caption) == ("02-site-dots.svg", "")
    root = ET.fromstring(bars.svg.encode())
    assert [each.text for each in root.iter(f"{SVG}text")] == ["x", "one", "none"]
    signs = [each.attrib["style"] for each in root.iter(f"{SVG}rect") if "style" in each.attrib]
    assert signs == ["fill: #8ecae6", "fill: none; stroke: #111111; stroke-width: 1.5; stroke-dasharray: 3 2"]
    # The picture grows by its legend, and its own box stays inside.
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    assert left <= 0
    assert top <= 0
    assert left + width >= 100
    assert top + height >= 50 + 20
    assert [each.text for each in ET.fromstring(dots.svg.encode()).iter(f"{SVG}text")] == []


def test_the_style_sheet_without_screens_and_places() -> None:
    css = PAGE.replace("{{", "{").replace("}}", "}").split("<style>")[1].split("</style>")[0]
    assert style_of(css, {"figure", "l0"}, {"svg", "text"}).splitlines() == [
        ".figure { font: 13px Helvetica, Arial, sans-serif }",
        ".figure text { fill: #111111 }",
        ".l0 { fill: #8ecae6 }",
    ]
    assert declarations_of(css, {"swatch", "empty"}) == {"border": "1.5px dashed #111111"}


def test_pictures_that_need_a_script_are_left_out() -> None:
    page = '<svg class="figure" viewBox="0 0 1 1" aria-label="a"><script>x</script></svg>'
    assert cut_out(page) == ()
    assert "no pictures" in index_of(())


def test_captions_are_listed(figures: tuple[Figure, ...]) -> None:
    index = index_of(figures)
    assert index.count("\n## ") == len(figures)
    assert "Labels at each level" in index


def test_hostile_names(hostile: Verdict, write_folder: WriteFolder) -> None:
    evil = EVIL.replace("\udc80", "")  # half a character cannot be in Parquet
    rows = rows_about(evil, levels=(evil, "b", "]]>", "</style>"), labels=(evil, "<svg>"))
    bad = replace(hostile.findings[0], column=evil)
    figures = figures_of(write_folder(replace(hostile, findings=(bad, hostile.findings[1])), rows))
    assert len(figures) >= 4
    for figure in figures:
        root = ET.fromstring(figure.svg.encode())
        assert re.fullmatch(r"\d\d-[a-z0-9-]{1,60}\.svg", figure.name)
        assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
            *("svg", "title", "style", "rect", "g", "text", "line", "circle", "path", "tspan"),
        }
        assert "\u202e" not in figure.svg
    assert any(visible("]]>") in "".join(ET.fromstring(figure.svg.encode()).itertext()) for figure in figures)
