"""The page in a real browser: what it asks for, how it looks, whether a keyboard and a screen reader can use it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser import launched, opened
from made_by_hand import EVIL, WriteFolder, rows_about

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.page import render_page
from audit_pipeline.verdict_types import Finding, Verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FORMULAS = ("=HYPERLINK(0)", "+1+1", "-2", "@SUM(A1)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def kind(verdict: Verdict, site: Finding, write_folder: WriteFolder) -> Path:
    """A page with every kind of finding: a card, a covariate, a view, a header column with nothing to say."""
    view = Finding(
        column=None,
        role="view",
        verdict="warn",
        reason="unrecorded",
        headline="The pattern of missing values alone predicts the label at equal values of all recorded columns.",
        next_step="Ask who exported them.",
        n=920,
    )
    header = replace(site, column="file.jpeg_quality", verdict="pass", reason="undetermined", n_to_decide=3_000)
    rows = [
        *rows_about("site"),
        *rows_about("file.jpeg_quality", levels=("75", "96")),
        Evidence(probe="shortcut_views", metric="view_auc", view="missingness", estimate=0.75, ci_low=0.7, ci_high=0.8),
        Evidence(probe="shortcut_views", metric="view_persists", view="missingness", estimate=0.64, p_value=0.002),
        Evidence(
            probe="shortcut_views",
            metric="view_auc_within",
            view="missingness",
            column="site",
            estimate=0.6,
            ci_low=0.5,
        ),
        Evidence(probe="generalisation", metric="auc_left_out", view="trees", column="site", level="va", estimate=0.6),
    ]
    return _written(write_folder(replace(verdict, findings=(*verdict.findings, view, header)), rows))


@pytest.fixture
def evil(hostile: Verdict, write_folder: WriteFolder) -> Path:
    """A page whose every name was chosen by an enemy."""
    name = EVIL.replace("\udc80", "")
    formulas = tuple(
        replace(hostile.findings[0], column=formula, verdict="fail", reason="confounded") for formula in FORMULAS
    )
    rows = rows_about(name, levels=[name, *FORMULAS, "b"], labels=["<img src=x onerror=alert(2)>", "=1+1", "yes"])
    rows += [row for formula in FORMULAS for row in rows_about(formula, levels=[name, "b"], labels=[name, "\u202eyes"])]
    return _written(write_folder(replace(hostile, findings=(*hostile.findings, *formulas)), rows))


def _written(folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(render_page(folder), encoding="utf-8")
    return file


def _unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


def test_opens_from_disk_without_a_request_or_a_complaint(browser: Browser, kind: Path) -> None:
    with opened(browser, kind) as seen:
        _unfold(seen.page)
        seen.page.mouse.wheel(0, 20_000)
        assert seen.requests == [kind.as_uri()]
        assert seen.complaints == []


def test_the_first_screen_answers(browser: Browser, kind: Path) -> None:
    """What is wrong, how sure, how bad, what next: all of it and its picture without scrolling, on a laptop."""
    with opened(browser, kind) as seen:
        answers = seen.page.locator(".answers dt").all()
        assert [each.inner_text() for each in answers] == ["What is wrong?", "How sure?", "How bad?", "What next?"]
        for element in (*answers, *seen.page.locator(".answers dd").all(), seen.page.locator(".hero .mosaic")):
            box = element.bounding_box()
            assert box is not None
            assert box["height"] > 10
            assert box["y"] + box["height"] <= 800


def _pixels(page: Page) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"), dtype=float)


def test_light_and_dark_are_two_looks_and_neither_is_blank(browser: Browser, kind: Path) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with opened(browser, kind, color_scheme=scheme) as shown:
            seen[scheme] = _pixels(shown.page)
    assert seen["light"].mean() > 180
    assert seen["dark"].mean() < 90
    for pixels in seen.values():
        assert pixels.std() > 10


@pytest.mark.parametrize("which", ["kind", "evil"])
def test_nothing_is_wider_than_a_phone(browser: Browser, which: str, request: pytest.FixtureRequest) -> None:
    with opened(browser, request.getfixturevalue(which), width=360, height=740) as seen:
        _unfold(seen.page)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
        # Text in a picture must not run out of it: what is cut off says nothing.
        out = seen.page.evaluate(
            """[...document.querySelectorAll('svg.figure text')].filter(text => {
                 const inner = text.getBoundingClientRect(), outer = text.closest('svg').getBoundingClientRect()
                 return outer.width && (inner.left < outer.left - 2 || inner.right > outer.right + 2)
               }).map(text => text.textContent)"""
        )
        assert out == []


def test_a_keyboard_reaches_everything(browser: Browser, kind: Path) -> None:
    focused = """() => {
        const each = document.activeElement, box = each.getBoundingClientRect(), style = getComputedStyle(each)
        return {tag: each.tagName, text: each.textContent.trim().slice(0, 40), left: box.left, width: box.width,
                outline: style.outlineStyle + ' ' + parseFloat(style.outlineWidth)}
    }"""
    with opened(browser, kind) as seen:
        page = seen.page
        page.keyboard.press("Tab")
        first = page.evaluate(focused)
        assert first["text"] == "Skip to the verdict"
        assert first["left"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#verdict")
        wanted = page.evaluate(
            "document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length"
            " - [...document.querySelectorAll('details:not([open]) :is(a[href], details > summary, [tabindex=\"0\"])')]"
            ".filter(each => !each.checkVisibility({contentVisibilityAuto: true})).length"
        )
        page.goto(kind.as_uri())
        reached = []
        for _ in range(wanted):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(focused))
        assert len(reached) > 20
        assert {each["tag"] for each in reached} >= {"A", "SUMMARY"}
        assert "BODY" not in {each["tag"] for each in reached}
        for each in reached:
            assert each["width"] > 0
            assert each["outline"] == "solid 3", each
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details").first.get_attribute("open") is not None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_of_an_accessibility_checker(browser: Browser, kind: Path, scheme: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install '.[dev]'"
    )
    with opened(browser, kind, color_scheme=scheme) as seen:
        _unfold(seen.page)
        response = axe.Axe().run(seen.page).response
    assert len(response["passes"]) > 20  # it did look
    found = [
        (each["id"], each["impact"], [node["target"] for node in each["nodes"]][:3])
        for each in response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    assert found == []


def test_an_accessibility_checker_sees_what_is_broken(browser: Browser, kind: Path) -> None:
    """The check above is worth something: it finds grey on grey and a picture without a name."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install '.[dev]'"
    )
    html = kind.read_text(encoding="utf-8")
    broken = kind.with_name("broken.html")
    html = html.replace("--ink: #1c2127", "--ink: #d0d0d0").replace('aria-label="Records of', 'data-label="Records of')
    broken.write_text(html, encoding="utf-8")
    with opened(browser, broken, color_scheme="light") as seen:
        found = {each["id"] for each in axe.Axe().run(seen.page).response["violations"]}
    assert {"color-contrast", "svg-img-alt"} <= found


def test_names_chosen_by_an_enemy_are_text(browser: Browser, evil: Path) -> None:
    with opened(browser, evil) as seen:
        page = seen.page
        _unfold(page)
        assert seen.requests == [evil.as_uri()]
        assert seen.complaints == []
        assert page.locator("script, img, iframe, object, embed, link, [onload], [onerror], [onclick]").count() == 0
        text = page.evaluate("document.body.innerText")
        for part in ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", r"\u202e", *FORMULAS):
            assert part in text, part
        assert not {"\u202e", "\x1b", "\x00"} & set(text)
        # Ten thousand characters are cut: no line of a name fills screens.
        assert page.evaluate("document.querySelector('h1').getBoundingClientRect().height") < 300


def test_paper_shows_what_a_screen_folds_away(browser: Browser, kind: Path) -> None:
    with opened(browser, kind) as seen:
        page = seen.page
        table = page.locator("#evidence details table").first
        assert not table.is_visible()
        page.emulate_media(media="print")
        box = table.bounding_box()
        assert box is not None
        assert box["height"] > 50
        assert page.locator("nav").is_hidden()
        assert page.pdf()[:5] == b"%PDF-"
