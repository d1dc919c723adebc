"""Views that predict the label: nothing is blamed by chance, columns explain what they explain, real traces are found."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from audit_pipeline.evidence import Evidence
from audit_pipeline.spec import Policy
from audit_pipeline.verdict import decide
from tests.probes.asking import ask, only
from tests.test_verdict import column

RUNS = 20
ALLOWED = int(binom.ppf(0.999, RUNS, 0.05))
"""Above this number of false alarms a rate of .05 is implausible (one run in a thousand)."""


def draw(
    rng: np.random.Generator,
    *,
    n: int = 160,
    label_by_site: float = 0.0,
    missing_by_site: float = 0.0,
    missing_by_label: float = 0.0,
    rounded_by_label: float = 0.0,
    per_subject: int = 1,
) -> pa.Table:
    """Draw six features; a quarter of each is missing, more of it at the second site or of the ill."""
    person = np.repeat(np.arange(n // per_subject), per_subject)
    site = rng.integers(0, 2, n // per_subject)[person]
    ill = (rng.random(n // per_subject) < 0.5 + label_by_site * (site[::per_subject] - 0.5))[person]
    x = np.round(rng.normal(100, 25, (n, 6)) + 15 * ill[:, None])
    coarse = rng.random(n) < rounded_by_label * ill
    x[coarse] = np.round(x[coarse] / 10) * 10
    # Missing values recur within subjects.
    habit = rng.random((n // per_subject, 6))[person]
    rate = 0.25 + missing_by_site * (site[:, None] - 0.5) + missing_by_label * (ill[:, None] - 0.5)
    x[habit < rate] = np.nan
    table = {"ill": np.where(ill, "yes", "no"), "site": np.where(site, "b", "a"), "person": person.astype(str)}
    return pa.table(table | {f"x{j}": x[:, j] for j in range(6)})


def rejected(rows: list[Evidence], view: str, metric: str) -> bool:
    p = only(rows, view=view, metric=metric).p_value
    return p is not None and p <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("per_subject", [1, 4])
def test_no_view_is_blamed_by_chance(per_subject: int) -> None:
    """Missing values and labels both recur within subjects, and have nothing to do with each other."""
    rng = np.random.default_rng(per_subject)
    make = partial(draw, rng, n=120 * per_subject, per_subject=per_subject)
    found = [ask(make(), "shortcut_views", subject="person", seed=seed) for seed in range(RUNS)]
    for view in ("missingness", "rounding"):
        for metric in ("view_auc", "view_persists"):
            assert sum(rejected(rows, view, metric) for rows in found) <= ALLOWED, (view, metric)


@pytest.mark.slow
def test_what_the_site_explains_does_not_persist() -> None:
    rng = np.random.default_rng(2)
    make = partial(draw, rng, label_by_site=0.6, missing_by_site=0.4)
    found = [ask(make(), "shortcut_views", seed=seed) for seed in range(RUNS)]
    assert sum(rejected(rows, "missingness", "view_auc") for rows in found) >= 0.9 * RUNS
    assert sum(rejected(rows, "missingness", "view_persists") for rows in found) <= ALLOWED
    # Base rates differ by site here, and rounding shows no trace of either.
    assert sum(rejected(rows, "rounding", "view_auc") for rows in found) <= ALLOWED
    shares = [only(rows, view="missingness", metric="view_explained").estimate or 0.0 for rows in found]
    assert np.median(shares) > 0.85


@pytest.mark.parametrize(
    ("view", "traces"), [("missingness", {"missing_by_label": 0.45}), ("rounding", {"rounded_by_label": 0.6})]
)
def test_a_trace_of_the_label_is_found_and_no_column_explains_it(view: str, traces: dict[str, float]) -> None:
    rng = np.random.default_rng(3)
    rows = ask(draw(rng, n=300, label_by_site=0.3, **traces), "shortcut_views")
    persists = only(rows, view=view, metric="view_persists")
    assert persists.p_value == 0.002
    assert (persists.ci_low or 0) > 0.55
    assert (only(rows, view=view, metric="view_explained").estimate or 0) < 0.3
    (finding,) = [f for f in decide("x", [*column(), *rows], Policy()).findings if f.role == "view"]
    assert (finding.verdict, finding.reason) == ("warn", "unrecorded")
    assert f"label_free: [{view}]" in finding.next_step


def test_a_view_declared_free_of_label_fails() -> None:
    table = draw(np.random.default_rng(4), n=300, missing_by_label=0.45)
    rows = ask(table, "shortcut_views", label_free=["missingness"])
    verdict = decide("x", [*column(), *rows], Policy())
    assert (verdict.verdict, verdict.findings[-1].reason) == ("fail", "unrecorded")
    assert "pattern of missing values" in verdict.headline


def test_an_explained_view_is_a_note_on_its_column() -> None:
    table = draw(np.random.default_rng(5), n=400, label_by_site=0.8, missing_by_site=0.5)
    rows = ask(table, "shortcut_views")
    findings = decide("x", [*column(), *rows], Policy()).findings
    assert [f.role for f in findings] == ["nuisance"]
    assert any("pattern of missing values" in note and "site explains" in note for note in findings[0].notes)


def test_an_aliased_column_cannot_be_told_from_the_view() -> None:
    rng = np.random.default_rng(6)
    table = draw(rng, label_by_site=1.0, missing_by_site=0.45)
    rows = ask(table, "shortcut_views")
    within = only(rows, view="missingness", metric="view_auc_within")
    assert within.p_value is None
    assert "no level of site has records of two labels" in within.detail["reason"]
    persists = only(rows, view="missingness", metric="view_persists")
    assert persists.p_value is None or persists.p_value > 0.05


def test_a_table_without_missing_values_says_so() -> None:
    table = draw(np.random.default_rng(7))
    full = pa.table(
        {name: table[name] if name[0] != "x" else np.random.default_rng(8).random(160) for name in table.column_names}
    )
    rows = ask(full, "shortcut_views")
    assert [row.metric for row in rows] == ["view_auc", "view_auc"]
    assert all(row.estimate is None and "nothing to see" in row.detail["reason"] for row in rows)


def test_several_classes() -> None:
    rng = np.random.default_rng(9)
    n = 450
    kind = rng.integers(0, 3, n)
    x = rng.normal(size=(n, 4))
    x[rng.random((n, 4)) < 0.1 + 0.25 * kind[:, None]] = np.nan
    table = pa.table({"ill": np.array(list("uvw"))[kind], "site": rng.integers(0, 3, n).astype(str)} | {f"x{j}": x[:, j] for j in range(4)})  # fmt: skip
    persists = only(ask(table, "shortcut_views"), view="missingness", metric="view_persists")
    assert persists.p_value == 0.002
    assert 0.75 < (persists.estimate or 0) < 0.92


@pytest.mark.slow
def test_rare_labels_blame_no_feature() -> None:
    """Random features, at six ill in a hundred and twenty: no view of them may be blamed, nor may anything break."""
    rng = np.random.default_rng(10)
    alarms = 0
    for seed in range(15):
        table = draw(rng, n=120)
        ill = np.where(rng.permutation(120) < 6, "yes", "no")
        rows = ask(table.set_column(0, "ill", [ill.tolist()]), "shortcut_views", seed=seed)
        alarms += any(f.role == "view" for f in decide("x", [*column(), *rows], Policy()).findings)
    assert alarms <= binom.ppf(0.999, 15, 0.05)
