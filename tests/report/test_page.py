from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_by_hand import CREATED, EVIL, WriteFolder, rows_about

from audit_pipeline.errors import DataError
from audit_pipeline.evidence import Evidence
from audit_pipeline.report.page import render_page
from audit_pipeline.report.sections import sections
from audit_pipeline.verdict_types import Finding, Verdict

VOID = {"meta", "link", "br", "hr", "img", "input"}
FORBIDDEN = {"script", "link", "iframe", "object", "embed", "img", "form", "base", "audio", "video"}


class Checker(HTMLParser):
    """Parses a page strictly: every tag closed in order, nothing that could act or load."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.tables_without_caption = 0
        self._awaiting_caption = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        assert len(values) == len(attrs), f"repeated attribute in {tag}"
        assert tag not in FORBIDDEN, tag
        for name, value in values.items():
            assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", name), name
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "src", "srcset", "action", "xlink:href", "background"}, (tag, name)
            if name == "href":
                assert re.fullmatch(r"#[a-z0-9-]+", value), value
                self.refers.append(value[1:])
            if name in {"aria-labelledby", "aria-describedby"}:
                self.refers.append(value)
        if "id" in values:
            self.ids.append(values["id"])
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if self._awaiting_caption:
            assert tag == "caption", tag
        self._awaiting_caption = tag == "table"
        self.tags.append((tag, values))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def check(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert set(checker.refers) <= set(checker.ids)
    assert checker.headings[0] == 1
    assert checker.headings.count(1) == 1
    for before, after in zip(checker.headings, checker.headings[1:], strict=False):
        assert after <= before + 1, checker.headings
    for tag, values in checker.tags:
        if tag == "svg":
            assert values["role"] == "img"
            assert values["aria-label"]
    return checker


def words(html: str) -> str:
    return re.sub(r"\s+", " ", " ".join(check(html).text))


def test_it_is_one_well_formed_file_that_loads_nothing(verdict: Verdict, write_folder: WriteFolder) -> None:
    html = render_page(write_folder(verdict))
    assert html.startswith("<!DOCTYPE html>")
    check(html)
    assert not re.search(r"url\(|@import|https?:|javascript:", html)
    assert "default-src 'none'" in html


def test_landmarks(verdict: Verdict, write_folder: WriteFolder) -> None:
    checker = check(render_page(write_folder(verdict)))
    tags = [tag for tag, _ in checker.tags]
    assert [tags.count(tag) for tag in ("main", "header", "footer", "nav", "h1")] == [1] * 5
    assert dict(checker.tags[:1])["html"]["lang"] == "en"


def test_verdict_first_then_sections_in_order(verdict: Verdict, write_folder: WriteFolder) -> None:
    tags = check(render_page(write_folder(verdict))).tags
    found = [values["id"] for tag, values in tags if tag == "section"]
    assert found == ["verdict", "asked", "columns", "views", "maps", "evidence", "splits", "lineage", "appendix"]
    assert [section.name for section in sections()] == found


def test_a_card_holds_both_edges_size_verdict_and_next_step(verdict: Verdict, write_folder: WriteFolder) -> None:
    shown = words(render_page(write_folder(verdict)))
    for part in (
        "site is a shortcut to the label.",
        "Record at least 40 more 'no' at site 'switzerland'.",
        "0.41 [0.35, 0.47]",
        "by values/linear",
        "0.900 → 0.830",
        "+0.072 [+0.051, +0.094]",
        "tolerated below 0.20",
        "The trees model is inflated by 0.07.",
        "3 of 923 records have no label",
        "12.2",
        "9.5",
        "ef" * 32,
        CREATED,
    ):
        assert part in shown


def test_empty_cells_are_marked(verdict: Verdict, write_folder: WriteFolder) -> None:
    html = render_page(write_folder(verdict))
    assert 'class="cell empty"' in html
    assert "switzerland: 0 no, 19 yes" in html


def test_what_was_not_measured_is_said_with_a_reason(verdict: Verdict, age: Finding, write_folder: WriteFolder) -> None:
    rows = [Evidence(probe="sensor", metric="p_sensor", column="age", detail={"reason": "no label has two ages"})]
    shown = words(render_page(write_folder(replace(verdict, findings=(age,)), rows)))
    assert "not measured" in shown
    assert "no label has two ages" in shown
    assert "None" not in shown
    assert "nan" not in shown.split()


def test_hostile_names_stay_text(hostile: Verdict, write_folder: WriteFolder) -> None:
    name = EVIL.replace("\udc80", "")
    levels = [name, 'b" onx="1', "&amp;</td>", *(f"level {i}" for i in range(20))]
    rows = rows_about(name, levels=levels, labels=["<img src=x onerror=1>", "yes", *(f"l{i}" for i in range(9))])
    html = render_page(write_folder(hostile, rows))
    checker = check(html)
    allowed = {"\n"}
    assert all(character.isprintable() or character in allowed for character in html)
    shown = "".join(checker.text)
    assert "<script>alert(1)</script>" in shown
    assert r"\x1b[31m" in shown
    assert r"\u202e" in shown
    assert "{{ 7*7 }}" in shown
    html.encode("utf-8")


@pytest.mark.parametrize("absent", ["evidence.parquet", "splits.parquet", "manifest.parquet"])
def test_an_absent_file_is_said_and_not_fatal(verdict: Verdict, write_folder: WriteFolder, absent: str) -> None:
    folder = write_folder(verdict)
    (folder / absent).unlink()
    assert re.search(r"This folder holds no|The evidence holds no", words(render_page(folder)))


def test_findings_without_figures_have_no_edges(verdict: Verdict, write_folder: WriteFolder) -> None:
    finding = Finding(
        column=None, role="view", verdict="warn", reason="unrecorded", headline="A view predicts it.", next_step="Look."
    )
    html = render_page(write_folder(replace(verdict, verdict="warn", findings=(finding,)), []))
    assert "the dataset as a whole" in words(html)
    assert "First edge" not in html


def test_no_findings_at_all(verdict: Verdict, write_folder: WriteFolder) -> None:
    assert "no metadata column was judged" in words(render_page(write_folder(replace(verdict, findings=()), [])))


def test_the_appendix_is_capped_and_says_where_the_rest_is(verdict: Verdict, write_folder: WriteFolder) -> None:
    rows = [Evidence(probe="design", metric="count", column="site", level=f"no|{i}", estimate=i) for i in range(2_500)]
    html = render_page(write_folder(verdict, rows))
    assert "2,000 of 2,500 rows are shown; all of them are in evidence.parquet." in words(html)
    assert len(html) < 3_000_000


def test_the_same_folder_gives_the_same_page(verdict: Verdict, write_folder: WriteFolder) -> None:
    folder = write_folder(verdict)
    assert render_page(folder) == render_page(folder)


def test_a_folder_without_a_verdict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="verdict"):
        render_page(tmp_path)
    (tmp_path / "verdict.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="verdict"):
        render_page(tmp_path)


def _palettes() -> dict[str, dict[str, str]]:
    css = (Path(__file__).parents[2] / "audit_pipeline/report/templates/style.css").read_text(encoding="utf-8")
    light, dark, printed = (
        dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{([^}]*)\}", css)
    )
    return {"light": light, "dark": {**light, **dark}, "print": {**light, **printed}}


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_can_be_read(scheme: str) -> None:
    palette = _palettes()[scheme]
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("page", "raised")]
    pairs += [
        (level, ground) for level in ("pass", "warn", "inconclusive", "fail") for ground in ("page", "raised", "on")
    ]
    for ink, ground in pairs:
        assert _contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    for index in range(8):
        assert _contrast("#14171b", palette[f"l{index}"]) >= 4.5


def test_figures_grow_their_scale_and_pool_what_is_many() -> None:
    from audit_pipeline.report.figures.dots import Row, Value, dot_plot
    from audit_pipeline.report.figures.mosaic import mosaic, pool

    plot = dot_plot(
        [Row("a", Value(0.3, 0.21, 0.42)), Row("b", Value(None))], start=0.5, stop=1.0, label="x", tolerance=0.6
    )
    places = [float(x) for x in re.findall(r'cx="([\d.-]+)"', plot)]
    assert all(0 <= x <= 360 for x in places)
    assert "not measured" in plot
    counts = pool({(f"level {k}", f"label {j}"): k + j for k in range(30) for j in range(20)})
    assert len(counts.levels) == 12
    assert len(counts.labels) == 8
    assert sum(counts.total(level) for level in counts.levels) == sum(k + j for k in range(30) for j in range(20))
    assert "19 other levels" in counts.pooled
    check(f"<h1>x</h1>{mosaic(counts, label='x')}")


def test_thousands_of_columns_still_make_a_page(verdict: Verdict, site: Finding, write_folder: WriteFolder) -> None:
    columns = tuple(replace(site, column=f"column {i}", verdict="pass") for i in range(2_000))
    rows = [
        Evidence(probe="design", metric="association_v", column=f"column {i}", estimate=0.1, p_value=0.5)
        for i in range(2_000)
        for _ in range(5)
    ]
    html = render_page(write_folder(replace(verdict, findings=(*columns, site)), rows))
    shown = words(html)
    assert "1,901 more columns" in shown
    assert 'aria-labelledby="column-1-title"' in html
    assert len(html) < 3_000_000
