from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len

from audit_pipeline.report.console import make_console, show
from audit_pipeline.report.gauge import ASCII, gauge
from audit_pipeline.report.levels import LOOKS, worst_first
from audit_pipeline.report.panel import exit_status, render_panel
from audit_pipeline.verdict_types import LEVELS, Finding, Verdict

OUT = Path("audits/heart_disease")


def draw(verdict: Verdict, *, width: int = 80, encoding: str = "utf-8", compact: bool = False, out: Path = OUT) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    show(make_console(stream), render_panel(verdict, width=width, out=out, compact=compact))
    return raw.getvalue().decode(encoding)


def test_it_says_what_how_sure_how_bad_and_what_next(verdict: Verdict) -> None:
    shown = draw(verdict)
    for part in ("FAIL", "heart-disease", "920 records, 918 subjects", "site is a shortcut to the label."):
        assert part in shown
    for figure in (
        "0.41",
        "[0.35, 0.47]",
        "0.71",
        "0.97",
        "[0.95, 0.98]",
        "0.884 → 0.812",
        "+0.072",
        "[+0.051, +0.094]",
    ):
        assert figure in shown
    assert "next: Record at least 40 more 'no' at site 'switzerland'." in shown
    assert "audits/heart_disease/report.html" in shown
    assert "exit 1  the verdict, fail, is at or above --fail-on fail" in shown


def test_the_worst_column_comes_first(verdict: Verdict) -> None:
    shown = draw(verdict)
    assert shown.index("✘ FAIL  site") < shown.index("✔ PASS  age")


def test_one_failing_column_fits_a_screen(verdict: Verdict) -> None:
    assert len(draw(verdict).splitlines()) <= 24


@pytest.mark.parametrize("width", [30, 40, 60, 72, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("compact", [True, False])
def test_no_line_is_wider_than_asked(
    verdict: Verdict, hostile: Verdict, width: int, encoding: str, compact: bool
) -> None:
    for each in (verdict, hostile):
        assert (
            max(cell_len(line) for line in draw(each, width=width, encoding=encoding, compact=compact).splitlines())
            <= width
        )


def test_hostile_names_cannot_reach_the_terminal(hostile: Verdict) -> None:
    shown = draw(hostile)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "[red]x[/red]" in shown  # shown, not interpreted
    assert r"\x1b[31m" in shown
    assert len(shown.splitlines()) < 150


def test_ascii_terminals_get_ascii(verdict: Verdict, hostile: Verdict) -> None:
    for each in (verdict, hostile):
        assert draw(each, encoding="ascii").isascii()
    assert "x FAIL" in draw(verdict, encoding="ascii")


def test_a_pipe_gets_no_escape_codes(verdict: Verdict) -> None:
    assert "\x1b" not in draw(verdict)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_can_be_refused(verdict: Verdict, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured, plain = Terminal(), Terminal()
    show(make_console(coloured), render_panel(verdict, width=80, out=OUT))
    assert "\x1b[" in coloured.getvalue()
    monkeypatch.setenv(variable, value)
    show(make_console(plain), render_panel(verdict, width=80, out=OUT))
    assert "\x1b" not in plain.getvalue()


def test_what_was_not_measured_is_said(verdict: Verdict, site: Finding) -> None:
    bare = replace(site, inflation=None, separability_auc=None)
    shown = draw(replace(verdict, findings=(bare,)))
    assert shown.count("not measured") == 2


def test_a_finding_about_the_whole_dataset_has_no_empty_table(verdict: Verdict) -> None:
    finding = Finding(
        column=None, role="view", verdict="warn", reason="unrecorded", headline="A view predicts it.", next_step="Look."
    )
    shown = draw(replace(verdict, verdict="warn", findings=(finding,)))
    assert "(whole dataset)" in shown
    assert "95% interval" not in shown


def test_a_verdict_without_findings_is_shown(verdict: Verdict) -> None:
    assert "heart-disease" in draw(replace(verdict, findings=()))


def test_many_columns_are_named_but_not_detailed(verdict: Verdict, site: Finding) -> None:
    many = tuple(replace(site, column=f"column{i}") for i in range(100))
    shown = draw(replace(verdict, findings=many))
    assert "more columns, all in the report" in shown
    assert len(shown.splitlines()) < 150


def test_levels_have_an_order_and_a_look() -> None:
    assert tuple(LOOKS) == LEVELS == ("pass", "warn", "inconclusive", "fail")
    for lesser, worse in pairwise(LEVELS):
        assert exit_status(worse, worse) == 1
        assert exit_status(lesser, worse) == 0
        assert exit_status(worse, lesser) == 1
    assert exit_status("fail", "never") == 0
    assert len({look.ascii_sign for look in LOOKS.values()}) == 4


def test_nuisance_columns_come_before_covariates_of_the_same_level(site: Finding) -> None:
    columns = [replace(site, column="a", role="covariate"), replace(site, column="b"), replace(site, column="c")]
    assert [finding.column for finding in worst_first(columns)] == ["b", "c", "a"]


def test_gauge_marks_interval_estimate_and_tolerance() -> None:
    def bar(estimate: float | None, low: float | None = None, high: float | None = None) -> str:
        return gauge(estimate=estimate, low=low, high=high, start=0, stop=1, tolerance=0.2, width=11, glyphs=ASCII)

    assert bar(0.5, 0.4, 0.6) == "..|.=O=...."
    assert bar(0.3, 0.1, 0.4) == ".=+O=......"
    assert bar(2.0) == "..|.......O"
    assert bar(None) == ""
