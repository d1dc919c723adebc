"""Whatever stands in a file, it becomes a table or a refusal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_pipeline.dataset.look import look_at
from audit_pipeline.errors import DataError
from tests.dataset.tables import load

ODD = (
    *(
        "",
        " ",
        "?",
        "NA",
        "None",
        "1",
        "-9",
        "1.5",
        "1,5",
        "1.234,5",
        '"1,234"',
        "inf",
        "1e999",
        "0x1F",
        "007",
        "9" * 30,
    ),
    *(
        "2024-01-31",
        "2024-02-30",
        "31.12.2024",
        "1/2/2024",
        "2024-01-31T12:00Z",
        "25:00",
        "12:30",
        "true",
        "yes",
        "12 mg",
    ),
)
CELLS = st.one_of(st.sampled_from(ODD), st.text(max_size=6))
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8)
)


def survives(tmp_path: Path, content: bytes, name: str) -> None:
    try:
        loaded = load(tmp_path, content, name=name, missing={"*": ("?", "-9", "1900-01-01")})
    except DataError as error:
        assert error.remedy  # noqa: PT017
        assert error.file  # noqa: PT017
        return
    assert loaded.table.num_rows == sum(loaded.rows) > 0
    for column in loaded.table.columns:
        look_at(column)
    for trouble in loaded.troubles.values():
        assert loaded.place(trouble.row)[1] >= 1


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=TABLES)
def test_tables_of_odd_cells(tmp_path: Path, separator: str, rows: list[list[str]]) -> None:
    header = [f"c{position}" for position in range(len(rows[0]))]
    text = "\n".join(separator.join(row) for row in [header, *rows])
    survives(tmp_path, text.encode("utf-8", "surrogatepass"), "t.csv")


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.csv.gz"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=60), st.text('a1,";\n\r\t .{}[]:-', max_size=60).map(str.encode)))
def test_any_bytes(tmp_path: Path, name: str, content: bytes) -> None:
    survives(tmp_path, content, name)
    if name.endswith(".gz"):
        survives(tmp_path, gzip.compress(content), name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b", "a.b", " a"]), JSON, max_size=3), min_size=1, max_size=5)
)
def test_any_json(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    survives(tmp_path, "\n".join(map(json.dumps, rows)).encode(), "t.jsonl")
