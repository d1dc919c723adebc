"""The map of the records on the page: what is drawn where, what is said of it, and that names from the data stay text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_by_hand import EVIL, LINEAGE, WriteFolder
from test_page import _contrast, _palettes, check, words

from audit_pipeline.models.maps.company import company, together
from audit_pipeline.models.maps.table import Column, DrawnMap, Maps, Shown, load, save
from audit_pipeline.report.figures.scatter import MOST_COLOURS, WIDTH, Groups, colour_class, grouped, scatter
from audit_pipeline.report.page import render_page
from audit_pipeline.report.text import visible
from audit_pipeline.verdict_types import Verdict


def maps(
    n: int = 60,
    *,
    columns: tuple[str, ...] = ("site",),
    levels: tuple[str, ...] = ("north", "south"),
    paired: bool = False,
) -> Maps:
    """Records whose levels lie apart; if ``paired``, each subject has one record at either of two levels."""
    rng = np.random.default_rng(1)
    subject = np.arange(n) // 2 if paired else np.arange(n)
    codes = np.arange(n) % len(levels)
    label = rng.permutation(np.arange(n) % 2)
    points = rng.standard_normal((n, 2)) + 20 * codes[:, None]
    of_subject = rng.standard_normal((n, 2))[subject]

    def drawn(name: str, places: np.ndarray, column: str | None = None) -> DrawnMap:
        shows = []
        for of, kind in ((None, label), *((name, codes) for name in columns)):
            beside, near = company(places, subject, kind), together(places, subject, kind)
            shows.append(Shown(of, **(vars(beside) if beside else {}), **(vars(near) if near else {})))
        return DrawnMap(name, places, np.arange(n), tuple(shows), column, None if name == "pca" else 0.0712)

    found = [drawn("pca", points), drawn("sammon", points)]
    if paired:
        found.append(drawn("independent", of_subject + 1e-3 * rng.standard_normal((n, 2)), columns[0]))
    return Maps(
        drawn=tuple(found),
        row=rng.permutation(n),
        subject=subject,
        label=label,
        classes=("no", "yes"),
        columns=tuple(Column(name, codes, levels, False) for name in columns),
        facts={"label": "disease", "left_out": 0, "not_made": {"umap": "umap-learn is not installed"}},
    )


def page(folder: Path, found: Maps) -> str:
    save(folder / "maps.parquet", found)
    return render_page(folder)


def section(html: str) -> str:
    return html[html.index('<section id="maps"') : html.index('<section id="evidence"')]


def figures(html: str) -> list[str]:
    return re.findall(r'<svg viewBox="[^"]*" class="figure map".*?</svg>', html, flags=re.S)


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    found = maps(paired=True)
    save(tmp_path / "maps.parquet", found)

    again = load(tmp_path / "maps.parquet")

    order = np.argsort(found.row)
    assert np.array_equal(again.row, found.row[order])
    assert np.array_equal(again.subject, found.subject[order])
    assert np.array_equal(again.label, found.label[order])
    assert np.array_equal(again.columns[0].codes, found.columns[0].codes[order])
    assert [each.title for each in again.drawn] == ["pca", "sammon", "independent of site"]
    for one, two in zip(found.drawn, again.drawn, strict=True):
        assert two.points == pytest.approx(one.points[order], abs=1e-4 * float(np.abs(one.points).max()))
        assert two.shows == one.shows
    assert again.facts["not_made"] == found.facts["not_made"]
    first = (tmp_path / "maps.parquet").read_bytes()
    save(tmp_path / "maps.parquet", found)
    assert (tmp_path / "maps.parquet").read_bytes() == first


def test_maps_stand_beside_each_other_and_say_what_they_show(verdict: Verdict, write_folder: WriteFolder) -> None:
    html = page(write_folder(verdict), maps(paired=True))

    check(html)
    shown = words(f"<h1>x</h1>{section(html)}")
    titles = re.findall(r"<figcaption><strong><bdi>(.*?)</bdi>", section(html))
    assert titles == ["Sammon map", "Without site", "Principal components"]
    assert "Records keep apart by site: 100% of nearest neighbours have the same one; by chance 50% would." in shown
    assert "The map does not show disease beyond chance" in shown
    assert re.search(
        r"30 subjects were recorded at several levels of site: .* \d\d[\d.]* times as far from each other", shown
    )
    assert "In the map without site: a subject's records at different levels lie together" in shown
    assert "Stress 0.07" in shown
    assert "No UMAP: umap-learn is not installed." in shown
    drawn = figures(html)
    assert len(drawn) == 3
    spoken = re.search(r'aria-label="([^"]*)"', drawn[0])
    assert spoken is not None
    assert spoken[1].startswith("Sammon map of 60 records. Records keep apart by site: 100% of")
    for each in drawn:
        assert each.count("<title>record ") == 60
        assert each.count("L") - each.count("LL") >= 30, "a line for each subject"
    assert "record 17, disease " in drawn[0]


def test_recordings_are_called_so(verdict: Verdict, write_folder: WriteFolder) -> None:
    recorded = replace(verdict, lineage={**LINEAGE, "spec": {**LINEAGE["spec"], "audio": "path"}})  # type: ignore[dict-item]

    html = page(write_folder(recorded), maps())

    assert "<title>recording 17, disease " in html
    assert "Each point is a recording" in words(html)


def test_the_worst_column_comes_first_and_few_are_drawn(verdict: Verdict, write_folder: WriteFolder) -> None:
    html = page(write_folder(verdict), maps(columns=("a", "b", "c", "site", "d", "e")))

    headings = re.findall(r"<h3>By <bdi>(.*?)</bdi></h3>", section(html))
    assert headings == ["site", "a", "b", "c"]
    assert "alone: <bdi>d, e</bdi>." in section(html)
    assert words(f"<h1>x</h1>{section(html)}").count("The map does not show disease") == 1
    # The first column has all maps, the others the one of Sammon.
    assert len(figures(html)) == 5


def test_without_a_column_the_label_is_coloured(verdict: Verdict, write_folder: WriteFolder) -> None:
    html = page(write_folder(verdict), maps(columns=()))

    assert re.findall(r"<h3>By <bdi>(.*?)</bdi></h3>", section(html)) == ["disease"]
    assert "Colour," not in words(html)


@pytest.mark.parametrize("content", [None, b"no parquet", b""])
def test_no_map_or_a_broken_one_is_no_reason_to_show_no_page(
    verdict: Verdict, write_folder: WriteFolder, content: bytes | None
) -> None:
    folder = write_folder(verdict)
    if content is not None:
        (folder / "maps.parquet").write_bytes(content)

    assert "This folder holds no map of its records." in words(render_page(folder))


def test_another_programs_table_is_no_map(verdict: Verdict, write_folder: WriteFolder) -> None:
    folder = write_folder(verdict)
    (folder / "maps.parquet").write_bytes((folder / "splits.parquet").read_bytes())

    assert "This folder holds no map of its records." in words(render_page(folder))


def test_records_that_do_not_differ_are_told_of(verdict: Verdict, write_folder: WriteFolder) -> None:
    none = replace(maps(), drawn=(), facts={"label": "disease", "not_made": {"pca": "the records do not differ"}})

    assert "No map: the records do not differ." in words(page(write_folder(verdict), none))


def test_what_is_left_out_is_told(verdict: Verdict, write_folder: WriteFolder) -> None:
    found = maps()
    cut = replace(found, facts={**found.facts, "left_out": 4_000, "has_subject": True})

    shown = words(page(write_folder(verdict), cut))

    assert "60 records of subjects drawn at random are placed, 4,000 are not." in shown


def test_hostile_names_stay_text(hostile: Verdict, write_folder: WriteFolder) -> None:
    name = EVIL.replace("\udc80", "")
    found = maps(
        columns=(name, "b"), levels=(name, '"><script>alert(2)</script>', "&amp;", *(f"l{i}" for i in range(9)))
    )
    found = replace(
        found,
        classes=("<img src=x onerror=1>", name),
        facts={"label": name, "not_made": {name: name}, "left_out": "<b>", "has_subject": name},
    )

    html = page(write_folder(hostile), found)

    checker = check(html)
    assert all(character.isprintable() or character == "\n" for character in html)
    assert "<img src=x onerror=1>" in "".join(checker.text)
    assert len(section(html)) < 300_000


def test_thousands_of_points_still_make_a_page(verdict: Verdict, write_folder: WriteFolder) -> None:
    long = tuple(f"<level> {k} " + "&" * 60 for k in range(30))
    html = page(write_folder(verdict), maps(1_500, columns=tuple(f"column {k}" for k in range(9)), levels=long))

    assert len(html.encode()) < 3_000_000
    assert sum(figure.count("<title>") for figure in figures(html)) == 1_500 * 5
    assert "24 others" not in section(html)
    assert "23 others" in section(html)


def test_a_map_keeps_its_proportions_and_lies_inside() -> None:
    rng = np.random.default_rng(2)
    for stretch in ([1.0, 1.0], [50.0, 1.0], [1.0, 50.0], [1.0, 0.0]):
        points = rng.standard_normal((40, 2)) * stretch
        one = Groups("label", ("a",), np.zeros(40, dtype=np.int64))

        drawn = scatter(points, shapes=one, colours=one, titles=[f"{i}" for i in range(40)], label="x")

        height = float(re.findall(r'viewBox="0 0 360 ([\d.]+)"', drawn)[0])
        places = {
            int(i): (float(x), float(y))
            for x, y, i in re.findall(r'd="M([\d.]+) ([\d.]+)m[^"]*"[^>]*><title>(\d+),', drawn)
        }
        assert len(places) == 40
        found = np.array([places[i] for i in range(40)])
        assert (found >= 0).all()
        assert (found <= [WIDTH, height]).all()
        moved = (points - points.mean(axis=0)) * [1, -1]
        scale = np.ptp(found, axis=0).max() / np.ptp(moved, axis=0).max()
        assert found - found.mean(axis=0) == pytest.approx(moved * scale, abs=0.4)


def test_groups_that_keep_to_themselves_are_named_in_the_map() -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat([0, 1, 2], 50)
    # The third is among the first; only the second keeps to itself.
    points = rng.standard_normal((150, 2)) + np.array([[0, 0], [30, 0], [0, 0]])[codes]
    one = Groups("label", ("a",), np.zeros(150, dtype=np.int64))

    drawn = scatter(
        points,
        shapes=one,
        colours=Groups("site", ("north", "<south>", "west"), codes),
        titles=[""] * 150,
        label="x",
    )

    assert re.findall(r'class="level">(.*?)</text>', drawn) == ["&lt;south&gt;"]


def test_many_groups_are_pooled_and_numbers_have_an_order() -> None:
    codes = np.concatenate([np.arange(12), np.zeros(5, dtype=np.int64), np.full(4, 11)])
    names = [f"n{k}" for k in range(12)]

    many = grouped("site", codes, names, most=MOST_COLOURS)
    few = grouped("day", codes % 3, ["low", "mid", "high", "none"], most=MOST_COLOURS, ordered=True)

    assert len(many.names) == MOST_COLOURS
    assert many.names[0] == "n0"
    assert many.names[-2:] == ("n11", "5 others")
    assert sum(many.sizes) == len(codes)
    assert colour_class(many, 7) == "rest"
    assert few.names == ("low", "mid", "high")
    assert [colour_class(few, code) for code in range(3)] == ["q0", "q1", "q2"]


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_signs_stand_out_from_the_page(scheme: str) -> None:
    palette = _palettes()[scheme]
    for colour in (*(f"k{i}" for i in range(8)), *(f"q{i}" for i in range(5)), "rest"):
        assert _contrast(palette[colour], palette["page"]) >= 3, colour
    # From step to step of a number's range, and of a few levels in whatever order, without any hue.
    for a, b in ((f"q{i}", f"q{i + 1}") for i in range(4)):
        assert _contrast(palette[a], palette[b]) > 1.2
    for a in range(4):
        for b in range(a):
            assert _contrast(palette[f"k{a}"], palette[f"k{b}"]) > 1.25


def test_what_a_pointer_shows_is_harmless() -> None:
    one = Groups(EVIL, (EVIL,), np.zeros(3, dtype=np.int64))

    drawn = scatter(np.eye(3)[:, :2], shapes=one, colours=one, titles=["1"] * 3, label=EVIL)

    assert "<script" not in drawn
    assert visible("\u202e") in drawn
