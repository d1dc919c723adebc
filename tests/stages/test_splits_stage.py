"""Stage ``splits`` from a file to a file: what is written, that it is the same every time, and the probe that reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from audit_pipeline import evidence, pipeline
from audit_pipeline.parquet import read_table
from audit_pipeline.spec import parse_spec
from audit_pipeline.store import Store

STAGES = ("dataset", "splits", "probe_given_split")
Run = Callable[..., tuple[pa.Table, dict[str, Any], list[evidence.Evidence]]]


def frame(n_subjects: int = 90, seed: int = 0) -> pd.DataFrame:
    """Patients with one to four records; the site follows the disease, the lab is the disease, the session is a record's."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n_subjects), rng.integers(1, 5, n_subjects))
    ill = rng.integers(0, 2, n_subjects)[patient]
    n = len(patient)
    follows = (rng.random(n_subjects) < 0.5)[patient]
    return pd.DataFrame(
        {
            "patient": [f"p{g}" for g in patient],
            "disease": np.where(ill, "yes", "no"),
            "site": np.where(follows, np.where(ill, "B", "A"), np.array(["A", "B", "C"])[patient % 3]),
            "lab": np.where(ill, "east", "west"),
            "session": rng.choice(["am", "pm"], n),
            "temperature": rng.normal(20, 5, n),
            "age": rng.integers(20, 90, n_subjects)[patient],
            "part": rng.choice(["train", "test"], n_subjects, p=[0.7, 0.3])[patient],
            "x": rng.normal(size=n),
        }
    )


@pytest.fixture(autouse=True)
def quick_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """How good the folds are is tested where they are made."""
    monkeypatch.setattr("audit_pipeline.splits.assign._restarts", lambda *_: 20)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(table: pd.DataFrame, **changes: Any) -> tuple[pa.Table, dict[str, Any], list[evidence.Evidence]]:
        table.to_csv(tmp_path / "data.csv", index=False)
        keys = {
            "name": "clinic",
            "data": str(tmp_path / "data.csv"),
            "label": "disease",
            "subject": "patient",
            "nuisance": ["site", "session", "temperature"],
            "covariates": ["age"],
            "features": ["x"],
            **changes,
        }
        spec = parse_spec({key: value for key, value in keys.items() if value is not None})
        store = Store(tmp_path / f"store{len(list(tmp_path.iterdir()))}")
        records: dict[str, Any] = {}
        for stage in pipeline.graph(spec):
            if stage.name in STAGES:
                records[stage.name] = pipeline.execute(stage, spec, store, records)
        folder = records["splits"].folder
        asked = records.get("probe_given_split")
        rows = evidence.read(asked.folder / "evidence.parquet") if asked else []
        assert (asked is not None) == (spec.split is not None), "it is asked where a split is given, and only there"
        run.bytes = (folder / "splits.parquet").read_bytes()
        return read_table(folder / "splits.parquet"), json.loads((folder / "splits.json").read_text("utf-8")), rows

    return run


def test_the_table_keeps_its_columns_and_says_what_each_holds(run: Run) -> None:
    table, facts, rows = run(frame())
    assert table.column_names == ["row", "subject", "fold", "counterbalanced_test"]
    assert [str(field.type) for field in table.schema] == ["int64", "int64", "int16", "bool"]
    assert table.column("row").to_pylist() == list(range(len(frame())))
    for field in table.schema:
        assert field.metadata[b"description"].decode() == facts["columns"][field.name]
    assert json.loads(table.schema.metadata[b"audit_pipeline.splits"]) == facts
    assert {"n_folds", "n_subjects", "objective", "lower_bound", "optimal", "seed", "deviation"} <= set(facts)
    assert facts["given"] is None
    assert rows == []


def test_the_test_part_is_balanced_in_the_data_of_the_user(run: Run) -> None:
    table, facts, _ = run(frame())
    data = frame().assign(test=table.column("counterbalanced_test").to_numpy())
    part = facts["counterbalanced_test"]
    assert part["columns"] == ["site", "session", "temperature"]
    assert part["records"] == data["test"].sum() > 0.15 * len(data)
    assert not set(data.loc[data["test"], "patient"]) & set(data.loc[~data["test"], "patient"])
    counts = pd.crosstab(data.loc[data["test"], "site"], data.loc[data["test"], "disease"])
    assert len(counts) == 3
    off = counts - np.outer(counts.sum(axis=1), counts.sum(axis=0)) / part["records"]
    assert np.abs(off.to_numpy()).sum() == pytest.approx(part["by_column"]["site"]["deviation"], abs=1e-9)
    assert part["by_column"]["site"]["v"] < 0.1 < 0.3 < part["by_column"]["site"]["v_before"]


