"""What cannot be read is refused with file, row, column and remedy, before it fills the memory."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

from audit_pipeline.dataset import json_lines, parquet_files, piece, streams, text_files
from audit_pipeline.errors import DataError
from audit_pipeline.parquet import write_table
from tests.dataset.tables import load, refused, small, to_text

TABLE = "ill,site,x\n" + "yes,a,1\nno,b,2\n" * 10


def packed(content: bytes) -> bytes:
    """Gzip without the time of day: the workers of a parallel run must name the same tests."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "row", "expected", "remedy"),
    [
        ("t.csv", TABLE.encode("utf-16"), None, "UTF-16", "UTF-8"),
        ("t.csv", packed(b"a,b\n"), None, "compressed with gzip", ".csv.gz"),
        ("t.csv", b"PAR1 and more", None, "a Parquet file", ".parquet"),
        ("t.csv", b"\n\n\n", None, "nothing but empty lines", "again"),
        ("t.csv", TABLE.encode() + b"yes,Z\xfcrich,1\n", 22, "not UTF-8", "UTF-8"),
        ("t.csv", TABLE.encode() + b"yes\n", 22, "the row has 1 values", "complete the row"),
        ("t.csv", TABLE.encode() + b"yes,a,1,5\n", 22, "the row has 4 values", "double quotes"),
        ("t.csv", b"# by hand\n" + TABLE.encode(), 2, "the header has 1", "lines above the header"),
        ("t.csv", TABLE.encode() + b'yes,a,"1\nno,b,2\n', 22, "never closed", "close it"),
        (
            "t.csv",
            TABLE.encode() + b'yes,a,"1\nno,b,2\nyes,b,2\nno,b,"\n',
            22,
            "2 lines that look like records",
            "close",
        ),
        ("t.csv", b"," + TABLE.replace("\n", "\nq,").encode()[:-2], 1, "no column at position 1", "name the column"),
        ("t.csv", b"a," + b"b" * 1001 + b"\n1,2\n", 1, "1,001 characters", "short name"),
        ("t.csv.gz", TABLE.encode(), None, "not compressed with gzip", "take .gz off"),
        ("t.csv.gz", packed(TABLE.encode())[:-9], None, "ends too early", "download"),
        ("t.csv.gz", packed(TABLE.encode())[:20] + b"\x00" * 40, None, "damaged", "download"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', 2, "no JSON", "cut short"),
        ("t.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', 2, "no JSON", "mend that line"),
        ("t.jsonl", b'{"a": 1}\n[1]\n', 2, "is a list", "names of its fields"),
        ("t.jsonl", b'{"a": 1}\n{"a": 1, "a": 2}\n', 2, "'a' stands twice", "its own name"),
        ("t.jsonl", b'[{"a": 1}]', 1, "one JSON list", "jq"),
        ("t.jsonl", b'{"a": 1}\n{"a": ' + b"[" * 99_999 + b"]" * 99_999 + b"}", 2, "nested more than 20", "top"),
        ("t.jsonl", b'{"a": 1}\n' + b'{"a": {"a":' * 9_999 + b"1" + b"}" * 19_998, 2, "nested more than 20", "top"),
        ("t.jsonl", packed(b"{}"), None, "binary", ".gz"),
        ("t.parquet", b"PAR1PAR1", None, "cannot be read", "what its name says"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes, row: int | None, expected: str, remedy: str) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, content, name=name)
    error = caught.value
    assert expected in error.message
    assert remedy in error.remedy
    assert error.row == row
    assert error.file == str(tmp_path / name)


def test_brackets_inside_text_are_no_nesting(tmp_path: Path) -> None:
    line = json.dumps({"a": "[{" * 50 + '\\"' + "[" * 50, "b": 1})
    assert load(tmp_path, line, name="t.jsonl").table.num_rows == 1


@pytest.mark.parametrize("name", ["t.csv.gz", "t.jsonl.gz"])
def test_a_bomb_is_noticed_while_it_is_small(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "RATIO_FROM", 1 << 20)
    start = b"a,b\n" if "csv" in name else b""
    row = b"1,2\n" if "csv" in name else b'{"a":1,"b":2}\n'
    content = gzip.compress(start + row * 4_000_000, 9)
    with pytest.raises(DataError, match="200 times as many") as caught:
        load(tmp_path, content, name=name)
    unpacked = int(caught.value.message.split()[6].replace(",", ""))
    assert unpacked <= 200 * len(content) + (16 << 20)
    assert "gunzip" in caught.value.remedy


def test_a_row_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "BLOCK", 10_000)
    with pytest.raises(DataError, match="longer than 10,000 bytes; a quotation mark") as caught:
        load(tmp_path, TABLE + 'yes,a,"1\n' + "no,b,2\n" * 5_000)
    assert caught.value.row == 22


def test_cells_lines_and_tables_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "MAX_CELL", 100)
    with pytest.raises(DataError, match="101 bytes long") as caught:
        load(tmp_path, "a,b\n1,x\n2," + "y" * 101)
    assert (caught.value.row, caught.value.column) == (3, "b")
    monkeypatch.setattr(json_lines, "BLOCK", 1_000)
    with pytest.raises(DataError, match="line is longer") as caught:
        load(tmp_path, '{"a":1}\n{"a":"' + "x" * 1_000 + '"}', name="t.jsonl")
    assert caught.value.row == 2
    monkeypatch.setattr(parquet_files, "MAX_CELLS", 1_000)
    write_table(pa.table({"a": pa.nulls(1_001)}), tmp_path / "t.parquet")
    assert "sample of subjects" in refused(tmp_path / "t.parquet", tmp_path).remedy


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_too_many_columns(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (text_files, json_lines, piece):
        monkeypatch.setattr(module, "MAX_COLUMNS", 500)
    if name == "t.csv":
        content = ",".join(f"c{i}" for i in range(501)) + "\n" + ",".join("1" * 501)
    else:
        content = "\n".join(json.dumps({f"patient{i}": i}) for i in range(2_000))
    with pytest.raises(DataError, match="501"):
        load(tmp_path, content, name=name)


@pytest.mark.parametrize(
    ("values", "keys", "expected"),
    [
        ([str(i) for i in range(23)] + ["?"], {}, "row 25, column 'v': 1 of 24 values is no number: '?' (1)"),
        ([str(i) for i in range(23)] + ["?"], {"nuisance": ["site", "v"]}, "row 25, column 'v'"),
        ([f'"{i + 1},234"' for i in range(24)], {}, "thousands"),
        ([f"{i % 12 + 1}/{i // 12 + 1}/2024" for i in range(24)], {"nuisance": ["v"]}, "row 2, column 'v'"),
        ([f"{i} mg" for i in range(24)], {"covariates": ["v"]}, "sign or a unit"),
        (["?", *(str(i) for i in range(59))], {"label": "v"}, "row 2, column 'v': 1 of 60 values is no number"),
    ],
)
def test_columns_whose_meaning_is_unclear(tmp_path: Path, values: list[str], keys: dict, expected: str) -> None:  # type: ignore[type-arg]
    lines = to_text(small(len(values)), tmp_path / "t.csv").read_text().splitlines()
    text = "\n".join(f"{line},{value}" for line, value in zip(lines, ["v", *values], strict=True))
    (tmp_path / "t.csv").write_text(text)
    assert expected in str(refused(tmp_path / "t.csv", tmp_path, **keys))


@pytest.mark.parametrize(
    ("ending", "remedy"),
    [("xlsx", "CSV UTF-8"), ("json", "jq"), ("csv.zip", "unpack"), ("parquet.gz", "itself"), ("", "CSV")],
)
def test_other_kinds_of_files(tmp_path: Path, ending: str, remedy: str) -> None:
    path = tmp_path / f"t.{ending}".rstrip(".")
    path.write_bytes(b"content")
    assert remedy in refused(path, tmp_path).remedy
