"""Pictures of a card say what the evidence says, in words and in places."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from made_by_hand import WriteFolder, rows_about

from audit_pipeline.evidence import Evidence
from audit_pipeline.report import column_figures as figures
from audit_pipeline.report.figures.power import power_curve
from audit_pipeline.report.folder import AuditFolder, read_folder
from audit_pipeline.verdict_types import Finding, Verdict


@pytest.fixture
def read(verdict: Verdict, write_folder: WriteFolder):
    def folder(rows: list[Evidence]) -> AuditFolder:
        return read_folder(write_folder(verdict, rows))

    return folder


def _spoken(drawn: str | None) -> str:
    assert drawn is not None
    found = re.search(r'aria-label="([^"]*)"', drawn)
    assert found is not None
    return found.group(1)


def test_levels_known_and_left_out_stand_together(read, site: Finding) -> None:
    rows = rows_about("site")
    left_out = {"probe": "generalisation", "metric": "auc_left_out", "view": "linear", "column": "site"}
    rows.append(Evidence(**left_out, level="va", estimate=0.61, ci_low=0.5, ci_high=0.7))
    spoken = _spoken(figures.levels(read(rows), site))
    assert "model trees at each level, and with the whole level left out of training" in spoken
    assert "va: 0.800, then 0.610 [0.500, 0.700]" in spoken
    assert "cleveland: 0.800, then not measured" in spoken
    assert "then" not in _spoken(figures.levels(read(rows_about("site")), site))
    assert figures.levels(read([]), site) is None


def test_of_many_levels_the_largest_are_drawn(read, site: Finding) -> None:
    rows = [
        Evidence(probe="s", metric="auc_level", column="site", view="trees", level=f"s{i}", estimate=0.7, n=10 + i)
        for i in range(30)
    ]
    spoken = _spoken(figures.levels(read(rows), site))
    assert re.findall(r"s\d+", spoken) == [f"s{i}" for i in range(22, 30)]


def test_views_before_and_after(read, site: Finding) -> None:
    def view(metric: str, name: str, estimate: float | None, column: str | None = None) -> Evidence:
        return Evidence(probe="shortcut_views", metric=metric, view=name, estimate=estimate, column=column)

    rows = [
        view("view_auc", "border", 0.6),
        view("view_auc", "noise", 0.8),
        view("view_auc", "file", None),
        view("view_auc_within", "noise", 0.5, "site"),
        view("view_auc_within", "border", 0.59, "age"),
        view("view_persists", "noise", 0.55),
    ]
    spoken = _spoken(figures.views_within(read(rows), site))
    assert spoken.index("The noise that a denoiser leaves: 0.80, then 0.50") < spoken.index(
        "The border of the image: 0.60"
    )
    assert "header" not in spoken
    assert figures.views_within(read(rows[:3]), site) is None
    said = Finding(
        column=None,
        role="view",
        verdict="warn",
        reason="unrecorded",
        headline="The noise that a denoiser leaves alone predicts the label.",
        next_step="",
    )
    spoken = _spoken(figures.view_by_column(read(rows), said))
    assert "over all records: 0.80; within levels of site: 0.50; where all columns are alike: 0.55" in spoken
    assert figures.view_by_column(read(rows), site) is None


def test_power_is_drawn_where_it_lies() -> None:
    drawn = power_curve(units=400, detectable=0.14, unit="records", tolerance=0.2, decides=900, estimate=0.1)
    spoken = _spoken(drawn)
    assert "400 records notice a V of 0.14 in four of five datasets" in spoken
    assert "tolerated is 0.20; found was 0.10; 900 records would decide" in spoken
    upright = {kind: float(x) for x, kind in re.findall(r'<line x1="([\d.]+)"[^>]*class="(here|decides)"', drawn)}
    tick = {
        int(text.replace(",", "")): float(x)
        for x, text in re.findall(r'<text x="([\d.]+)"[^>]*>([\d,]+)</text>', drawn)
        if "." not in text
    }
    # Decades are evenly spaced, and both numbers stand between them as their logarithms say.
    decade = tick[1_000] - tick[100]
    assert tick[10_000] - tick[1_000] == pytest.approx(decade, abs=0.1)
    assert upright["here"] - tick[100] == pytest.approx(decade * math.log10(4), abs=0.1)
    assert upright["decides"] - tick[100] == pytest.approx(decade * math.log10(9), abs=0.1)
    # The curve falls with the root of n, and the dataset lies on it.
    path = re.search(r'd="M([^"]+)"', drawn)
    assert path is not None
    points = [tuple(map(float, point.split(","))) for point in path.group(1).split(" L")]
    heights = [y for _, y in points]
    assert heights == sorted(heights)
    dot = re.search(r'cx="([\d.]+)" cy="([\d.]+)" r="5"', drawn)
    assert dot is not None
    nearest = min(points, key=lambda point: abs(point[0] - float(dot.group(1))))
    assert nearest[1] == pytest.approx(float(dot.group(2)), abs=1.0)


def test_power_is_left_out_where_it_says_nothing(read, site: Finding) -> None:
    row = Evidence(
        probe="design", metric="association_v", column="site", estimate=0.4, detail={"units": 300, "unit": "subjects"}
    )
    folder = read([row])
    assert "300 subjects notice" in _spoken(figures.power(folder, site, None))
    assert "tolerated" not in _spoken(figures.power(folder, site, None))
    assert figures.power(folder, replace(site, min_detectable_v=1.0), None) is None
    assert figures.power(folder, replace(site, min_detectable_v=None), None) is None


@pytest.mark.parametrize(("units", "decides"), [(2, None), (9, 1_000_000), (250_000, None), (69, 70)])
def test_power_stays_inside_its_picture(units: int, decides: int | None) -> None:
    drawn = power_curve(units=units, detectable=0.9, unit="records", decides=decides)
    for x in re.findall(r'\b(?:x|x1|x2|cx)="(-?[\d.]+)"', drawn):
        assert 0 <= float(x) <= 360
    for y in re.findall(r'\b(?:y|y1|y2|cy)="(-?[\d.]+)"', drawn):
        assert 0 <= float(y) <= 172