def test_an_aliased_column_is_left_out_with_its_missing_cells(run: Run) -> None:
    _, facts, _ = run(frame(), nuisance=["lab", "site"])
    part = facts["counterbalanced_test"]
    assert part["columns"] == ["site"]
    assert list(part["left_out"]) == ["lab"]
    assert sorted(part["by_column"]["lab"]["cells"]) == [["no", "east"], ["yes", "west"]]
    alone = run(frame(), nuisance=["lab"])
    assert alone[1]["counterbalanced_test"]["reason"]
    assert not any(alone[0].column("counterbalanced_test").to_pylist())
    levels = alone[1]["leave_one_level_out"]["columns"][0]["levels"]
    assert all(any("only the label" in problem for problem in level["problems"]) for level in levels)


def test_leaving_levels_out_is_told_for_every_nuisance_column(run: Run) -> None:
    data = frame()
    _, facts, _ = run(data)
    columns = {column["column"]: column for column in facts["leave_one_level_out"]["columns"]}
    assert list(columns) == ["site", "session", "temperature"]
    assert [columns[name]["cut"] for name in columns] == [False, False, True]
    for level in columns["session"]["levels"]:
        tested = data["session"] == level["level"]
        patients = set(data.loc[tested, "patient"])
        assert level["records"] == tested.sum()
        assert level["dropped_records"] == (~tested & data["patient"].isin(patients)).sum()
        assert level["train_records"] == (~data["patient"].isin(patients)).sum()
    assert sum(level["records"] for level in columns["temperature"]["levels"]) == len(data)
    _, facts, _ = run(data.assign(session=[f"s{i // 2}" for i in range(len(data))]))
    assert list(facts["leave_one_level_out"]["skipped"]) == ["session"]


def test_a_given_split_is_compared_and_a_better_one_proposed(run: Run) -> None:
    data = frame()
    data.loc[data["site"] == "C", "part"] = "test"
    data.loc[:4, "part"] = None
    table, facts, rows = run(data, split="part")
    given = facts["given"]
    assert table.column_names[-1] == "proposed_split"
    assert given["unassigned"] == 5
    assert {part["part"]: part["records"] for part in given["parts"]} == data["part"].value_counts().to_dict()
    assert given["lower_bound"] <= given["attainable"] < given["objective"]
    assert ["train", "C"] in [[absence["part"], absence["level"]] for absence in given["absent"]]
    proposed = data.assign(proposed=table.column("proposed_split").to_pandas())
    assert proposed.loc[:4, "proposed"].isna().all()
    known = proposed[5:]
    assert known.groupby("patient")["proposed"].nunique().max() == 1
    sizes = known["proposed"].value_counts()
    assert sizes.to_dict() == pytest.approx(known["part"].value_counts().to_dict(), abs=8)

    assert {row.probe for row in rows} == {"given_split"}
    assert {row.role for row in rows} == {"split"}
    by_metric = {row.metric: row.estimate for row in rows if row.level is None}
    assert by_metric["split_deviation"] == given["objective"]
    assert by_metric["split_attainable"] == given["attainable"]
    assert by_metric["split_bound"] == given["lower_bound"]
    by_column = {row.level: row.estimate for row in rows if row.level}
    assert sum(by_column.values()) == pytest.approx(given["objective"])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (lambda n: ["all"] * n, "into one part"),
        (lambda n: [f"part {i // 3}" for i in range(n)], "parts, more than 50"),
        (lambda n: [None] * n, "no value at all"),
    ],
)
def test_a_split_that_is_none_is_said_and_not_fatal(run: Run, values: Callable[[int], list[Any]], says: str) -> None:
    data = frame()
    table, facts, _ = run(data.assign(part=values(len(data))), split="part")
    assert says in facts["given"]["headline"]
    assert table.column("proposed_split").null_count == len(data)


@pytest.mark.parametrize("changes", [{"subject": None}, {"nuisance": ["site"], "covariates": None}, {"split": "part"}])
def test_the_same_input_gives_the_same_bytes(run: Run, changes: dict[str, Any]) -> None:
    run(frame(), **changes)
    first = run.bytes  # type: ignore[attr-defined]
    run(frame(), **changes)
    assert run.bytes == first  # type: ignore[attr-defined]


def test_nothing_but_a_column_that_names_records(run: Run) -> None:
    data = frame()
    table, facts, _ = run(data.assign(session=[f"s{i // 2}" for i in range(len(data))]), nuisance=["session"])
    assert facts["counterbalanced_test"] is None
    assert facts["leave_one_level_out"]["columns"] == []
    assert list(facts["leave_one_level_out"]["skipped"]) == ["session"]
    assert not any(table.column("counterbalanced_test").to_pylist())
