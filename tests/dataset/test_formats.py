"""Files as people have them: where they lie, how they are packed, how their text is written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pytest

from audit_pipeline import digests
from audit_pipeline.dataset import remote
from audit_pipeline.dataset.files import find
from audit_pipeline.dataset.read import load_table
from audit_pipeline.dataset.records import load as load_records
from audit_pipeline.errors import DataError
from audit_pipeline.parquet import read_table, write_table
from tests.dataset.tables import ROWS, load, notes, read, refused, small, to_text

PLAIN = "ill,site,x\nyes,a,1.5\nno,b,2\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", PLAIN),
        ("T.CSV", PLAIN.replace("\n", "\r\n")),
        ("t.csv", PLAIN.replace("\n", "\r")),
        ("t.csv", "\ufeff" + PLAIN),
        ("t.csv", "\n\n" + PLAIN + "\n"),
        ("t.csv", PLAIN.replace(",", " , ")),
        ("t.csv", PLAIN.replace(",", ";").replace(".", ",")),
        ("t.csv", PLAIN.replace(",", "\t")),
        ("t.csv", PLAIN.replace(",", "|")),
        ("t.csv", ",ill,site,x\n5,yes,a,1.5\n9,no,b,2\n"),
        ("t.csv", "ill,site,x,,\nyes,a,1.5,,\nno,b,2,,\n"),
        ("t.tsv", PLAIN.replace(",", "\t")),
        ("t.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)),
        ("t.csv.GZ", gzip.compress(PLAIN.encode()[:9], mtime=0) + gzip.compress(PLAIN.encode()[9:], mtime=0)),
        ("t.jsonl", '{"ill":"yes","site":"a","x":1.5}\n\n{"x":2,"site":"b","ill":"no"}'),
        ("t.ndjson", '\ufeff{"ill":"yes","site":"a","x":1.5}\r\n{"ill":"no","site":"b","x":2}\r\n'),
        ("t.jsonl.gz", gzip.compress(b'{"ill":"yes","site":"a","x":1.5}\n{"ill":"no","site":"b","x":2}\n', mtime=0)),
    ],
)
def test_the_same_table(tmp_path: Path, name: str, content: str | bytes) -> None:
    loaded = load(tmp_path, content, name=name)
    assert loaded.table.to_pydict() == {"ill": ["yes", "no"], "site": ["a", "b"], "x": [1.5, 2.0]}


def test_quoted_values_hold_separators_line_ends_and_quotes(tmp_path: Path) -> None:
    loaded = load(tmp_path, 'a,b\n"x, ""y""","line\nline"\n"é",2\n')
    assert loaded.table.to_pydict() == {"a": ['x, "y"', "é"], "b": ["line\nline", "2"]}
    assert load(tmp_path, '"a\nb",c\n1,2\n').table.column_names == ["a\nb", "c"]


