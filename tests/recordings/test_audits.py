"""Whole audits of recordings: the same bytes however they are run and listed, every kind of file, hostile ones among them."""

from __future__ import annotations

import random
import shutil
import zlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from audit_pipeline import pipeline
from audit_pipeline.dataset.media import decode_frames
from audit_pipeline.dataset.records import load_info
from audit_pipeline.recordings.matrices import read_look
from audit_pipeline.recordings.one_pass import prepared
from audit_pipeline.store import Store
from audit_pipeline.views.recordings.planes import plane
from tests.dataset.media.files import MAKERS, array, dicom, saved, sounding, tiff, valid
from tests.recordings.corpus import SAME, audit, notes_of, picture, spec_of, take_in, write_pictures, write_table

N = 48


def folds_by_file(out: Path, names: list[str]) -> dict[str, list[object]]:
    """Return the rows of ``splits.parquet`` by the name of the file; ``row`` counts the rows of the table."""
    table = pq.read_table(out / "splits.parquet").to_pylist()
    return {names[row.pop("row")]: [value for key, value in row.items() if key != "subject"] for row in table}


def test_workers_order_and_listing_change_no_byte(tmp_path: Path) -> None:
    columns = write_pictures(tmp_path / "scans", N)
    for name, ill, site in zip(*columns.values(), strict=True):
        target = tmp_path / "sorted" / ill / site
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "scans" / name, target)
    below = [f"{ill}/{site}/{name}" for name, ill, site in zip(*columns.values(), strict=True)]
    by_folder = {"path": below, "folder": columns["ill"], "folder_2": columns["site"]}
    order = sorted(range(N), key=lambda k: below[k])
    shuffled = random.Random(0).sample(range(N), N)
    write_table(tmp_path / "sorted.csv", {**by_folder, "path": [f"sorted/{name}" for name in below]}, order)
    write_table(tmp_path / "shuffled.csv", {**by_folder, "path": [f"sorted/{name}" for name in below]}, shuffled)
    common = {"label": "folder", "nuisance": ["folder_2"]}
    one = audit(spec_of(tmp_path, data="sorted.csv", **common), tmp_path / "one", workers=1)
    two = audit(spec_of(tmp_path, data="sorted.csv", **common), tmp_path / "two", workers=2)
    # The same files, seen before: nothing is decoded for the other two.
    for name in ("folder", "shuffled"):
        shutil.copytree(tmp_path / "one/store/recordings", tmp_path / name / "store/recordings")
    folder = audit(spec_of(tmp_path, data="sorted", **common), tmp_path / "folder")
    mixed = audit(spec_of(tmp_path, data="shuffled.csv", **common), tmp_path / "shuffled")
    for name in SAME:
        content = (one / name).read_bytes()
        assert (two / name).read_bytes() == content, f"{name} with two workers"
        assert (folder / name).read_bytes() == content, f"{name} of a folder"
        assert (mixed / name).read_bytes() == content or name == "splits.parquet", f"{name} of shuffled rows"
    names = [below[k] for k in order]
    assert folds_by_file(mixed, [below[k] for k in shuffled]) == folds_by_file(one, names)
    found = {row["column"]: row["verdict"] for row in pq.read_table(one / "findings.parquet").to_pylist()}
    assert "folder_2" in found


def test_a_second_audit_reads_no_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path / "records.csv", write_pictures(tmp_path, N))
    take_in(spec_of(tmp_path), tmp_path)
    # Nobody may start a process, or decode.
    monkeypatch.setattr("audit_pipeline.recordings.look.isolated", None)
    monkeypatch.setattr("audit_pipeline.recordings.look.work", None)
    assert take_in(spec_of(tmp_path), tmp_path)
    with_site = spec_of(tmp_path, nuisance=["site"])
    [stage, *_] = pipeline.graph(with_site)
    record = pipeline.execute(stage, with_site, Store(tmp_path / "store"), {})
    assert not record.reused
    assert load_info(record.folder)["metadata"][0]["name"] == "site"


def kinds() -> dict[str, bytes]:
    """Return a picture in every kind of file that holds one, by name."""
    return {name: valid(name) for name in MAKERS if name.rpartition(".")[2] not in ("wav", "flac", "ogg", "mp3")}


