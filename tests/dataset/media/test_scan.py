"""Many files become one table, in order, whatever is wrong with some of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pytest

from audit_pipeline.dataset.media import FIELDS, PREFIX, Limits, scan, unhelpful
from audit_pipeline.dataset.media.crew import isolated
from audit_pipeline.dataset.media.examine import lost
from audit_pipeline.errors import AuditError
from tests.dataset.media.files import MAKERS, valid


@pytest.fixture
def folder(tmp_path: Path) -> list[Path]:
    for name in MAKERS:
        (tmp_path / name).write_bytes(valid(name))
    (tmp_path / "cut.png").write_bytes(valid("color.png")[:-300])
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"some notes")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    return [*sorted(tmp_path.iterdir()), tmp_path / "gone.png"]


def test_rows(folder: list[Path]) -> None:
    calls: list[tuple[int, int, str]] = []
    table = scan(folder, progress=lambda *call: calls.append(call), workers=2)
    assert table["path"].to_pylist() == [str(path) for path in folder]
    assert calls[-1] == (len(folder), len(folder), "files")
    assert [done for done, *_ in calls] == sorted(done for done, *_ in calls)
    rows = {Path(row["path"]).name: row for row in table.to_pylist()}
    wrong = {"cut.png": "truncated", "empty.wav": "empty", "notes.txt": "unsupported", "folder": "unsupported"}
    wrong |= {"pipe.wav": "unsupported", "gone.png": "missing"}
    assert {name: row["problem"] for name, row in rows.items() if row["problem"]} == wrong
    assert all(rows[name]["reason"] and rows[name]["remedy"] for name in wrong)
    for name in MAKERS:
        assert rows[name]["digest"] == hashlib.sha256(valid(name)).hexdigest()
        assert rows[name]["bytes"] == len(valid(name))
    assert rows["cut.png"]["file.width"] == 32  # the header is whole
    assert rows["16.wav"]["file.bit_depth_in_use"] == 16
    assert rows["16.wav"]["file.loudness"] == pytest.approx(-9, abs=1)
    assert table.equals(scan(folder, workers=0)) and table.equals(scan(folder, workers=1))  # noqa: PT018


def test_columns(folder: list[Path]) -> None:
    table = scan(folder, workers=0, decode=False)
    for field in table.schema:
        if field.name.startswith(PREFIX):
            number = FIELDS[field.name.removeprefix(PREFIX)].type == "number"
            assert field.type == (pa.float64() if number else pa.string())
            assert table[field.name].null_count < len(table)
    assert "file.kvp" not in table.column_names
    assert "file.loudness" not in table.column_names
    # Only decoding finds what is damaged behind the header.
    assert (
        dict(zip(table["path"].to_pylist(), table["problem"].to_pylist(), strict=True))[
            str(folder[0].parent / "cut.png")
        ]
        is None
    )


def test_nothing_to_scan() -> None:
    assert scan([]).num_rows == 0


def test_paths_that_are_no_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.png"
    try:
        Path(os.fsdecode(path)).write_bytes(valid("grey.png"))
    except OSError:
        pytest.skip("this file system wants text")
    table = scan([os.fsdecode(path)], workers=1)
    assert table["problem"].to_pylist() == [None]
    assert table["path"][0].as_py().endswith("caf\\udce9.png")


def test_files_elsewhere() -> None:
    import fsspec

    urls = [f"memory://scans/{name}" for name in ("color.png", "16.wav")]
    for url in urls:
        with fsspec.open(url, "wb") as target:
            target.write(valid(url.rpartition("/")[2]))
    table = scan([*urls, "memory://scans/none.png", "nosuch://user:secret@host/x.png?key=secret"])
    assert table["problem"].to_pylist() == [None, None, "missing", "unreachable"]
    assert "secret" not in str(table.to_pylist())
    assert table["digest"][0].as_py() == hashlib.sha256(valid("color.png")).hexdigest()


def test_a_process_that_is_lost_costs_one_task(capfd: pytest.CaptureFixture[str]) -> None:
    tasks = [*range(20), "die", *range(20, 30), "hang", "print", "die", *range(30, 60)]
    crew = isolated("tests.dataset.media.odd:odd", iter(tasks), workers=2, memory=1 << 30, patience=3.0)
    expected = [{"die": "died", "hang": "stuck"}.get(str(task), task) for task in tasks]
    assert list(crew) == expected
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is not limited on this system")
def test_memory_of_a_process_is_bounded() -> None:
    crew = isolated("tests.dataset.media.odd:odd", ["eat", 1], workers=1, memory=1 << 30, patience=20.0)
    assert list(crew) == ["too much", 1]


def test_whoever_stops_early_leaves_nothing_behind() -> None:
    crew = isolated("tests.dataset.media.odd:odd", [0, *["hang"] * 50], workers=2, memory=1 << 30, patience=600.0)
    crew.close()  # type: ignore[attr-defined]
    crew = isolated("tests.dataset.media.odd:odd", [*range(20), "hang"], workers=1, memory=1 << 30, patience=600.0)
    assert next(crew) == 0
    crew.close()  # type: ignore[attr-defined]


def test_a_process_that_does_not_start(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AuditError, match="does not start"):
        list(isolated("tests.dataset.media.none:odd", [1], workers=1, memory=1 << 30, patience=1.0))
    assert "none" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("how", "kind", "words"), [("died", "corrupt", "crashed"), ("stuck", "bomb", "more than 7 seconds")]
)
def test_a_file_that_loses_its_process_is_a_problem(how: str, kind: str, words: str) -> None:
    row = lost({"path": "a/b.png", "limits": Limits(patience=7).to_json(), "decode": True}, how)
    assert (row["path"], row["problem"], row["digest"], row["facts"]) == ("a/b.png", kind, None, {})
    assert words in row["reason"]
    assert row["remedy"]


def test_columns_that_cannot_be_audited() -> None:
    n = 100
    table = pa.table(
        {
            "path": [f"{row}.png" for row in range(n)],
            "file.make": ["ACME"] * n,
            "file.model": ["A", "B"] * (n // 2),
            "file.serial": [None, "7"] * (n // 2),
            "file.name_1": [f"{row:04d}" for row in range(n)],
            "file.bytes": [float(row) for row in range(n)],
            "file.date": [f"2020-01-01T00:00:{row}" for row in range(n)],
        }
    )
    found = unhelpful(table)
    assert set(found) == {"file.make", "file.name_1"}
    assert found["file.make"] == "the same in all 100 files: 'ACME'"
    assert "names files" in found["file.name_1"]
    assert table.num_columns == 7