def test_files_may_lie_anywhere_and_disagree_about_a_type(tmp_path: Path) -> None:
    for folder, values in (("one", "1\n2\n"), ("two", "2.5\nNA\n"), ("three", "x\n7\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "part.csv").write_text(f"v\n{values}")
    loaded = load_table(find([f"{tmp_path}/*/part.csv", f"{tmp_path}/one/part.csv"]))
    assert [file.name for file in loaded.files] == ["one/part.csv", "three/part.csv", "two/part.csv"]
    assert loaded.table.column("v").to_pylist() == ["1", "2", "x", "7", "2.5", None]
    assert loaded.place(2) == (str(tmp_path / "three" / "part.csv"), 2)
    assert loaded.place(5) == (str(tmp_path / "two" / "part.csv"), 3)
    assert load_table(find([f"{tmp_path}/one/*", f"{tmp_path}/two/*"])).table.column("v").to_pylist() == [
        1,
        2,
        2.5,
        None,
    ]


def test_typed_files_that_disagree(tmp_path: Path) -> None:
    write_table(pa.table({"v": [1, 2], "w": pa.array(["a", "b"]).dictionary_encode()}), tmp_path / "a.parquet")
    write_table(pa.table({"v": ["3", "x"], "w": ["c", None]}), tmp_path / "b.parquet")
    loaded = load_table(find([f"{tmp_path}/*.parquet"]))
    assert loaded.table.to_pydict() == {"v": ["1", "2", "3", "x"], "w": ["a", "b", "c", None]}
    assert loaded.troubles["v"].row == 3


def test_one_file_or_many_give_the_same_columns(tmp_path: Path) -> None:
    table = small(x=[None, *range(ROWS - 1)], day=[f"2024-01-{i + 1:02}" for i in range(ROWS)])
    to_text(table, tmp_path / "whole.csv")
    (tmp_path / "parts").mkdir()
    for start in range(0, ROWS, 7):
        to_text(table.slice(start, 7), tmp_path / "parts" / f"{start:02}.csv")
    found = []
    for path in (tmp_path / "whole.csv", tmp_path / "parts" / "*.csv"):
        manifest = read_table(read(path, tmp_path / path.stem.strip("*")).folder / "manifest.parquet").to_pylist()
        found.append({entry["name"]: entry["sha256"] for entry in manifest if entry["entry"] == "column"})
    assert found[0] == found[1]


def test_json_lines_flatten_objects_and_fill_fields_that_are_absent(tmp_path: Path) -> None:
    lines = ['{"a": 1, "meta": {"site": {"name": "x"}}}', '{"a": 2}', '{"b": true, "meta": {"site": {"name": "y"}}}']
    loaded = load(tmp_path, "\n".join(lines), name="t.jsonl")
    assert loaded.table.to_pydict() == {"a": [1, 2, None], "meta.site.name": ["x", None, "y"], "b": [None, None, True]}
    assert loaded.place(1)[1] == 2, "lines have no header"


def test_json_fields_of_several_types_are_read_like_text(tmp_path: Path) -> None:
    lines = [json.dumps({"x": "?" if i == 3 else i, "who": 12345678901234567890 + i}) for i in range(9)]
    lines += ['{"x": NaN, "who": "a", "meta": {"s": 1}}', '{"x": 1e400, "who": true, "meta": "none"}']
    loaded = load(tmp_path, "\n".join(lines), name="t.jsonl", missing={"x": ("?",)})
    assert loaded.table.column("x").to_pylist()[:4] == [0.0, 1.0, 2.0, None]
    assert loaded.table.column("who").to_pylist()[-3:] == ["12345678901234567898", "a", "true"]


def test_long_numbers_that_name_subjects_stay_apart(tmp_path: Path) -> None:
    long = [f"{9007199254740992 + i // 2}" for i in range(ROWS)]
    longer = [f"{12345678901234567890 + i // 2}" for i in range(ROWS)]
    for name, who in (("t.csv", long), ("u.csv", longer)):
        to_text(small(who=who), tmp_path / name)
        assert load_records(read(tmp_path / name, tmp_path, subject="who").folder).n_subjects == ROWS // 2
    lines = "\n".join(
        json.dumps({**row, "who": int(who)}) for row, who in zip(small().to_pylist(), longer, strict=True)
    )
    (tmp_path / "t.jsonl").write_text(lines)
    assert load_records(read(tmp_path / "t.jsonl", tmp_path, subject="who").folder).n_subjects == ROWS // 2


def test_codes_keep_their_zeros_as_levels(tmp_path: Path) -> None:
    to_text(small(site=["001", "002"] * (ROWS // 2)), tmp_path / "t.csv")
    (column,) = load_records(read(tmp_path / "t.csv", tmp_path).folder).columns
    assert set(column.levels) == {"001", "002"}


def test_the_index_of_pandas_is_no_feature(tmp_path: Path) -> None:
    import pandas as pd

    frame = small().to_pandas()
    frame.index = pd.Index(np.arange(ROWS) * 3)
    frame.to_parquet(tmp_path / "t.parquet")
    record = read(tmp_path / "t.parquet", tmp_path)
    assert record.summary["features"] == 3
    assert "__index_level_0__ was left out" in notes(record)


# Elsewhere --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Iterator[fsspec.AbstractFileSystem]:
    """Return fsspec's file system in memory, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_a_url_is_read_and_digested_as_stored(tmp_path: Path, bucket: fsspec.AbstractFileSystem) -> None:
    packed = gzip.compress(to_text(small(), tmp_path / "t.csv").read_bytes())
    bucket.pipe("/lake/t.csv.gz", packed)
    record = read("memory://lake/t.csv.gz", tmp_path)
    entry = read_table(record.folder / "manifest.parquet").to_pylist()[0]
    assert (entry["name"], entry["sha256"], entry["rows"]) == ("t.csv.gz", digests.of_bytes(packed), ROWS)
    assert read("memory://lake/t.csv.gz", tmp_path).reused


def test_a_url_that_changed_is_read_again(tmp_path: Path, bucket: fsspec.AbstractFileSystem) -> None:
    bucket.pipe("/lake/t.csv", to_text(small(), tmp_path / "t.csv").read_bytes())
    first = read("memory://lake/t.csv", tmp_path)
    bucket.pipe("/lake/t.csv", to_text(small(ROWS - 4), tmp_path / "t.csv").read_bytes())
    second = read("memory://lake/t.csv", tmp_path)
    assert (first.summary["records"], second.summary["records"]) == (ROWS, ROWS - 4)
    assert first.key != second.key


def test_globs_and_lists_of_urls(tmp_path: Path, bucket: fsspec.AbstractFileSystem) -> None:
    table = small()
    for number in range(3):
        bucket.pipe(f"/lake/{number}/t.csv", to_text(table.slice(number * 8, 8), tmp_path / "t.csv").read_bytes())
    bucket.pipe("/lake/readme.txt", b"no table")
    record = read("memory://lake/*/t.csv", tmp_path)
    assert (record.summary["records"], record.summary["files"]) == (ROWS, 3)
    loaded = load_table(find(["memory://lake/1/t.csv", str(tmp_path / "t.csv")]))
    assert loaded.table.num_rows == 16
    assert loaded.place(3) == ("memory:///lake/1/t.csv", 5) or loaded.place(3) == ("memory://lake/1/t.csv", 5)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://lake/gone.csv", "no such object"),
        ("memory://lake/*.csv", "nothing matches"),
        ("memory://lake", "this is a folder"),
        ("memory://lake/t.xlsx", "'.xlsx' cannot be read"),
        ("nonsense://lake/t.csv", "nonsense:// cannot be read here"),
    ],
)
def test_urls_that_lead_nowhere(tmp_path: Path, bucket: fsspec.AbstractFileSystem, url: str, expected: str) -> None:
    bucket.pipe("/lake/t.xlsx", b"PK")
    assert expected in str(refused(url, tmp_path))


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(url: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", absent)
    assert refused("s3://lake/t.csv", tmp_path).remedy == "pip install s3fs"


def test_keys_in_a_url_are_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://user:secret@example.org/t.csv?sig=secret"

    def refusing(url: str) -> None:
        raise PermissionError(f"403 for {url}")

    monkeypatch.setattr("fsspec.core.url_to_fs", refusing)
    with pytest.raises(DataError, match="PermissionError") as caught:
        find([url])
    assert "secret" not in str(caught.value)
    assert remote.redacted(url) == "https://example.org/t.csv"


def test_two_addresses_that_differ_in_the_query_are_two_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).write_text(PLAIN)
    monkeypatch.setattr(remote, "matches", lambda url: [url])
    monkeypatch.setattr(remote, "local_copy", lambda url: tmp_path / url[-1])
    files = find(["https://example.org/t.csv?part=1", "https://example.org/t.csv?part=2"])
    assert [file.shown for file in files] == ["https://example.org/t.csv"] * 2
    assert load_table(files).table.num_rows == 4


def test_nan_and_missing_are_the_same(tmp_path: Path) -> None:
    write_table(pa.table({"x": [1.0, float("nan"), None]}), tmp_path / "a.parquet")
    found = [load_table(find([str(tmp_path / "a.parquet")])), load(tmp_path, "x\n1.0\nNaN\nnan\n")]
    assert [loaded.table.column("x").null_count for loaded in found] == [2, 2]
    assert digests.of_column(found[0].table.column("x")) == digests.of_column(found[1].table.column("x"))


def test_a_copy_that_does_not_fit_is_refused(
    tmp_path: Path, bucket: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.pipe("/lake/t.csv", PLAIN.encode())
    monkeypatch.setattr(remote.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 3}))
    assert "TMPDIR" in refused("memory://lake/t.csv", tmp_path).remedy


def test_a_file_url_is_a_local_path(tmp_path: Path) -> None:
    path = to_text(small(), tmp_path / "t.csv")
    assert read(f"file://{path}", tmp_path).summary["records"] == ROWS
