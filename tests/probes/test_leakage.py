"""Copies, near copies, subjects across a split, and records that give their subject away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from audit_pipeline.evidence import Evidence
from audit_pipeline.models import neighbours as module
from audit_pipeline.models.neighbours import near_pairs, neighbours
from audit_pipeline.spec import Policy
from audit_pipeline.verdict import decide
from tests.probes.asking import ask, only
from tests.test_verdict import column


def table(x: np.ndarray, rng: np.random.Generator, **columns: Any) -> pa.Table:
    n = len(x)
    base = {"ill": rng.integers(0, 2, n).astype(str), "site": rng.integers(0, 2, n).astype(str)}
    return pa.table(base | {f"x{j}": x[:, j] for j in range(x.shape[1])} | columns)


def verdict_of(rows: list[Evidence]) -> tuple[str, str]:
    finding = decide("x", [*column(), *rows], Policy()).findings[-1]
    return finding.verdict, finding.reason


def test_clean_data_has_no_copies() -> None:
    rng = np.random.default_rng(0)
    for x in (rng.standard_normal((400, 6)), np.round(rng.normal(50, 10, (400, 6))), rng.lognormal(0, 1, (400, 12))):
        rows = ask(table(x, rng, fold=rng.integers(0, 3, 400).astype(str)), "leakage", split="fold")
        for metric in ("duplicates", "near_duplicates", "duplicates_across", "near_duplicates_across"):
            assert only(rows, metric=metric).estimate == 0, metric
        assert verdict_of(rows) == ("pass", "independent")


def test_copies_are_counted_and_named() -> None:
    rng = np.random.default_rng(1)
    x = np.round(rng.normal(50, 10, (300, 6)), 1)
    x[1::100] = x[0::100]  # three pairs
    labels = rng.integers(0, 2, 300)
    labels[1], labels[101], labels[201] = 1 - labels[0], labels[100], labels[200]
    rows = ask(table(x, rng, ill=labels.astype(str), fold=np.tile(["a", "b"], 150)), "leakage", split="fold")
    row = only(rows, metric="duplicates")
    assert (row.estimate, row.detail["records"], row.detail["groups_with_different_labels"]) == (3, 6, 1)
    assert row.detail["examples"] == [[1, 2], [101, 102], [201, 202]]
    assert only(rows, metric="duplicates_across").estimate == 2
    assert only(rows, metric="near_duplicates").estimate == 0
    assert verdict_of(rows) == ("fail", "leakage")


def test_copies_of_everything_are_not_taken_for_chance() -> None:
    rng = np.random.default_rng(11)
    rows = ask(table(np.tile(rng.random((20, 4)), (4, 1)), rng), "leakage")
    assert (only(rows, metric="duplicates").estimate, only(rows, metric="duplicates").detail["records"]) == (20, 80)


def test_near_copies_across_a_split_warn() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((500, 8))
    x[1:20:2] = x[0:20:2] + 0.02 * rng.standard_normal((10, 8))
    rows = ask(table(x, rng, fold=np.tile(["a", "b"], 250)), "leakage", split="fold")
    row = only(rows, metric="near_duplicates")
    assert row.estimate == 10
    assert row.detail["largest_distance"] < 0.3 * row.detail["median_nearest_of_another_subject"]
    assert only(rows, metric="near_duplicates_across").estimate == 10
    assert verdict_of(rows) == ("warn", "leakage")
    assert only(ask(table(x, rng), "leakage"), metric="near_duplicates").estimate == 10


def test_records_of_one_subject_are_no_copies() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(100), 4)
    x = rng.standard_normal((100, 6))[person] + 0.05 * rng.standard_normal((400, 6))
    x[1] = x[0]
    rows = ask(table(x, rng, person=person.astype(str)), "leakage", subject="person")
    assert only(rows, metric="duplicates").estimate == 0
    assert only(rows, metric="near_duplicates").estimate == 0


def test_coarse_data_is_not_searched_for_copies() -> None:
    rng = np.random.default_rng(4)
    rows = ask(table(rng.integers(0, 12, (400, 3)).astype(float), rng), "leakage")
    assert {row.metric for row in rows} == {"duplicates", "near_duplicates"}
    assert all(row.estimate is None and "by chance" in row.detail["reason"] for row in rows)


def test_records_of_which_little_is_known_are_left_out() -> None:
    rng = np.random.default_rng(5)
    x = np.round(rng.normal(50, 10, (300, 6)), 2)
    x[:40, 1:] = np.nan
    x[:40, 0] = 50
    rows = ask(table(x, rng), "leakage")
    assert (only(rows, metric="duplicates").estimate, only(rows, metric="duplicates").n) == (0, 260)


@pytest.mark.parametrize("identity", [True, False])
def test_identity_shows_under_a_record_wise_split(identity: bool) -> None:
    rng = np.random.default_rng(6)
    person = np.repeat(np.arange(60), 5)
    x = rng.standard_normal((300, 10))
    x += 2 * rng.standard_normal((60, 10))[person] if identity else 0
    rows = ask(table(x, rng, person=person.astype(str)), "leakage", subject="person")
    auc, rate = only(rows, metric="identity_auc"), only(rows, metric="identity_rate")
    if identity:
        assert (auc.ci_low or 0) > 0.8
        assert rate.p_value == 0.005
    else:
        assert auc.ci_low is not None
        assert auc.ci_low < 0.5 < (auc.ci_high or 0)
        assert (rate.p_value or 0) > 0.05


def test_subjects_with_several_labels_are_noted() -> None:
    rng = np.random.default_rng(7)
    person = np.repeat(np.arange(50), 2)
    ill = rng.integers(0, 2, 50)[person]
    ill[:6:2] = 1 - ill[1:6:2]
    rows = ask(table(rng.standard_normal((100, 4)), rng, ill=ill.astype(str), person=person.astype(str)), "leakage", subject="person")  # fmt: skip
    row = only(rows, metric="subjects_with_several_labels")
    assert (row.estimate, row.detail["subjects_with_several_records"]) == (3, 50)


def test_subjects_across_a_split_fail() -> None:
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(50), 2)
    split = np.where(person < 30, "train", "test").astype(object)
    columns = {"person": person.astype(str), "fold": split}
    x = rng.standard_normal((100, 4))
    assert verdict_of(ask(table(x, rng, **columns), "leakage", subject="person", split="fold")) == (
        "pass",
        "independent",
    )
    split[0] = "test"
    rows = ask(table(x, rng, **columns), "leakage", subject="person", split="fold")
    assert only(rows, metric="subjects_across").estimate == 1
    assert verdict_of(rows) == ("fail", "leakage")


def test_neighbours_agree_with_all_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 500)
    rng = np.random.default_rng(9)
    z, subject = rng.standard_normal((60, 3)), rng.integers(0, 20, 60)
    distance = np.sqrt(((z[:, None] - z[None]) ** 2).sum(axis=2))
    found = neighbours(z, subject, np.arange(60))
    for i in range(60):
        others = np.flatnonzero(subject != subject[i])
        nearest = others[distance[i, others].argmin()]
        third = others[subject[others] != subject[nearest]]
        own = np.flatnonzero((subject == subject[i]) & (np.arange(60) != i))
        assert found.other[i] == nearest
        assert found.first[i] == pytest.approx(distance[i, nearest])
        assert found.second[i] == pytest.approx(distance[i, third].min())
        assert found.own[i] == pytest.approx(distance[i, own].min() if len(own) else np.inf)


def test_many_records_are_searched_by_a_tree_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(10)
    z = rng.standard_normal((3000, 15))
    z[1:40:2] = z[0:40:2] + 0.05 * rng.standard_normal((20, 15))
    exact = near_pairs(z, np.arange(3000), 0.001, np.random.default_rng(0))
    monkeypatch.setattr(module, "EXACT", 1000)
    fast = near_pairs(z, np.arange(3000), 0.001, np.random.default_rng(0))
    np.testing.assert_array_equal(exact.pairs, np.arange(40).reshape(20, 2))
    np.testing.assert_array_equal(fast.pairs, exact.pairs)
    assert fast.dimension == pytest.approx(exact.dimension, rel=0.2)
