"""What was seen of files is found again by content, by the code that saw it, and by nothing that is half there."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit_pipeline.dataset.media.limits import DEFAULT, Limits
from audit_pipeline.recordings import rows as module
from audit_pipeline.recordings.rows import KEPT, Rows
from audit_pipeline.recordings.stamps import stamps


def row(digest: str, *, problem: str | None = None, **facts: object) -> dict[str, Any]:
    return {"digest": digest, "bytes": 10, "kind": "png", "problem": problem, "reason": None, "remedy": None} | {
        "facts": {"kind": "png", **facts}
    }


def look(*values: float) -> bytes:
    return np.array(values, dtype="<f4").tobytes()


def rows(folder: Path) -> Rows:
    return Rows(folder, "image", DEFAULT)


def test_rows_are_found_by_another_process(tmp_path: Path) -> None:
    rows(tmp_path).add([("s1", "a.png", row("d1", name_1="a"), {"full": look(1, 2)}), ("s2", "b.png", row("d2"), {})])
    known = rows(tmp_path)
    assert (known.digest("s1"), known.digest("s2"), known.digest("s3")) == ("d1", "d2", None)
    assert known.facts("d1", "a.png") == row("d1", name_1="a")
    assert known.facts("d1", "b.png") is None, "what a name says belongs to the name"
    assert known.nameless("d1") == row("d1")
    assert known.nameless("d3") is None
    assert known.missing("d1", ["full", "noise"]) == ["noise"]
    assert known.missing("d2", ["full"]) == ["full"]
    assert known.may_know(10) and not known.may_know(11)  # noqa: PT018


def test_a_matrix_is_in_the_order_asked_for(tmp_path: Path) -> None:
    known = rows(tmp_path)
    known.add([(f"s{k}", f"{k}.png", row(f"d{k}"), {"full": look(k, -k)}) for k in range(5)])
    known.add([(f"s{k}", f"{k}.png", row(f"d{k}"), {"full": look(k, -k), "noise": look(k)}) for k in range(5, 8)])
    known.add([("s0", "0.png", row("d0"), {"noise": look(9)})])
    asked = [6, 0, 0, 3, 6]
    for there in (known, rows(tmp_path)):
        found = there.read("full", [f"d{k}" for k in asked], "<f4")
        assert found.tolist() == [[k, -k] for k in asked]
        assert there.read("noise", ["d7", "d0"], "<f4").tolist() == [[7], [9]]
    with pytest.raises(KeyError):
        known.read("noise", ["d1"], "<f4")


def test_nothing_of_a_name_is_kept_in_clear(tmp_path: Path) -> None:
    rows(tmp_path).add([("s", "quillfeather_caf\udce9.png", row("d"), {})])
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"quillfeather" not in content
    assert rows(tmp_path).facts("d", "quillfeather_caf\udce9.png") == row("d")


def test_a_medium_and_a_bound_have_rows_of_their_own(tmp_path: Path) -> None:
    rows(tmp_path).add([("s", "a.png", row("d"), {})])
    assert Rows(tmp_path, "audio", DEFAULT).digest("s") is None
    assert Rows(tmp_path, "image", Limits(pixels=10)).digest("s") is None
    assert Rows(tmp_path, "image", Limits()).digest("s") == "d"


def test_the_rows_of_old_code_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in range(4):
        monkeypatch.setattr(module, "_version", lambda version=version: f"v{version}")
        known = rows(tmp_path)
        assert known.digest("s") is None
        known.add([("s", "a.png", row("d"), {})])
        os.utime(tmp_path / f"v{version}", (version, version))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v2", "v3"]
    assert KEPT == 2
    monkeypatch.setattr(module, "_version", lambda: "v2")
    assert rows(tmp_path).digest("s") == "d", "whoever goes back a version loses nothing"


def test_the_version_is_that_of_the_code_that_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes
    version = module._version.__wrapped__
    before = version()
    assert version() == before

    def changed(name: str) -> str:
        monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == name))
        return version()

    assert all(changed(name) != before for name in ("one_pass.py", "image_full.py", "sniff.py", "dicom.py"))
    assert changed("page.py") == before


def test_half_written_and_damaged_parts_are_ignored(tmp_path: Path) -> None:
    for k in range(3):
        rows(tmp_path).add([(f"s{k}", "a.png", row(f"d{k}"), {"full": look(k)})])
    first, second, third = sorted(tmp_path.rglob("*.parquet"))
    first.write_bytes(first.read_bytes()[:-20])
    second.write_bytes(b"")
    (third.parent / ".part-elsewhere-1-0123abcd").write_bytes(third.read_bytes()[:50])
    known = rows(tmp_path)
    assert sum(known.digest(f"s{k}") is not None for k in range(3)) == 1
    assert sorted(tmp_path.rglob("*.parquet")) == [third]
    known.add([("s9", "a.png", row("d9"), {"full": look(9)})])
    assert rows(tmp_path).read("full", ["d9"], "<f4").tolist() == [[9]]


def test_many_write_at_once(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def work(who: int) -> None:
        try:
            known = rows(tmp_path)
            for turn in range(10):
                name = f"{who}-{turn}"
                both = [(f"s{name}", "a.png", row(f"d{name}"), {"full": look(who, turn)})]
                known.add([*both, ("shared", "a.png", row("shared"), {"full": look(-1, -1)})])
                assert known.read("full", [f"d{name}", "shared"], "<f4").tolist() == [[who, turn], [-1, -1]]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=[who]) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    known = rows(tmp_path)
    assert all(known.digest(f"s{who}-{turn}") for who in range(4) for turn in range(10))
    assert not list(tmp_path.rglob(".part-*"))


def test_stamps_change_with_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"one")
    os.utime(path, ns=(5, 5))
    [before] = stamps([str(path)])
    assert stamps([f"file://{path}", str(tmp_path / "x/../a.png"), os.path.relpath(path)]) == [before] * 3
    path.write_bytes(b"two")
    os.utime(path, ns=(6, 6))
    assert stamps([str(path)]) != [before]
    path.write_bytes(b"three")
    os.utime(path, ns=(5, 5))
    assert stamps([str(path)]) != [before]
    gone = stamps([str(tmp_path / "b.png"), str(tmp_path / "c.png")])
    assert len({before, *gone}) == 3
    assert stamps(["nosuch://host/a.png"]) != stamps(["nosuch://host/a.png"]), "an unknown version is never an old one"
