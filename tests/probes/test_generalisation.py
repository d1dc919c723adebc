"""Leaving levels out, against a hand calculation; subjects on one side; bounded work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from audit_pipeline.evidence import Evidence
from audit_pipeline.probes.generalisation import imputed, wilson
from tests.probes.asking import ask, only

HEART = Path(__file__).parents[3] / "shared/data/heart-disease/heart.csv"


def frame(rng: np.random.Generator, n: int = 240, sites: int = 3) -> pd.DataFrame:
    ill = rng.integers(0, 2, n)
    table = pd.DataFrame(rng.standard_normal((n, 3)) + ill[:, None] * [1, 0.5, 0], columns=["a", "b", "c"])
    return table.assign(ill=np.where(ill, "yes", "no"), site=[f"s{code}" for code in rng.integers(0, sites, n)])


def test_every_level_agrees_with_a_hand_calculation() -> None:
    table = frame(np.random.default_rng(0))
    rows = ask(pa.Table.from_pandas(table), "generalisation")
    for site in table["site"].unique():
        train, test = table[table["site"] != site], table[table["site"] == site]
        mean, scale = train[["a", "b", "c"]].mean(), train[["a", "b", "c"]].std(ddof=0)
        model = LogisticRegression(C=0.1, tol=1e-8).fit(
            ((train[["a", "b", "c"]] - mean) / scale).to_numpy(), train["ill"]
        )
        chance = model.predict_proba(((test[["a", "b", "c"]] - mean) / scale).to_numpy())[:, 1]
        row = only(rows, metric="auc_left_out", level=site)
        assert row.estimate == pytest.approx(roc_auc_score(test["ill"] == "yes", chance), abs=1e-3)
        assert (row.n, row.detail["trained_on"]) == (len(test), len(train))
        right = (chance > 0.5) == (test["ill"] == "yes").to_numpy()
        for label in ("yes", "no"):
            own = (test["ill"] == label).to_numpy()
            assert only(rows, metric="group_accuracy", level=f"{label}|{site}").estimate == pytest.approx(
                right[own].mean(), abs=0.03
            )
    worst = only(rows, metric="worst_auc_left_out")
    assert worst.estimate == min(
        row.estimate for row in rows if row.metric == "auc_left_out" and row.estimate is not None
    )
    least = only(rows, metric="worst_group_accuracy")
    assert least.estimate == min(
        row.estimate for row in rows if row.metric == "group_accuracy" and row.estimate is not None
    )


def test_subjects_are_never_on_both_sides() -> None:
    """Features name the person and labels are random: only a model that met the person before does well."""
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(60), 4)
    traits, ill = rng.standard_normal((60, 40))[person], rng.integers(0, 2, 60)[person]
    table = pa.table(
        {"ill": ill.astype(str), "person": person.astype(str), "site": np.tile(["a", "a", "b", "b"], 60)}
        | {f"x{j}": traits[:, j] for j in range(40)}
    )
    reason = ask(table, "generalisation", subject="person")[0].detail["reason"]
    assert reason == "no two labels are left to train on"
    row = only(ask(table, "generalisation"), metric="auc_left_out", level="b")
    assert (row.estimate or 0) > 0.9, "without the subject the same data leaks"


def test_many_levels_cost_bounded_work() -> None:
    rng = np.random.default_rng(2)
    rows = ask(pa.Table.from_pandas(frame(rng, n=1500, sites=60)), "generalisation")
    levels = [row for row in rows if row.metric == "auc_left_out"]
    assert len(levels) == 20
    assert (only(rows, metric="worst_auc_left_out").detail["levels_of"]) == 60


def test_levels_without_an_auc_say_why() -> None:
    rng = np.random.default_rng(3)
    table = frame(rng, n=120, sites=2)
    few = table.iloc[:4].assign(site="few")
    same = table.iloc[:30].assign(site="same", ill="yes")
    rows = ask(pa.Table.from_pandas(pd.concat([table, few, same])), "generalisation")
    assert "4 subjects" in only(rows, metric="auc_left_out", level="few").detail["reason"]
    assert "same label" in only(rows, metric="auc_left_out", level="same").detail["reason"]


def test_missing_values_are_filled_from_training_records_alone() -> None:
    train, test = np.array([[1.0], [2.0], [9.0], [np.nan]]), np.array([[np.nan], [100.0]])
    seen, unseen = imputed(train, test)
    assert (seen[3, 0], unseen[0, 0]) == (2.0, 2.0)


def test_wilson() -> None:
    low, high = wilson(0.8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(1.0, 5)[1] == 1.0


@pytest.mark.skipif(not HEART.is_file(), reason="the heart-disease table is not here")
def test_heart_disease_by_site() -> None:
    table = pa.Table.from_pandas(pd.read_csv(HEART))
    rows: list[Evidence] = ask(table, "generalisation", label="disease", subject="patient", covariates=["age", "sex"])
    expected = {"cleveland": 0.85, "hungarian": 0.86, "switzerland": 0.63, "va": 0.71}
    for site, auc in expected.items():
        row = only(rows, metric="auc_left_out", level=site)
        assert row.estimate == pytest.approx(auc, abs=0.04), site
