"""Marks of missing values: those that the spec declares, and those that nobody declared."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audit_pipeline.dataset import hidden
from audit_pipeline.dataset.look import look_at
from audit_pipeline.dataset.records import load_info
from audit_pipeline.parquet import read_table, write_table
from tests.dataset.tables import load, notes, read, refused, small, to_text

# Declared -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_marks_count_in_every_format(tmp_path: Path, name: str) -> None:
    rows = 60
    table = small(
        rows,
        n=[-9 if i % 6 == 0 else i for i in range(rows)],
        x=[-9.0 if i == 5 else i / 7 for i in range(rows)],
        word=["?" if i % 10 == 0 else "ab"[i % 2] for i in range(rows)],
        day=[date(1900, 1, 1) if i == 3 else date(2024, 1, 1) + timedelta(i) for i in range(rows)],
    )
    if name == "t.csv":
        to_text(table, tmp_path / name)
    elif name == "t.jsonl":
        (tmp_path / name).write_text("\n".join(json.dumps(row, default=str) for row in table.to_pylist()))
    else:
        write_table(table, tmp_path / name)
    record = read(tmp_path / name, tmp_path, missing=["?", -9, date(1900, 1, 1), "nowhere"])
    profile = {entry["name"]: entry for entry in read_table(record.folder / "manifest.parquet").to_pylist()}
    assert {column: profile[column]["missing"] for column in ("n", "x", "word", "day", "site")} == {
        "n": 10,
        "x": 1,
        "word": 6,
        "day": 1,
        "site": 0,
    }
    assert profile["n"]["minimum"] == 1
    assert "column 'n': 10 values were read as missing, as the spec says: '-9' (10)" in notes(record)
    assert "takes 'nowhere' for missing, but it was not found anywhere" in notes(record)


def test_marks_of_one_column_leave_the_others_alone(tmp_path: Path) -> None:
    loaded = load(tmp_path, "a,b\n0,0\n1,1\n", missing={"a": ("0",), "b": ("7",)})
    assert loaded.table.to_pydict() == {"a": [None, 1], "b": [0, 1]}
    assert any("takes '7' for missing, but it was not found in column 'b'" in note for note in loaded.notes)


def test_a_mark_is_a_number_where_the_column_is_one(tmp_path: Path) -> None:
    text = "a,b,c,d\n-9.0,-9,1,-9\n-9.00,x,-9,-9\n2.5,-9 ,3,true\n"
    loaded = load(tmp_path, text, missing={"*": ("-9",)})
    assert loaded.table.to_pydict() == {
        "a": [None, None, 2.5],
        "b": [None, "x", None],
        "c": [1, None, 3],
        "d": [None, None, True],
    }


def test_a_narrow_float_has_the_mark_that_it_can_hold(tmp_path: Path) -> None:
    write_table(small(x=pa.array([-99.9, 1.5] * 12, pa.float32())), tmp_path / "t.parquet")
    record = read(tmp_path / "t.parquet", tmp_path, missing=[-99.9])
    assert "column 'x': 12 values" in notes(record)


def test_marks_for_a_column_that_does_not_exist(tmp_path: Path) -> None:
    to_text(small(), tmp_path / "t.csv")
    assert "did you mean 'colour'?" in str(refused(tmp_path / "t.csv", tmp_path, missing={"color": ["red"]}))


def test_many_marked_columns_are_told_together(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(20)]
    loaded = load(tmp_path, ",".join(names) + "\n" + ",".join(["?"] * 20) + "\n", missing={"*": ("?",)})
    assert loaded.notes == ("20 values in 20 columns were read as missing, as the spec says",)


def test_a_label_that_is_marked_is_left_out(tmp_path: Path) -> None:
    to_text(small(40, ill=["yes", "no", "unclear", "no"] * 10), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path, missing={"ill": ["unclear"]})
    assert record.summary["classes"] == {"no": 20, "yes": 10}


# Hidden -------------------------------------------------------------------------------------------------------------------


def suspects(values: object) -> dict[str, int]:
    found = look_at(pa.chunked_array([pa.array(values)])).suspects
    return {suspect.name: suspect.count for suspect in found}


RNG = np.random.default_rng(3)
CHOLESTEROL = np.round(RNG.normal(245, 55, 750)).clip(85)
AGES = np.round(RNG.normal(54, 9, 400)).clip(28, 79)


@pytest.mark.parametrize(
    ("bulk", "hidden_values", "expected"),
    [
        (CHOLESTEROL, [0.0] * 172, {"0": 172}),
        (RNG.normal(132, 18, 700).round().clip(80), [0.0], {"0": 1}),
        (CHOLESTEROL, [-9.0] * 3 + [-8.0] * 2, {"-9": 3, "-8": 2}),
        (CHOLESTEROL, [9999.0] * 2 + [999.0] * 4, {"999": 4, "9999": 2}),
        (AGES, [99.0] * 12, {"99": 12}),
        (AGES, [999.0], {"999": 1}),
        (AGES, [0.0] * 5 + [999.0] * 5, {"0": 5, "999": 5}),
        (AGES, [150.0] * 40, {"150": 40}),
        (RNG.exponential(30, 400).round(2), [-1.0] * 30, {"-1": 30}),
        (RNG.integers(0, 60, 400), [-1] * 200, {"-1": 200}),
        (RNG.lognormal(4.7, 0.6, 400).round().clip(14), [0] * 370, {"0": 370}),
        ([0, 1] * 90, [-9] * 20, {"-9": 20}),
        ([1, 2] * 90, [9] * 5, {"9": 5}),
        ([1, 2, 3, 4, 5] * 30, [99] * 5, {"99": 5}),
    ],
)
def test_values_apart_from_the_rest_are_found(
    bulk: object, hidden_values: list[float], expected: dict[str, int]
) -> None:
    assert suspects(np.concatenate([np.asarray(bulk, dtype=float), hidden_values])) == expected


@pytest.mark.parametrize(
    "values",
    [
        RNG.standard_normal(500),
        RNG.standard_cauchy(500),
        RNG.lognormal(3, 1.5, 500),
        np.concatenate([np.zeros(300), RNG.exponential(1, 300).round(1)]),  # rain: none on half of the days
        np.concatenate([np.zeros(370), RNG.normal(1.5, 1, 490).round(1)]),  # ST depression, with a few negatives
        RNG.poisson(2, 500),
        RNG.integers(0, 100, 500),
        RNG.binomial(1, 0.01, 500),
        np.minimum(RNG.normal(200, 50, 500), 255).round(),  # saturated
        np.maximum(RNG.normal(1, 1, 500), 0.05).round(2),  # a detection limit
        [2007, 2008, 2009] * 50,
        [1, 2, 3, 4] * 50,
        [3, 6, 7] * 50,
        [-1, 0, 1] * 50,
        [0, 9] * 50,
        [7] * 50,
        [float("inf"), 1.0, 2.0] * 20,
    ],
)
def test_values_that_belong_are_left_in_peace(values: object) -> None:
    assert suspects(np.asarray(values, dtype=float)) == {}


def test_dates_and_words_hide_missing_values_too() -> None:
    days = [date(2020, 1, 1) + timedelta(i) for i in range(300)]
    assert suspects(days) == {}
    assert suspects([*days, *[date(1900, 1, 1)] * 4, date(9999, 12, 31)]) == {"1900-01-01": 4, "9999-12-31": 1}
    assert suspects(["a", "b", "Unknown", "?"] * 5) == {"Unknown": 5, "?": 5}
    assert suspects(["+", "-"] * 5) == {}


def test_the_note_names_value_count_place_and_remedy(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = 400
    site = np.repeat(["basel", "lyon", "turin", "graz"], 100)
    fat = np.round(rng.normal(245, 55, rows)).clip(85)
    fat[site == "basel"] = 0
    fat[np.flatnonzero(site == "graz")[:20]] = 0
    smoker = np.where(rng.random(rows) < 0.1, "unknown", "no")
    to_text(small(rows, site=site, fat=fat, smoker=smoker), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path)
    first, second = record.summary["notes"][:2]
    assert first == (
        "fat = 0 in 120 of 400 records, 100 of 100 at site 'basel'; if that means missing, add `missing: {fat: [0]}`"
    )
    assert second.startswith("smoker = 'unknown' in")
    assert "at site" not in second
    fact = load_info(record.folder)["suspected_missing"][0]
    assert (fact["column"], fact["value"], fact["count"]) == ("fat", "0", 120)
    assert fact["where"] == [{"column": "site", "level": "basel", "count": 100, "records": 100}]

    mended = read(tmp_path / "t.csv", tmp_path, missing={"fat": [0], "smoker": ["unknown"]})
    assert load_info(mended.folder)["suspected_missing"] == []
    profile = {entry["name"]: entry for entry in read_table(mended.folder / "manifest.parquet").to_pylist()}
    assert profile["fat"]["missing"] == 120


def test_concentration_asks_for_records_and_for_contrast() -> None:
    codes = np.repeat([0, 1, 2], [3, 50, 50])
    hit = np.zeros(103, dtype=bool)
    hit[:3] = True
    assert hidden.concentration(hit, codes, ("a", "b", "c")) is None, "three records prove nothing"
    hit[3:40] = True
    assert hidden.concentration(hit, codes, ("a", "b", "c")) == ("b", 37, 50)
    assert hidden.concentration(np.ones(103, dtype=bool), codes, ("a", "b", "c")) is None, "everywhere is nowhere"


def test_words_that_are_taken_for_missing_are_told_and_can_be_kept(tmp_path: Path) -> None:
    text = "region,x\nNA,1\nEU,NA\nNA,3\n,4\n"
    loaded = load(tmp_path, text)
    assert loaded.table.to_pydict() == {"region": [None, "EU", None, None], "x": [1, None, 3, 4]}
    (note,) = loaded.notes
    assert "column 'region': 'NA' (2) read as missing" in note
    assert "`missing: {region: []}`" in note
    kept = load(tmp_path, text, missing={"region": ()})
    assert kept.table.to_pydict() == {"region": ["NA", "EU", "NA", None], "x": [1, None, 3, 4]}
    assert kept.notes == ()