def test_every_kind_of_picture_and_the_middle_of_a_stack(tmp_path: Path) -> None:
    stack = [picture(k) for k in range(7)]
    deep = np.stack(stack).astype(np.uint16) * 257
    several = {
        "seven.tiff": tiff(deep, photometric="minisblack", metadata=None),
        "seven.dcm": dicom(np.stack(stack), RescaleSlope=None, RescaleIntercept=None, Modality="US"),
        "seven.npy": array(np.stack(stack)),
        "two.tiff": tiff(deep[:2], photometric="minisblack", metadata=None),
    }
    files = kinds() | several
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    names = list(files)
    write_table(tmp_path / "records.csv", {"path": names, "ill": ["ny"[k % 2] for k in range(len(names))]})
    folder = take_in(spec_of(tmp_path), tmp_path)
    rows = {row["name"]: row for row in pq.read_table(folder / "manifest.parquet").to_pylist() if row["problem"]}
    assert rows == {}
    info = load_info(folder)
    audited = {entry["name"] for entry in info["metadata"]}
    assert {"file.kind", "file.bit_depth", "file.modality"} <= audited
    records = pq.read_table(folder / "records.parquet", columns=["recording"]).column(0).to_pylist()
    planes = read_look(folder / "look_plane.parquet")
    for name, middle in (("seven.tiff", 3), ("seven.dcm", 3), ("seven.npy", 3), ("two.tiff", 0)):
        frames = list(decode_frames(tmp_path / name))
        seen = planes[records.index(name)]
        assert np.array_equal(seen, plane(prepared(frames[middle])).ravel()), name
        assert not any(
            np.array_equal(seen, plane(prepared(frame)).ravel()) for k, frame in enumerate(frames) if k != middle
        )
    full = read_look(folder / "look_full.parquet")
    assert np.isfinite(full[records.index("deep.png")]).any()
    # 8 and 16 bits of one picture look alike.
    assert np.abs(planes[records.index("grey.png")].astype(int) - planes[records.index("deep.png")]).max() <= 2


def test_sounds_of_mixed_rates_and_kinds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns: dict[str, list[str]] = {"path": [], "ill": [], "device": []}
    for k in range(N):
        rate, kind, subtype = ((8000, "WAV", "PCM_16"), (16000, "FLAC", "PCM_16"), (11025, "WAV", "PCM_24"))[k % 3]
        samples = rng.normal(0, 0.1, (rate // 4, 1 + k % 2))
        (tmp_path / f"{k}.{kind.lower()}").write_bytes(sounding(kind, subtype, np.clip(samples, -1, 1), rate))
        for column, value in zip(columns, (f"{k}.{kind.lower()}", "ny"[k // 3 % 2], f"d{k % 3}"), strict=True):
            columns[column].append(value)
    write_table(tmp_path / "records.csv", columns)
    out = audit(spec_of(tmp_path, image=None, audio="path", nuisance=["device"]), tmp_path)
    evidence = pq.read_table(out / "evidence.parquet").to_pylist()
    sensor = {row["column"] for row in evidence if row["metric"] == "p_sensor" and row["p_value"] is not None}
    assert {"device", "file.channels"} <= sensor
    manifest = pq.read_table(out / "manifest.parquet").to_pylist()
    assert all(row["problem"] is None for row in manifest)
    notes = notes_of(next(path for path in (tmp_path / "store/dataset").iterdir() if path.is_dir()))
    assert "file.sample_rate parts the files exactly as device does" in notes
    [rate] = [row for row in manifest if row["name"] == "file.sample_rate"]
    assert (rate["minimum"], rate["maximum"], rate["distinct"]) == (8000, 16000, 3)


def hostile() -> dict[str, bytes]:
    """Return files that are broken, empty, cut, something else, or larger inside than out."""
    bomb = bytearray(saved(picture(0), "PNG"))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    return {
        "empty.png": b"",
        "cut.png": valid("color.png")[:-300],
        "bomb.png": bytes(bomb),
        "text.png": b"not a picture at all",
        "pickle.npy": array(np.array([{"a": 1}], dtype=object), allow_pickle=True),
        "cut.dcm": valid("one.dcm")[:-700],
        "sound.png": valid("16.wav"),
        "page.tiff": b"II*\0\x08\0\0\0" + bytes(200),
        "zeros.jpeg": b"\xff\xd8\xff\xe0" + bytes(100),
    }


def test_a_hostile_corpus_is_audited_within_the_policy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    columns = write_pictures(tmp_path, N)
    for k, (name, content) in enumerate(hostile().items()):
        (tmp_path / name).write_bytes(content)
        for column, value in zip(columns, (name, "ny"[k % 2], "ab"[k % 2]), strict=True):
            columns[column].append(value)
    (tmp_path / "folder.png").mkdir()
    for column, value in zip(columns, ("folder.png", "n", "a"), strict=True):
        columns[column].append(value)
    write_table(tmp_path / "records.csv", columns)
    out = audit(spec_of(tmp_path, nuisance=["site"], policy={"unreadable": 0.2}), tmp_path)
    rows = [row for row in pq.read_table(out / "manifest.parquet").to_pylist() if row["entry"] == "recording"]
    wrong = {row["name"]: row["problem"] for row in rows if row["problem"]}
    assert set(wrong) == {*hostile(), "folder.png"}
    assert wrong["empty.png"] == "empty"
    assert wrong["cut.png"] == "truncated"
    assert wrong["bomb.png"] in ("bomb", "gigantic")
    assert wrong["sound.png"] == "unsupported"
    assert f"10 of {N + 10} recordings cannot be read" in (out / "verdict.json").read_text()
    evidence = pq.read_table(out / "evidence.parquet").to_pylist()
    assert {row["n"] for row in evidence if row["metric"] == "p_sensor"} == {N}
    assert capfd.readouterr() == ("", "")
