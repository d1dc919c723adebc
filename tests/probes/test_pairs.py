"""Columns taken two at a time: one variable under two names, and columns that are a shortcut only together."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from audit_pipeline.stats.sameness import agreement
from audit_pipeline.verdict_types import Finding, Verdict
from tests.simulate import audit


def draw(
    rng: np.random.Generator, n: int, together: float, main: float = 0.0, shown: tuple[float, float] = (1.2, 1.2)
) -> pa.Table:
    """Label depends on site by ``main`` and on the combination of site and device by ``together``; both are ``shown`` by x."""
    site, device = rng.integers(2, size=n), rng.integers(2, size=n)
    odd = np.where(site == device, 1, -1)
    ill = rng.random(n) < 0.5 + main * (site - 0.5) + together * odd / 2
    x = rng.standard_normal((n, 6))
    x[:, 0] += ill
    x[:, 1] += shown[0] * site
    x[:, 2] += shown[1] * device
    table = {"person": [f"p{i}" for i in range(n)], "ill": np.where(ill, "yes", "no").tolist()}
    table |= {"site": [f"s{k}" for k in site], "device": [f"d{k}" for k in device]}
    return pa.table(table | {f"x{j}": x[:, j] for j in range(6)})


def judge(table: pa.Table) -> Verdict:
    return audit(table, nuisance=("site", "device"))


def by_role(verdict: Verdict, role: str) -> list[Finding]:
    return [finding for finding in verdict.findings if finding.role == role]


def test_two_columns_that_act_only_together_fail() -> None:
    verdict = judge(draw(np.random.default_rng(0), 600, together=0.5))
    assert {finding.verdict for finding in by_role(verdict, "nuisance")} <= {"pass", "inconclusive"}
    (pair,) = by_role(verdict, "interaction")
    assert (pair.column, pair.verdict, pair.reason) == ("site × device", "fail", "confounded")
    assert pair.association_v == pytest.approx(0.5, abs=0.1)
    assert verdict.verdict == "fail"


def test_a_pair_says_nothing_new_when_one_column_fails_alone() -> None:
    verdict = judge(draw(np.random.default_rng(1), 600, together=0.0, main=0.5))
    assert verdict.findings[0].verdict == "fail"
    assert not by_role(verdict, "interaction")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("together", "main", "shown"),
    [(0.0, 0.0, (1.2, 1.2)), (0.5, 0.0, (0.0, 1.2)), (0.0, 0.4, (0.0, 1.2)), (0.0, 0.0, (0.0, 0.0))],
    ids=["independent", "one of the two invisible", "an invisible main effect", "nothing"],
)
def test_pairs_raise_no_false_alarms(together: float, main: float, shown: tuple[float, float]) -> None:
    rng = np.random.default_rng(2)
    runs = 40
    fails = sum(judge(draw(rng, 200, together, main, shown)).verdict == "fail" for _ in range(runs))
    assert fails <= binom.ppf(0.999, runs, 0.05)


def test_the_same_variable_under_two_names_is_one_question() -> None:
    rng = np.random.default_rng(3)
    table = draw(rng, 300, together=0.0, main=0.5)
    twice = table.set_column(
        table.column_names.index("device"), "device", [[s.replace("s", "scanner ") for s in table["site"].to_pylist()]]
    )
    alone, both = audit(twice, nuisance=("site",)), judge(twice)
    assert both.findings[0].p_adjusted == pytest.approx(alone.findings[0].p_adjusted, abs=0.005)
    assert both.findings[1].verdict == "fail"
    assert any("the same variable as site" in note for note in both.findings[1].notes)


def test_agreement_of_columns() -> None:
    a = np.array([0, 0, 1, 1, 2, 2])
    assert agreement(a, 2 - a) == 1
    assert agreement(a, np.array([0, 0, 0, 0, 1, 1])) == pytest.approx(4 / 6)
    assert agreement(a, np.zeros(6, dtype=int)) == pytest.approx(2 / 6)


def test_an_obvious_confounder_fails_among_nine_harmless_columns() -> None:
    """Ten columns raise 55 questions; the permutations must be many enough for the smallest threshold among them."""
    rng = np.random.default_rng(4)
    table = draw(rng, 300, together=0.0, main=0.6, shown=(2.0, 0.0)).drop_columns("device")
    for k in range(9):
        table = table.append_column(f"c{k}", [[f"l{v}" for v in rng.integers(2, size=300)]])
    verdict = audit(table, nuisance=("site", *(f"c{k}" for k in range(9))))
    assert (verdict.findings[0].verdict, verdict.findings[0].reason) == ("fail", "confounded")
