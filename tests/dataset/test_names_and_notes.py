"""Names of columns, and what the notes say about a table that can be read."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from audit_pipeline.dataset.names import tidy
from audit_pipeline.dataset.records import load as load_records
from audit_pipeline.dataset.records import load_info
from tests.dataset.tables import ROWS, notes, read, refused, small, to_text

DECOMPOSED = unicodedata.normalize("NFD", "größe")


@pytest.mark.parametrize(
    ("names", "wanted", "called"),
    [
        (["site", "x"], ["site"], ["site", "x"]),
        ([" site ", "x\t"], ["site"], ["site", "x"]),
        (["si\u200bte", "\ufeffx"], ["site", "x"], ["site", "x"]),
        ([DECOMPOSED], ["größe"], ["größe"]),
        (["blood\u00a0pressure"], ["blood pressure"], ["blood pressure"]),
        ([" site "], [" site "], [" site "]),
        (["site"], [" site "], [" site "]),
        (["site", "site "], ["site"], ["site", "site "]),
        (["Site"], ["site"], ["Site"]),
    ],
)
def test_careless_names_are_matched(names: list[str], wanted: list[str], called: list[str]) -> None:
    found, told = tidy(names, wanted)
    assert found == called
    assert bool(told) == (names != called or len(names) > len({name.strip() for name in names}))


def test_hostile_names_are_names_like_others(tmp_path: Path) -> None:
    names = [
        "\x1b[31mred\x07",
        "<script>",
        "a\nb",
        "=cmd()",
        "日本",
        "../../etc",
        "x" * 900,
        "'; DROP TABLE--",
        "{{7*7}}",
    ]
    to_text(small(**{name: list(np.arange(ROWS) / 7) for name in names}), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path)
    assert {entry["name"] for entry in load_info(record.folder)["features"]} == {"x", "colour", "flag", *names}


def test_ignored_columns_are_no_features(tmp_path: Path) -> None:
    to_text(small(), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path, ignore=["colour", "flag"])
    assert [entry["name"] for entry in load_info(record.folder)["features"]] == ["x"]
    assert "did you mean 'colour'" in str(refused(tmp_path / "t.csv", tmp_path / "other", ignore=["color"]))


def test_dates_as_nuisance_are_an_order_and_show_as_dates(tmp_path: Path) -> None:
    start = datetime(2024, 1, 1, 8, 0)
    to_text(small(when=[start + timedelta(hours=7 * i) for i in range(ROWS)]), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path, nuisance=["site", "when"])
    when = load_records(record.folder).column("when")
    assert (when.kind, when.dates) == ("continuous", True)
    assert when.strata(2)[1][0].startswith("≤ 2024-01-04 ")
    few = small(when=[start + timedelta(days=i % 3) for i in range(ROWS)])
    levels = load_records(read(to_text(few, tmp_path / "u.csv"), tmp_path, nuisance=["site", "when"]).folder).column(
        "when"
    )
    assert set(levels.levels) == {"2024-01-01 08:00:00", "2024-01-02 08:00:00", "2024-01-03 08:00:00"}


def test_many_sites_with_few_records_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = 3_000
    to_text(small(rows, site=[f"s{i}" for i in rng.permutation(rows) % 2_000]), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path)
    assert "nuisance 'site' has 2,000 levels in 3,000 records" in notes(record)
    assert len(load_records(record.folder).column("site").levels) == 2_000


def test_subjects_with_two_labels_are_allowed_and_told(tmp_path: Path) -> None:
    to_text(small(who=[f"p{i // 2}" for i in range(ROWS)]), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path, subject="who")
    assert f"{ROWS // 2} of {ROWS // 2} subjects have records with different labels" in notes(record)
    to_text(small(who=[f"p{i}" for i in range(ROWS)]), tmp_path / "u.csv")
    assert "a 'who' of its own" in notes(read(tmp_path / "u.csv", tmp_path, subject="who"))


def test_a_class_of_one_record_is_told_with_a_remedy_that_works(tmp_path: Path) -> None:
    labels = (["yes", "no"] * ROWS)[: ROWS - 1]
    path = to_text(small(ill=[*labels, "no idea"]), tmp_path / "t.csv")
    told = notes(read(path, tmp_path))
    assert "label 'ill': fewer than 5 subjects are 'no idea' (1), too few" in told
    assert "`missing: {ill: [no idea]}`" in told
    assert "fewer than 5 subjects" not in notes(read(path, tmp_path, missing={"ill": ["no idea"]}))


def test_levels_that_differ_in_case_are_told(tmp_path: Path) -> None:
    to_text(small(site=["Graz", "graz", "Lyon", "Lyon  Sud", "lyon sud", "x"] * 4), tmp_path / "t.csv")
    found = notes(read(tmp_path / "t.csv", tmp_path))
    assert "kept apart: 'Graz' and 'graz'; 'Lyon  Sud' and 'lyon sud'" in found


def test_features_that_are_identifiers_or_dates_are_told(tmp_path: Path) -> None:
    rows = 60
    table = small(
        rows,
        patient_id=[1_000 + 7 * (i // 2) for i in range(rows)],
        visit=[datetime(2024, 1, 1) + timedelta(i) for i in range(rows)],
        weight=[50 + i for i in range(rows)],
    )
    found = notes(read(to_text(table, tmp_path / "t.csv"), tmp_path))
    assert "'patient_id' looks like an identifier" in found
    assert "`subject: patient_id`" in found
    assert "feature 'visit' is a date" in found
    assert "'weight'" not in found.replace("feature 'weight' was left out: it is a running number", "")


def test_many_features_left_out_are_told_by_reason(tmp_path: Path) -> None:
    table = small(
        **{f"c{i}": [7] * ROWS for i in range(10)}, **{f"t{i}": [f"{i} {j}" for j in range(ROWS)] for i in range(3)}
    )
    found = notes(read(to_text(table, tmp_path / "t.csv"), tmp_path))
    assert "10 features were left out ('c0', 'c1', 'c2', 'c3', 'c4' …): it is constant" in found
    assert "3 features were left out ('t0', 't1', 't2')" in found


def test_infinite_metadata_is_missing_and_told(tmp_path: Path) -> None:
    to_text(small(dose=[float("inf"), *range(ROWS - 1)]), tmp_path / "t.csv")
    record = read(tmp_path / "t.csv", tmp_path, covariates=["dose"])
    assert "covariate 'dose': 1 infinite value was read as missing" in notes(record)
