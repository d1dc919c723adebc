"""Which header fields become columns that are audited, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from audit_pipeline.dataset.media import FIELDS, PREFIX, Origin
from audit_pipeline.dataset.media.columns import FEW
from audit_pipeline.recordings.derived import audited, file_columns, of_origin
from tests.recordings.corpus import spec_of

N = 60


def columns(**values: list[object]) -> dict[str, pa.ChunkedArray]:
    return {(name if name == "site" else PREFIX + name): pa.chunked_array([column]) for name, column in values.items()}


def alternating(*levels: object) -> list[object]:
    return [levels[k % len(levels)] for k in range(N)]


def test_fields_become_columns_of_their_type() -> None:
    facts = [
        {"make": "ACME", "kvp": 120.0, "date": "2020-01-02T03:04:05"},
        {"kvp": 90.0, "date": "2020-01-02T03:04:05+02:00"},
        {"make": "", "date": "the day before"},
        {},
    ]
    found = file_columns(facts)
    assert list(found) == ["file.make", "file.date", "file.kvp"], "in the order of the fields; none that nobody states"
    assert found["file.make"].to_pylist() == ["ACME", None, "", None]
    assert found["file.kvp"].to_pylist() == [120.0, 90.0, None, None]
    assert [str(value) for value in found["file.date"].to_pylist()] == [
        "2020-01-02 03:04:05",
        "2020-01-02 01:04:05",
        "None",
        "None",
    ]
    assert found["file.date"].type == pa.timestamp("us")
    assert file_columns([{}, {}]) == {}


def test_what_tells_files_apart_is_audited(tmp_path: Path) -> None:
    table = columns(make=alternating("A", "B", "B"), kvp=alternating(1.0, 2.0), width=alternating(64.0, 65.0))
    chosen, notes = audited(table, spec_of(tmp_path))
    assert chosen == ["file.make", "file.kvp"]
    assert notes == []


def test_what_depends_on_the_recording_or_its_name_is_a_view(tmp_path: Path) -> None:
    table = columns(
        **{
            name: alternating(*((1.0, 2.0) if field.type == "number" else ("a", "b")))
            for name, field in FIELDS.items()
            if field.origin is not Origin.ACQUISITION
        }
    )
    assert audited(table, spec_of(tmp_path)) == ([], [])
    assert of_origin(pa.table(table), Origin.NAME) == [name for name in table if "name" in name or "ending" in name]


def test_constant_fields_are_told_once(tmp_path: Path) -> None:
    table = columns(make=["ACME"] * N, kvp=[None] * N, model=alternating("x", None))
    chosen, notes = audited(table, spec_of(tmp_path))
    assert chosen == ["file.model"], "missing or not is a difference"
    assert notes == ["the same in the headers of all files: file.make ('ACME'), file.kvp (None)"]


@pytest.mark.parametrize(("distinct", "audits"), [(FEW, True), (FEW + 1, False), (N, False)])
def test_fields_that_name_files(tmp_path: Path, distinct: int, audits: bool) -> None:
    table = columns(serial=[f"s{k % distinct}" for k in range(N)], kvp=[float(k) for k in range(N)])
    chosen, notes = audited(table, spec_of(tmp_path))
    assert chosen == (["file.serial"] if audits else []) + ["file.kvp"], "a number names nothing"
    assert bool(notes) != audits
    if notes:
        assert notes == [
            f"different in nearly every file, so that it names files and does not group them: file.serial ({distinct} values)"
        ]


def test_of_fields_that_part_files_alike_one_is_audited(tmp_path: Path) -> None:
    table = columns(
        jpeg_tables=alternating("f00", "ba7"),
        jpeg_huffman=alternating("no", "yes"),
        make=alternating("A", "B"),
        kvp=alternating(80.0, None),
        model=alternating("x", "y", "z"),
    )
    chosen, notes = audited(table, spec_of(tmp_path))
    assert chosen == ["file.make", "file.model"], "the one that a person understands"
    assert notes == [
        f"file.{name} parts the files exactly as file.make does, and is not audited again"
        for name in ("kvp", "jpeg_tables", "jpeg_huffman")
    ]


def test_a_declared_column_comes_before_all_headers(tmp_path: Path) -> None:
    table = columns(make=alternating("A", "B"), site=alternating("north", "south"))
    chosen, notes = audited(table, spec_of(tmp_path, nuisance=["site"]))
    assert chosen == []
    assert notes == ["file.make parts the files exactly as site does, and is not audited again"]
    assert audited(table, spec_of(tmp_path, subject="site"))[0] == ["file.make"], "a subject is no column to audit"


@pytest.mark.parametrize("role", ["nuisance", "covariates", "ignore"])
def test_a_header_field_may_have_a_role(tmp_path: Path, role: str) -> None:
    table = columns(make=alternating("A", "B"), model=alternating("x", "y", "z"))
    assert audited(table, spec_of(tmp_path, **{role: ["file.make"]}))[0] == ["file.model"]


def test_two_nearly_equal_partitions_are_two(tmp_path: Path) -> None:
    table = columns(make=alternating("A", "B"), model=[*alternating("A", "B")[:-1], "A"])
    assert audited(table, spec_of(tmp_path))[0] == ["file.make", "file.model"]
