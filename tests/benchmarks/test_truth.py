"""The truth benchmark: its generators are what they claim, its runner resumes, its page says what was run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chi2_contingency

from benchmarks.truth import __main__ as command
from benchmarks.truth import draw, oracle, page, rivals, runner
from benchmarks.truth.case import LABEL, Family, families
from benchmarks.truth.examine import examine
from benchmarks.truth.families.five_kinds import KINDS
from benchmarks.truth.plan import Part, parts
from benchmarks.truth.scores import coverage, false_alarms, power, recordings, verdicts
from benchmarks.truth.scores.binomial import Share, short
from benchmarks.truth.scores.cases import by_case

EVERY_CELL = [(family, position) for family in families().values() for position in range(len(family.cells))]


def _name(value: object) -> str:
    return value.name if isinstance(value, Family) else str(value)


@pytest.mark.parametrize(("family", "position"), EVERY_CELL, ids=_name)
def test_a_case_is_what_it_claims(family: Family, position: int) -> None:
    """Columns exist, the same seed gives the same table, and V and kappa are those of a large draw."""
    cell = family.cells[position]
    case = family.case(cell, family.sizes[0], 3)
    pd.testing.assert_frame_equal(case.frame, family.case(cell, family.sizes[0], 3).frame)
    assert not case.frame.equals(family.case(cell, family.sizes[0], 4).frame)
    assert set(case.arguments["nuisance"]) <= set(case.frame.columns)
    wrong = any(truth.shortcut for truth in case.columns.values())
    # Two columns together, a column that nobody recorded and a split are no column of their own.
    assert (case.answer == "clean") == (not wrong) or family.name in {"together", "unrecorded", "leaking"}
    assert family.kind != "null" or case.answer == "clean"
    if family.name in {"twenty", "among_twenty", "small_cells"}:
        return
    n = 30_000
    large = family.case(cell, n, 0)
    units = large.frame
    # Columns of the files' headers are no part of the table.
    declared = {name: truth for name, truth in large.columns.items() if name in units}
    if subject := large.arguments.get("subject"):
        # A subject that has one label and one level counts once.
        constant = units.groupby(subject)[[LABEL, *declared]].nunique().max().max() == 1
        units = units.drop_duplicates(subject) if constant else units
    for name, truth in declared.items():
        column = units[name]
        if truth.v is None or column.dtype.kind == "f" or column.nunique() > 50:
            continue
        table = pd.crosstab(units[LABEL], column).to_numpy()
        v = np.sqrt(chi2_contingency(table, correction=False).statistic / table.sum() / (min(table.shape) - 1))
        # Under independence the root of chi-square is its noise.
        assert v == pytest.approx(truth.v, abs=4 * np.sqrt(table.size / table.sum())), name
        if truth.kappa is not None and len(table) == 2:
            shares = table / table.sum(axis=1, keepdims=True)
            kappa = 0.5 + np.abs(shares[1][:, None] * shares[0][None] - shares[1][None] * shares[0][:, None]).sum() / 4
            assert kappa == pytest.approx(truth.kappa, abs=0.02), name


def test_a_null_shows_one_edge_at_most() -> None:
    """Readable and associated never come together: in the first null family one of the two is zero."""
    for cell in families()["one_edge"].cells:
        assert cell["v"] == 0 or cell["sensor"] == 0


def test_impossible_associations_are_refused() -> None:
    with pytest.raises(ValueError, match="impossible"):
        draw.binary(np.random.default_rng(0), np.array([-1.0, 1.0]), 0.9, 0.1)


def test_the_oracle_is_the_power_of_the_best_tests() -> None:
    """Simulated: a chi-square test of the table, and a z-test of the shifted feature within labels."""
    rng = np.random.default_rng(0)
    n, v, strength, runs = 200, 0.2, 0.18, 2000
    site = np.tile([-1.0, 1.0], n // 2)
    label = rng.random((runs, n)) < 0.5 + v * site / 2
    x = strength * site + rng.standard_normal((runs, n))
    phi = np.array([np.corrcoef(row, site)[0, 1] for row in label])
    design = (n * phi**2 > 3.841).mean()
    hits = 0
    for row, values in zip(label, x, strict=True):
        residual = site - np.where(row, site[row].mean(), site[~row].mean())
        hits += (residual @ values) / np.sqrt(residual @ residual) > 1.645
    error = 4 * np.sqrt(0.25 / runs)
    assert oracle.design(n, v) == pytest.approx(design, abs=error)
    assert oracle.sensor(n, v, strength) == pytest.approx(hits / runs, abs=error)
    # A direction that has to be found costs power; one that is the only one costs the half of a two-sided test.
    assert (
        oracle.invariant(n, v, strength) < oracle.invariant(n, v, strength, features=1) < oracle.sensor(n, v, strength)
    )
    z = rng.standard_normal((runs, 8))
    z[:, 0] += strength * np.sqrt(n * (1 - v**2))
    found = (np.square(z).sum(axis=1) > 15.507).mean()
    assert oracle.invariant(n, v, strength) == pytest.approx(min(found, design), abs=error)
    needed = oracle.records_needed(v, strength)
    assert oracle.intersection(needed, v, strength) == pytest.approx(0.8, abs=1e-3)


def test_shares_have_exact_intervals() -> None:
    share = Share(3, 60)
    assert (share.low, share.high) == (pytest.approx(0.0104, abs=1e-3), pytest.approx(0.1392, abs=1e-3))
    assert binom.cdf(3, 60, share.high) == pytest.approx(0.025)
    assert binom.sf(2, 60, share.low) == pytest.approx(0.025)
    assert Share(0, 10).low == 0.0
    assert Share(10, 10).high == 1.0
    assert Share(8, 60).exceeds(0.05) < 0.05 < Share(4, 60).exceeds(0.05)
    assert [short(0.05), short(1.0), short(0.0), short(None)] == [".05", "1", "0", "–"]


def test_a_cell_beyond_error_is_named() -> None:
    """Twelve false alarms of sixty are no chance, four are."""
    cells = [false_alarms.Cell("one_edge", "", 100, Share(hits, 60)) for hits in (3, 12, 4)]
    assert [cell.share.hits for cell in false_alarms.beyond_error(cells)] == [12]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Part], Path, pd.DataFrame]:
    """The smoke run of tables: one dataset of the first cells of every family but the slowest."""
    chosen, folder = list(parts("smoke", media=["table"])), tmp_path_factory.mktemp("truth")
    return chosen, folder, runner.run(chosen, folder, workers=1)


@pytest.mark.slow
def test_the_verdict_holds_in_the_smoke_run(smoke: tuple[list[Part], Path, pd.DataFrame]) -> None:
    cases = by_case(smoke[2])
    nulls = cases[cases["kind"] == "null"]
    assert nulls["failed"].sum() <= binom.ppf(0.999, len(nulls), 0.05)
    assert not (cases["family"].eq("aliased") & cases["verdict"].eq("pass")).any()
    visible = cases[cases["family"].isin(["drift", "subjects", "mediator", "other_kinds", "subtle"])]
    assert visible["seen"].mean() >= 0.8
    assert cases[cases["family"].eq("unrecorded")]["unrecorded"].all()
    assert cases[cases["family"].eq("leaking")]["leakage"].all()


@pytest.mark.slow
def test_a_killed_run_resumes(smoke: tuple[list[Part], Path, pd.DataFrame]) -> None:
    chosen, folder, rows = smoke
    first = folder / f"{chosen[0].name}.parquet"
    others = {path: path.stat().st_mtime_ns for path in folder.glob("*.parquet") if path != first}
    first.unlink()
    again = runner.run(chosen, folder, workers=1)
    assert {path: path.stat().st_mtime_ns for path in others} == others
    same = [column for column in rows.columns if column not in {"seconds", "peak_mb"}]
    pd.testing.assert_frame_equal(again[same], rows[same])


@pytest.mark.slow
def test_every_table_of_the_page_is_made(smoke: tuple[list[Part], Path, pd.DataFrame], tmp_path: Path) -> None:
    text = page.page(smoke[2], command.stored(command.RECORDED), rivals.answers(tmp_path))
    assert "<!--" not in text
    assert text.count("|---|") >= 12
    assert verdicts.ranking(by_case(smoke[2]))
    assert coverage.table(smoke[2])


def test_a_number_that_was_asked_for_is_tried() -> None:
    """An undecided audit of thirty records asks for more; the runner draws them and says whether that decided."""
    family = families()["too_little"]
    rows = examine(Part(family, 0, 30, range(1)), 0)
    assert rows[0]["verdict"] == "inconclusive"
    assert rows[0]["asked"] > 100
    assert rows[0]["decided"] in {True, False}


def test_cases_for_the_peers_keep_their_contract(tmp_path: Path) -> None:
    chosen = [
        part for part in parts("standard", ["drift", "untidy", "leaking"]) if part.n == 300 and part.position == 2
    ]
    assert rivals.write_cases(chosen, tmp_path) == 6
    frame = pd.read_parquet(tmp_path / f"{rivals.case_id('drift', 2, 300, 0)}.parquet")
    assert frame["date"].dtype.kind == "f"
    untidy = pd.read_parquet(tmp_path / f"{rivals.case_id('untidy', 2, 300, 0)}.parquet")
    assert {"tissue_bone", "tissue_fat", "tissue_muscle"} <= set(untidy.columns)


def test_the_published_page_is_what_its_rows_say() -> None:
    """docs/truth.md is generated from the rows beside it and nothing else."""
    rows, recorded, peers = (command.stored(path) for path in (command.ROWS, command.RECORDED, command.PEERS))
    assert command.PAGE.read_text(encoding="utf-8") == page.page(rows, recorded, peers)


def test_the_published_verdict_holds() -> None:
    """What the project promises, on the rows that it publishes."""
    cases = by_case(pd.read_parquet(command.ROWS))
    found = list(false_alarms.cells(cases))
    assert len(cases) > 3_000
    assert false_alarms.beyond_error(found) == []
    short_cells, promised = power.short_of_oracle(cases)
    assert short_cells == 0
    assert promised >= 12
    assert not (cases["family"].eq("aliased") & cases["verdict"].eq("pass")).any()


def test_the_published_recordings_hold() -> None:
    """Shortcuts of the five kinds all fail; the others are wrong as seldom as tests of level .05 are; no null cell is beyond that."""
    rows = pd.read_parquet(command.RECORDED)
    five = recordings.of_five(rows)
    assert five.groupby("kind").size().eq(10).all()
    assert five["kind"].nunique() == len(KINDS)
    shortcuts = five["kind"].isin(["association .9", "association 1"])
    assert five[shortcuts]["right"].all()
    wrong = ~five[~shortcuts]["right"]
    assert wrong.sum() <= binom.ppf(0.999, len(wrong), 0.05)
    assert false_alarms.beyond_error(list(false_alarms.cells(by_case(rows)))) == []


def test_an_unknown_family_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["run", "--only", "nothing"])
    assert stopped.value.code == 2
    assert "nothing" in capsys.readouterr().err
