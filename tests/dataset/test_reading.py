"""Tables as people have them: right answers, or refusals that name file, row, column and remedy."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from audit_pipeline import digests
from audit_pipeline.dataset.order import canonical_order
from audit_pipeline.dataset.records import load, load_info
from audit_pipeline.errors import AuditError, DataError
from audit_pipeline.parquet import read_table, write_table
from tests.dataset.tables import ROWS, read, refused, small, to_text


def test_the_same_content_has_the_same_digests_in_every_format(tmp_path: Path) -> None:
    table = small(
        x=[None, *range(ROWS - 1)],
        day=[date(2024, 1, 1 + i) for i in range(ROWS)],
        moment=[datetime(2024, 1, 1, i, 30) for i in range(ROWS)],
    )
    write_table(table, tmp_path / "t.parquet")
    to_text(table, tmp_path / "t.csv")
    to_text(table, tmp_path / "t.tsv", "\t")
    lines = "\n".join(json.dumps(row, default=str) for row in table.to_pylist())
    (tmp_path / "t.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "t.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "u.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    manifests = []
    for path in sorted(tmp_path.iterdir()):
        record = read(path, tmp_path / "stores" / path.name)
        manifest = read_table(record.folder / "manifest.parquet").to_pylist()
        manifests.append({entry["name"]: entry["sha256"] for entry in manifest if entry["entry"] == "column"})
        assert record.summary["records"] == ROWS
    assert len(manifests) == 6
    assert all(manifest == manifests[0] for manifest in manifests)


def test_manifest_profiles_columns(tmp_path: Path) -> None:
    record = read(to_text(small(x=[None, *range(ROWS - 1)]), tmp_path / "t.csv"), tmp_path)
    entries = {entry["name"]: entry for entry in read_table(record.folder / "manifest.parquet").to_pylist()}
    assert entries["t.csv"]["sha256"] == digests.of_file(tmp_path / "t.csv")
    x, colour = entries["x"], entries["colour"]
    assert (x["kind"], x["missing"], x["distinct"], x["minimum"], x["maximum"]) == ("numeric", 1, ROWS - 1, 0, ROWS - 2)
    assert (colour["kind"], colour["distinct"], colour["role"]) == ("categorical", 3, "features")
    assert entries["flag"]["kind"] == "boolean"
    assert entries["ill"]["role"] == "label"


def test_missing_metadata_is_a_level_and_missing_labels_are_left_out_aloud(tmp_path: Path) -> None:
    table = small(ill=["yes", "no"] * 11 + [None, None], site=[None, "a", "b", "b"] * 6)
    record = read(to_text(table, tmp_path / "t.csv"), tmp_path)
    data = load(record.folder)
    assert data.n == ROWS - 2
    assert set(data.columns[0].levels) == {"a", "b", "(missing)"}
    assert any("2 of 24 records have no label" in note for note in data.notes)
    assert sorted(data.row.tolist()) == list(range(22))


def test_infinities_constants_and_identifiers_are_not_features(tmp_path: Path) -> None:
    table = small(
        x=[float("inf"), *range(ROWS - 1)],
        same=[7] * ROWS,
        number=list(range(ROWS)),
        text=[f"note {i}" for i in range(ROWS)],
    )
    record = read(to_text(table, tmp_path / "t.csv"), tmp_path)
    notes = " ".join(record.summary["notes"])
    assert {entry["name"] for entry in load_info(record.folder)["features"]} == {"x", "colour", "flag"}
    for word in ("'x': 1 infinite", "'same' was left out", "'number' was left out", "'text' was left out"):
        assert word in notes


def test_numbers_with_few_values_are_levels_and_with_many_are_numbers(tmp_path: Path) -> None:
    table = small(year=[2007, 2008, 2009] * 8, age=[20.5 + i for i in range(ROWS)])
    record = read(to_text(table, tmp_path / "t.csv"), tmp_path, nuisance=["year", "age"])
    year, age = load(record.folder).columns
    assert (year.kind, set(year.levels)) == ("categorical", {"2007", "2008", "2009"})
    assert age.kind == "continuous"
    strata, names = age.strata()
    assert len(names) == 5
    assert np.bincount(strata).min() >= 4


def test_several_files_are_one_table(tmp_path: Path) -> None:
    table = small()
    to_text(table.slice(0, 12), tmp_path / "part1.csv")
    to_text(table.slice(12), tmp_path / "part2.csv")
    record = read(tmp_path / "part*.csv", tmp_path)
    assert record.summary["records"] == ROWS
    assert record.summary["files"] == 2


def test_a_word_late_in_a_column_of_numbers_is_found(tmp_path: Path) -> None:
    rows = [
        "ill,site,x",
        *(f"{'yes' if i % 2 else 'no'},{'ab'[i % 3 == 0]},{i % 997}" for i in range(200_000)),
        "yes,a,broken",
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    error = refused(path, tmp_path)
    assert (error.row, error.column) == (200_002, "x")
    assert "`missing: {x: [broken]}`" in error.remedy


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"ill,site,x\n", "no record"),
        (b"PK\x03\x04\x00\x00", "binary"),
        (b"ill,site,x\nyes,a,1\nno,b\n", "row 3"),
        (b"ill,site,x,x\nyes,a,1,2\n", "stands 2 times"),
        (b"ill,,x\nyes,a,1\n", "names no column at position 2"),
        (b"ill site x\nyes a 1\n", "no column 'ill'"),
        (b"ill,site,x\nyes,Z\xfcrich,1\n", "not UTF-8"),
    ],
)
def test_broken_text_files(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    error = refused(path, tmp_path)
    assert expected in str(error)
    assert "t.csv" in str(error)


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"ill,site\nyes,a\n")
    assert "cannot be read" in str(refused(path, tmp_path))


@pytest.mark.parametrize(
    ("changed", "keys", "expected"),
    [
        ({"ill": ["yes"] * ROWS}, {}, "single class"),
        ({"ill": [None] * ROWS}, {}, "single class"),
        ({"ill": [f"c{i}" for i in range(ROWS)]}, {}, "has 1 subject"),
        ({"site": None}, {}, "no column 'site'"),
        ({}, {"nuisance": ["Site"]}, "did you mean 'site'"),
        ({}, {"nuisance": []}, "no nuisance column"),
        ({"who": ["p1", None] * (ROWS // 2)}, {"subject": "who"}, "row 3, column 'who'"),
        ({"x": None, "colour": None, "flag": None}, {}, "no feature column"),
        ({"x": [[1.0]] * ROWS}, {"nuisance": ["site", "x"]}, "cannot be audited"),
    ],
)
def test_tables_that_cannot_be_audited(tmp_path: Path, changed: dict, keys: dict, expected: str) -> None:  # type: ignore[type-arg]
    write_table(small(**changed), tmp_path / "t.parquet")
    assert expected in str(refused(tmp_path / "t.parquet", tmp_path, **keys))


def test_too_few_records(tmp_path: Path) -> None:
    write_table(small().slice(0, 9), tmp_path / "t.parquet")
    assert "9 labelled records" in str(refused(tmp_path / "t.parquet", tmp_path))


def test_files_that_do_not_exist_and_files_of_another_kind(tmp_path: Path) -> None:
    to_text(small(), tmp_path / "real.csv")
    with pytest.raises(DataError, match=r"that folder holds real\.csv"):
        read(tmp_path / "wrong.csv", tmp_path)
    with pytest.raises(DataError, match=r"did you mean 'real\.csv'"):
        read(tmp_path / "reel.csv", tmp_path)
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "t.xlsx", tmp_path)
    with pytest.raises(DataError, match="this is a folder"):
        read(tmp_path, tmp_path)


def test_row_order_does_not_matter(tmp_path: Path) -> None:
    table = small()
    shuffled = table.take(np.random.default_rng(1).permutation(ROWS))
    write_table(table, tmp_path / "a.parquet")
    write_table(shuffled, tmp_path / "b.parquet")
    one, two = (load(read(tmp_path / name, tmp_path / name[0]).folder) for name in ("a.parquet", "b.parquet"))
    assert np.array_equal(one.label, two.label)
    assert one.classes == two.classes
    assert np.array_equal(one.columns[0].codes, two.columns[0].codes)


def test_canonical_order_hashes_missing_values_alike() -> None:
    payload = np.array([np.nan, 1.0, 2.0])
    other = np.frombuffer(np.array([0x7FF8000000000123], dtype=np.uint64).tobytes(), dtype=np.float64)
    assert np.array_equal(canonical_order([payload], 3), canonical_order([np.concatenate([other, payload[1:]])], 3))


def test_errors_read_as_sentences() -> None:
    error = AuditError("it broke", file="a.csv", row=3, column="x", expected="a number", remedy="mend it")
    assert str(error) == "a.csv, row 3, column 'x': it broke\n  expected: a number\n  what to do: mend it"
