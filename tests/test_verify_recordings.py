"""An audit of recordings is as it was signed, or the recordings that changed are named; no place of a machine is written down."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audit_pipeline import lineage, pipeline
from audit_pipeline.cli import main
from audit_pipeline.parquet import read_table
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import Store
from audit_pipeline.verdict_types import Verdict
from audit_pipeline.verification import Verification, verify
from audit_pipeline.verification.data import check_data
from audit_pipeline.verification.folder import SignedFolder
from audit_pipeline.verification.remarks import Remarks

N = 24

SPEC = """\
name: scans
data: scans.csv
label: finding
image: image
nuisance: [site]
baselines: [linear]
policy: {unreadable: 0.2}
"""


def write_images(folder: Path, names: list[str]) -> None:
    from PIL import Image

    rng = np.random.default_rng(3)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (24, 24), dtype=np.uint8)).save(path)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table of 24 images, of which one is damaged and one is missing, and its audit."""
    home = tmp_path_factory.mktemp("original")
    names = [f"pixels/{i:02}.png" for i in range(N)]
    write_images(home, names)
    (home / names[0]).write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    (home / names[1]).unlink()
    rows = [f"{name},{'ill' if i % 2 else 'well'},{'ab'[i // 2 % 2]}" for i, name in enumerate(names)]
    (home / "scans.csv").write_text("image,finding,site\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (home / "audit.yaml").write_text(SPEC, encoding="utf-8")
    assert main(["run", str(home / "audit.yaml"), "--out", str(home / "audit"), "--quiet", "--fail-on", "never"]) == 0
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    """Return a copy, in another place, to tamper with."""
    shutil.copytree(original, tmp_path / "home", ignore=shutil.ignore_patterns(".store"))
    return tmp_path / "home"


def told(found: Verification) -> dict[str, str]:
    return {remark.what: remark.told for remark in found.differences}


def test_what_was_not_touched_is_as_signed_wherever_it_lies(home: Path) -> None:
    found = verify(home / "audit")
    assert told(found) == {}
    # The image that was missing then is missing now, and the damaged one is as damaged as it was.
    assert found.checked["recording"] == N
    assert found.checked["column"] == 3
    assert main(["verify", str(home / "audit")]) == 0


def test_changed_missing_and_new_recordings_are_named(home: Path) -> None:
    pixels = home / "pixels"
    (pixels / "05.png").write_bytes((pixels / "06.png").read_bytes())
    (pixels / "07.png").unlink()
    (pixels / "01.png").write_bytes(b"here it is")
    found = told(verify(home / "audit"))
    assert list(found) == ["recording pixels/01.png", "recording pixels/05.png", "recording pixels/07.png"]
    assert found["recording pixels/01.png"] == "could not be read when it was signed (missing); now it has content"
    assert found["recording pixels/05.png"].startswith("content differs: SHA-256 ")
    assert found["recording pixels/07.png"] == "is missing"
    assert main(["verify", str(home / "audit")]) == 1


def test_a_table_that_names_another_recording(home: Path) -> None:
    table = home / "scans.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("pixels/09.png", "pixels/9.png"), encoding="utf-8")
    (home / "pixels/09.png").rename(home / "pixels/9.png")
    found = told(verify(home / "audit"))
    assert found["recording pixels/09.png"] == "is signed, but not among the data"
    assert found["recording pixels/9.png"] == "is not among the signed recordings"
    assert found["column image"].startswith("content differs")
    assert set(found) == {"recording pixels/09.png", "recording pixels/9.png", "column image", "file scans.csv"}


def test_of_very_many_differences_some_are_named_and_all_are_counted(home: Path) -> None:
    for path in (home / "pixels").iterdir():
        path.write_bytes(path.read_bytes() + b" ")
    found = told(verify(home / "audit"))
    assert sum(what.startswith("recording ") for what in found) == 20
    assert found["recordings"] == "3 more are changed"


def test_data_that_were_moved_are_found_where_a_person_says(home: Path, tmp_path: Path) -> None:
    shutil.move(home / "pixels", tmp_path / "elsewhere/pixels")
    shutil.move(home / "scans.csv", tmp_path / "elsewhere/scans.csv")
    assert told(verify(home / "audit")) == {}  # nothing to compare with, which is told as a note
    found = verify(home / "audit", data=[str(tmp_path / "elsewhere")])
    assert (told(found), found.checked["recording"]) == ({}, N)


def test_one_digest_stands_for_all_recordings(home: Path) -> None:
    origin = json.loads((home / "audit/verdict.json").read_text(encoding="utf-8"))["lineage"]
    manifest = read_table(home / "audit/manifest.parquet")
    assert origin["recordings"] == lineage.of_recordings(manifest)
    assert origin["recordings"]["number"] == N
    reversed_ = manifest.take(list(range(manifest.num_rows))[::-1])
    assert lineage.of_recordings(reversed_) == origin["recordings"]
    # As many rows, one digest changed: another digest.
    rows = manifest.to_pylist()
    next(row for row in rows if row["entry"] == "recording" and row["sha256"])["sha256"] = "0" * 64
    changed = lineage.of_recordings(pa.Table.from_pylist(rows, schema=manifest.schema))
    assert changed is not None
    assert changed["sha256"] != origin["recordings"]["sha256"]
    statement = json.loads((home / "audit/verdict.intoto.json").read_text(encoding="utf-8"))
    named = {entry["name"]: entry["digest"]["sha256"] for entry in statement["predicate"]["configuration"]}
    assert named["recordings"] == origin["recordings"]["sha256"]


def test_a_manifest_with_another_recording_is_found_out(home: Path) -> None:
    path = home / "audit/verdict.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["lineage"]["recordings"]["sha256"] = "0" * 64
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert "names other recordings" in told(verify(home / "audit"))["manifest.parquet"]


def test_no_place_of_this_machine_is_written_down(original: Path) -> None:
    manifest = read_table(original / "audit/manifest.parquet")
    names = [row["name"] for row in manifest.to_pylist() if row["entry"] == "recording"]
    assert names == [f"pixels/{i:02}.png" for i in range(N)]
    notes = json.loads((original / "audit/verdict.json").read_text(encoding="utf-8"))["lineage"]["notes"]
    assert any("pixels/00.png" in note for note in notes)
    for name in OUTPUT_FILES:
        path = original / "audit" / name
        content = str(read_table(path).to_pylist()) if name.endswith(".parquet") else path.read_text(encoding="utf-8")
        assert str(original) not in content, name


def signed_folder(spec: AuditSpec, place: Path) -> SignedFolder:
    """Return what an audit of ``spec`` signs of its data, without the audit."""
    record = pipeline.execute(pipeline.graph(spec)[0], spec, Store(place), {})
    assert isinstance(spec.data, str)
    run = {"data": [spec.data]}
    origin = lineage.provenance(spec, {"dataset": record}, record.folder / "manifest.parquet", run)
    verdict = Verdict(dataset=spec.name, verdict="pass", headline="", findings=(), policy={}, lineage=origin)
    return SignedFolder(path=record.folder, signed={}, statement=None, verdict=verdict)


def differences(signed: SignedFolder, *paths: str) -> dict[str, str]:
    remarks = Remarks()
    check_data(signed, paths, remarks)
    return {remark.what: remark.told for remark in remarks.differences}


def test_a_folder_without_a_table(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_images(data, [f"{label}/{i}.png" for label in ("ill", "well") for i in range(6)])
    signed = signed_folder(AuditSpec(name="x", data=str(data), label="folder", image="path"), tmp_path / "store")
    assert differences(signed) == {}
    moved = data.rename(tmp_path / "moved")
    assert differences(signed, str(moved)) == {}
    write_images(moved, ["ill/new.png"])
    (moved / "well/2.png").unlink()
    found = differences(signed, str(moved))
    assert set(found) == {"recording ill/new.png", "recording well/2.png", "column path", "column folder"}
    assert found["recording ill/new.png"] == "is not among the signed recordings"
    assert found["recording well/2.png"] == "is signed, but not among the data"


def test_absolute_paths_are_called_by_what_follows_the_folder_they_share(tmp_path: Path) -> None:
    data = tmp_path / "data"
    names = [f"{site}/{i}.png" for site in "ab" for i in range(6)]
    write_images(data, names)
    rows = [f"{data / name},{i % 2}" for i, name in enumerate(names)]
    (tmp_path / "t.csv").write_text("file,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    spec = AuditSpec(name="x", data=str(tmp_path / "t.csv"), label="label", image="file")
    signed = signed_folder(spec, tmp_path / "store")
    manifest = read_table(signed.path / "manifest.parquet")
    assert [row["name"] for row in manifest.to_pylist() if row["entry"] == "recording"] == names
    assert str(tmp_path) not in str(manifest.to_pylist())
    assert differences(signed) == {}


def test_two_tables_that_mean_two_files_by_one_name(tmp_path: Path) -> None:
    for part in "ab":
        write_images(tmp_path / part, [f"{i}.png" for i in range(6)])
        (tmp_path / part / "t.csv").write_text(
            "file,label\n" + "".join(f"{i}.png,{i % 2}\n" for i in range(6)), encoding="utf-8"
        )
    spec = AuditSpec(name="x", data=str(tmp_path / "*/t.csv"), label="label", image="file")
    signed = signed_folder(spec, tmp_path / "store")
    names = [
        row["name"] for row in read_table(signed.path / "manifest.parquet").to_pylist() if row["entry"] == "recording"
    ]
    assert names == [f"{part}/{i}.png" for part in "ab" for i in range(6)]
    (tmp_path / "b/3.png").write_bytes(b"")
    assert differences(signed) == {"recording b/3.png": "can no longer be read (empty)"}
