"""Files are looked at once: what was seen stays, what was lost is known, and what is this program's fault is called so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from audit_pipeline.dataset.media import Limits, decode
from audit_pipeline.errors import AuditError
from audit_pipeline.recordings import look as module
from audit_pipeline.recordings import one_pass
from audit_pipeline.recordings.look import Looked, look_through
from audit_pipeline.recordings.names import PLANE, REMAINDER
from audit_pipeline.views.recordings.registry import recording_view
from tests.dataset.media.files import valid
from tests.recordings.corpus import picture, write_pictures

WANTED = ["full", "border", PLANE]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    names = write_pictures(tmp_path / "scans", 12)["path"]
    return [str(tmp_path / "scans" / name) for name in names]


def looked(paths: list[str], cache: Path, wanted: list[str] = WANTED, workers: int | None = 0) -> Looked:
    return look_through(paths, wanted, medium="image", cache=cache, workers=workers)


def test_a_second_run_decodes_nothing(paths: list[str], tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    first = look_through(
        paths, WANTED, medium="image", cache=tmp_path / "cache", workers=2, progress=lambda *call: calls.append(call)
    )
    assert first.decoded == len(paths)
    assert calls[-1] == (len(paths), len(paths), "recordings")
    assert [row["path"] for row in first.rows] == paths
    again = looked(paths[::-1], tmp_path / "cache")
    assert again.decoded == 0
    assert again.rows == first.rows[::-1]
    for name, kind in (("full", "<f4"), (PLANE, "u1")):
        wanted = first.matrix(name, [3, 0], kind)
        assert np.array_equal(again.matrix(name, [8, 11], kind), wanted)
        assert np.array_equal(looked(paths, tmp_path / "other").matrix(name, [3, 0], kind), wanted), (
            "as in this process"
        )
    seen = one_pass.prepared(decode(paths[3]))
    assert np.array_equal(first.matrix("full", [3])[0], recording_view("image", "full")(seen), equal_nan=True)


def test_only_what_is_missing_is_looked_at(paths: list[str], tmp_path: Path) -> None:
    looked(paths, tmp_path / "cache", ["full"])
    more = looked(paths, tmp_path / "cache", ["full", REMAINDER])
    assert more.decoded == len(paths)
    assert more.matrix(REMAINDER, range(len(paths)), "i1").shape == (len(paths), 128 * 128)
    assert looked(paths, tmp_path / "cache", [REMAINDER, "full"]).decoded == 0
    assert looked([*paths, paths[0]], tmp_path / "cache", ["full"]).decoded == 0


def test_a_changed_file_is_seen_again(paths: list[str], tmp_path: Path) -> None:
    before = looked(paths, tmp_path / "cache")
    content = Path(paths[5]).read_bytes()
    Path(paths[5]).write_bytes(valid("grey.png"))
    os.utime(paths[7])
    after = looked(paths, tmp_path / "cache")
    assert after.decoded == 1, "what was only touched has the content that is known"
    assert [a == b for a, b in zip(after.rows, before.rows, strict=True)].index(False) == 5
    assert not np.array_equal(after.matrix("border", [5]), before.matrix("border", [5]), equal_nan=True)
    Path(paths[5]).write_bytes(content)
    assert looked(paths, tmp_path / "cache").decoded == 0
    assert looked(paths, tmp_path / "cache").rows == before.rows


def test_moved_copied_and_renamed_files_are_not_decoded_again(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = looked(paths, tmp_path / "cache")
    (tmp_path / "moved").mkdir()
    moved = [shutil.move(path, tmp_path / "moved") for path in paths[:6]]
    copied = [shutil.copy(path, tmp_path / "moved") for path in paths[6:10]]
    renamed = [str(shutil.copy(path, tmp_path / f"moved/scan-{k}-x.png")) for k, path in enumerate(paths[10:])]
    # Nobody may decode now.
    monkeypatch.setattr("audit_pipeline.dataset.media.examine.recording_of", None)
    after = looked([*map(str, moved), *copied, *renamed], tmp_path / "cache")
    assert after.decoded == 0
    for old, new in zip(before.rows[:10], after.rows, strict=False):
        assert {**old, "path": ""} == {**new, "path": ""}
    for k in (10, 11):
        old, new = before.rows[k]["facts"], after.rows[k]["facts"]
        assert (new["name_1"], new["name_2"], new["name_shape"]) == ("scan", str(k - 10), "a-0-a")
        assert {name: value for name, value in new.items() if not name.startswith("name")} == {
            name: value for name, value in old.items() if not name.startswith("name")
        }
    # From now on they are known by their stamps, without being read.
    monkeypatch.setattr(module, "open_whole", None)
    assert looked([*map(str, moved), *copied, *renamed], tmp_path / "cache").rows == after.rows


RUN = """
import sys
from pathlib import Path
from audit_pipeline.recordings import look
look.PART = 4
found = look.look_through(sys.argv[2:], ["full"], medium="image", cache=Path(sys.argv[1]), workers=1)
print(found.decoded)
"""


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    names = write_pictures(tmp_path / "scans", 160)["path"]
    paths = [str(tmp_path / "scans" / name) for name in names]
    command = [sys.executable, "-c", RUN, str(tmp_path / "cache"), *paths]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "cache").rglob("*.parquet"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    rest = looked(paths, tmp_path / "cache", ["full"])
    assert 0 < rest.decoded <= len(paths) - 12
    assert rest.decoded % 4 == 0
    assert all(row["problem"] is None for row in rest.rows)
    assert np.array_equal(
        rest.matrix("full", range(160)), looked(paths, tmp_path / "whole", ["full"]).matrix("full", range(160))
    )


def test_two_processes_write_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = write_pictures(tmp_path / "scans", 120)["path"]
    paths, cache = [str(tmp_path / "scans" / name) for name in names], tmp_path / "cache"
    command = [sys.executable, "-c", RUN.replace("workers=1", "workers=0"), str(cache), *paths[:80]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while not cache.is_dir():
            assert process.poll() is None
            time.sleep(0.002)
        monkeypatch.setattr(module, "PART", 4)
        here = looked(paths[40:], cache, ["full"])
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert 0 < int(told) <= 80
    assert all(row["problem"] is None for row in here.rows)
    both = looked(paths, cache, ["full"])
    assert both.decoded == 0
    alone = looked(paths, tmp_path / "alone", ["full"])
    assert both.rows == alone.rows
    assert np.array_equal(both.matrix("full", range(120)), alone.matrix("full", range(120)))
    assert not list(cache.rglob(".part-*"))


def test_what_was_done_before_a_stop_is_kept(paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(task: dict[str, object]) -> object:
        if task["path"] == paths[7]:
            raise KeyboardInterrupt
        return one_pass.work(task)

    monkeypatch.setattr(module, "work", stop)
    with pytest.raises(KeyboardInterrupt):
        looked(paths, tmp_path / "cache")
    monkeypatch.undo()
    assert looked(paths, tmp_path / "cache").decoded == len(paths) - 7


DEADLY = """
import os, sys, time
from audit_pipeline.recordings import one_pass
real = one_pass.work
def work(task):
    if "die" in task["path"]:
        os.abort()
    if "hang" in task["path"]:
        time.sleep(600)
    return real(task)
