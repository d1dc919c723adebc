"""Groups that no column names: found where one was hidden, silent where labels do not differ or a column explains it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from audit_pipeline.evidence import Evidence
from audit_pipeline.spec import Policy
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import Finding
from tests.probes.asking import ask, only
from tests.test_verdict import column

TRACES = ("missingness", "rounding")


def draw(
    rng: np.random.Generator, trace: str, *, n: int = 300, v: float = 0.0, per_subject: int = 1, shift: float = 0.0
) -> tuple[pa.Table, np.ndarray]:
    """Draw a table in which a second site leaves fields empty, or rounds, more often; ``v``: association of label and site.

    Returns the table, whose ``site`` is another one, and the hidden site (n,).
    """
    person = np.repeat(np.arange(n // per_subject), per_subject)
    hidden = rng.integers(0, 2, n // per_subject)
    ill = (rng.random(n // per_subject) < 0.5 + v * (hidden - 0.5))[person]
    hidden = hidden[person]
    x = np.round(rng.normal(100, 25, (n, 6)), 1)
    if trace == "missingness":
        x[:, :4][rng.random((n, 4)) < 0.08 + 0.42 * hidden[:, None]] = np.nan
    else:
        x[:, :4] = np.where(rng.random((n, 4)) < 0.75 * hidden[:, None], np.round(x[:, :4]), x[:, :4])
    table = {"ill": np.where(ill, "yes", "no"), "site": rng.integers(0, 3, n).astype(str), "person": person.astype(str)}
    features = {f"x{j}": x[:, j] for j in range(6)} | {"calm": np.round(rng.normal(size=n) + shift * hidden, 9)}
    return pa.table(table | features), hidden


def findings(rows: list[Evidence]) -> list[Finding]:
    return [found for found in decide("x", [*column(), *rows], Policy()).findings if found.role == "view"]


@pytest.mark.slow
@pytest.mark.parametrize("trace", TRACES)
def test_a_hidden_site_is_found(trace: str) -> None:
    """At least four of five hidden sites at V .6 are found, each run of 600 records."""
    rng = np.random.default_rng(1)
    runs = 4
    found = sum(
        any("records" in f.next_step for f in findings(ask(draw(rng, trace, n=600, v=0.6)[0], "unrecorded", seed=seed)))
        for seed in range(runs)
    )
    assert found >= binom.ppf(0.001, runs, 0.97)


def hidden_but_harmless(rng: np.random.Generator) -> pa.Table:
    return draw(rng, "missingness", n=160)[0]


def recorded(rng: np.random.Generator) -> pa.Table:
    table, hidden = draw(rng, "rounding", n=160, v=0.6)
    return table.set_column(1, "site", [hidden.astype(str).tolist()])


def recorded_of_subjects(rng: np.random.Generator) -> pa.Table:
    table, hidden = draw(rng, "missingness", n=360, v=0.6, per_subject=3)
    return table.set_column(1, "site", [hidden.astype(str).tolist()])


@pytest.mark.slow
@pytest.mark.parametrize("make", [hidden_but_harmless, recorded, recorded_of_subjects])
def test_no_group_is_blamed_by_chance(make: Callable[[np.random.Generator], pa.Table]) -> None:
    rng = np.random.default_rng(2)
    runs = 10
    keys = {"subject": "person"} if make is recorded_of_subjects else {}
    alarms = sum(bool(findings(ask(make(rng), "unrecorded", seed=seed, **keys))) for seed in range(runs))
    assert alarms <= binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize("trace", TRACES)
def test_the_finding_names_records_of_the_hidden_site(trace: str) -> None:
    table, hidden = draw(np.random.default_rng(3), trace, n=400, v=0.7)
    rows = ask(table, "unrecorded")
    facts = only(rows, view=trace, metric="cluster_association").detail
    assert set(facts["typical"]) <= set(range(1, 401))
    # Numbers count from 1 in the table as the user has it.
    of_one_site = hidden[np.array(facts["typical"]) - 1].mean()
    assert max(of_one_site, 1 - of_one_site) >= 0.8
    assert len(facts["members"]) == facts["records"]
    assert set(facts["typical"]) <= set(facts["members"])
    members = np.array(facts["members"]) - 1
    assert (table["ill"].to_numpy()[members] == facts["label"]).mean() == pytest.approx(facts["share_inside"], abs=1e-4)
    assert facts["traits"][0]["what"][:2] in {"x0", "x1", "x2", "x3"}
    assert str(facts["typical"][0]) in findings(rows)[0].next_step


def test_what_a_recorded_column_explains_is_not_unrecorded() -> None:
    table, hidden = draw(np.random.default_rng(4), "rounding", n=400, v=0.7)
    rows = ask(table.append_column("device", [hidden.astype(str).tolist()]), "unrecorded", nuisance=["site", "device"])
    assert (only(rows, view="rounding", metric="cluster_association").p_value or 1) < 1e-4
    best = [row for row in rows if row.metric == "cluster_explained" and row.view == "rounding" and row.detail["best"]]
    assert [row.column for row in best] == ["device"]
    assert (best[0].estimate or 0) > 0.8
    assert (only(rows, view="rounding", metric="cluster_persists").p_value or 0) > 0.05


def test_features_outside_the_view_tell_whether_more_differs() -> None:
    shifted, _ = draw(np.random.default_rng(5), "missingness", n=400, v=0.7, shift=1.5)
    plain, _ = draw(np.random.default_rng(5), "missingness", n=400, v=0.7)
    readable = [only(ask(t, "unrecorded"), view="missingness", metric="cluster_readable") for t in (shifted, plain)]
    assert [row.detail["features"] for row in readable] == [3, 3]
    assert (readable[0].p_value or 1) <= 0.01
    assert (readable[1].p_value or 0) > 0.05


def test_one_finding_tells_of_the_view_and_of_its_group() -> None:
    table, _ = draw(np.random.default_rng(6), "missingness", n=400, v=0.7)
    for declared, level in (([], "warn"), (["missingness"], "fail")):
        rows = [row for probe in ("shortcut_views", "unrecorded") for row in ask(table, probe, label_free=declared)]
        (finding,) = findings(rows)
        assert (finding.verdict, finding.reason) == (level, "unrecorded")
        assert any("is missing in" in note for note in finding.notes)
        assert "ask who exported them" in finding.next_step


def test_a_group_alone_never_fails() -> None:
    table, _ = draw(np.random.default_rng(7), "rounding", n=400, v=0.7)
    (finding,) = findings(ask(table, "unrecorded", label_free=["rounding"]))
    assert finding.verdict == "warn"


def test_typical_records_are_of_different_subjects() -> None:
    table, _ = draw(np.random.default_rng(8), "rounding", n=480, v=0.7, per_subject=4)
    facts = only(ask(table, "unrecorded", subject="person"), view="rounding", metric="cluster_association").detail
    persons = table["person"].to_numpy()[np.array(facts["typical"]) - 1]
    assert len(set(persons)) == len(persons)
    assert facts["tested_subjects"] == 60


def test_labels_that_are_numbers_or_of_many_classes() -> None:
    rng = np.random.default_rng(9)
    table, hidden = draw(rng, "rounding", n=400)
    for label in ((rng.normal(size=400) + 1.5 * hidden).tolist(), [f"c{k}" for k in (rng.random(400) + hidden) // 0.4]):
        rows = ask(table.set_column(0, "ill", [label]), "unrecorded")
        assert only(rows, view="rounding", metric="cluster_persists").p_value == 0.002


def test_a_view_without_groups_says_so() -> None:
    rng = np.random.default_rng(10)
    table, _ = draw(rng, "rounding")
    full = pa.table({name: table[name] if name[0] != "x" else rng.random(300) for name in table.column_names})
    rows = ask(full, "unrecorded")
    assert [row.metric for row in rows] == ["cluster_association", "cluster_association"]
    assert all(row.p_value is None and row.detail["reason"] for row in rows)
    assert findings(rows) == []