"""


def test_files_that_lose_their_process_are_remembered(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly.py").write_text(DEADLY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    isolated = module.isolated
    monkeypatch.setattr(module, "isolated", lambda _, tasks, **how: isolated("deadly:work", tasks, **how))
    (tmp_path / "die.png").write_bytes(valid("grey.png"))
    (tmp_path / "hang.png").write_bytes(valid("color.png"))
    odd = [paths[0], str(tmp_path / "die.png"), str(tmp_path / "hang.png"), paths[1]]
    limits = Limits(patience=4)
    found = look_through(odd, ["full"], medium="image", cache=tmp_path / "cache", limits=limits, workers=1)
    assert [row["problem"] for row in found.rows] == [None, "corrupt", "bomb", None]
    assert "crashed" in found.rows[1]["reason"]
    assert "4 seconds" in found.rows[2]["reason"]
    again = look_through(odd, ["full"], medium="image", cache=tmp_path / "cache", limits=limits, workers=1)
    assert again.decoded == 0
    assert again.rows == found.rows
    # Neither does another name help.
    other = shutil.copy(tmp_path / "hang.png", tmp_path / "hanging.png")
    third = look_through([str(other)], ["full"], medium="image", cache=tmp_path / "cache", limits=limits, workers=1)
    assert (third.decoded, third.rows[0]["problem"]) == (0, "bomb")


def test_a_fault_in_a_view_is_a_fault_of_the_program(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(seen: object, medium: str, wanted: set[str]) -> dict[str, str]:
        raise ZeroDivisionError("a view divides by zero")

    monkeypatch.setattr(one_pass, "_looks", broken)
    with pytest.raises(AuditError, match="fault of audit-pipeline: please report") as caught:
        looked(paths, tmp_path / "cache")
    assert "ZeroDivisionError: a view divides by zero" in str(caught.value)
    assert paths[0] in str(caught.value)
    monkeypatch.undo()
    assert looked(paths, tmp_path / "cache").decoded == len(paths), "the files were not called damaged"


def test_memory_that_runs_out_in_a_view_is_the_file_s(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(seen: object, medium: str, wanted: set[str]) -> dict[str, str]:
        raise MemoryError

    monkeypatch.setattr(one_pass, "_looks", hungry)
    assert {row["problem"] for row in looked(paths, tmp_path / "cache").rows} == {"gigantic"}


def test_files_of_the_other_medium(tmp_path: Path) -> None:
    sound, image = tmp_path / "a.png", tmp_path / "b.wav"
    sound.write_bytes(valid("16.wav"))
    image.write_bytes(valid("grey.png"))
    both, cache = [str(sound), str(image)], tmp_path / "cache"
    images = look_through(both, ["full"], medium="image", cache=cache, workers=0)
    sounds = look_through(both, ["full"], medium="audio", cache=cache, workers=0)
    assert [row["problem"] for row in images.rows] == ["unsupported", None]
    assert [row["problem"] for row in sounds.rows] == [None, "unsupported"], "one cache serves both"
    assert images.rows[0]["reason"] == "this is a sound, and images are audited"
    assert sounds.rows[1]["reason"] == "this is a picture, and sounds are audited"
    assert look_through(both, ["full"], medium="image", cache=cache, workers=0).rows == images.rows


def test_nothing_to_look_at(tmp_path: Path) -> None:
    assert looked([], tmp_path / "cache").rows == ()


def test_what_is_not_there_is_looked_for_every_time(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert looked([str(path)], tmp_path / "cache").rows[0]["problem"] == "missing"
    path.write_bytes(valid("grey.png"))
    assert looked([str(path)], tmp_path / "cache").rows[0]["problem"] is None


def test_pictures_differ() -> None:
    assert not np.array_equal(picture(0), picture(1))
