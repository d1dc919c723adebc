"""Recordings taken in: what cannot be read is counted and told, what was seen is written in the order of the records."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from audit_pipeline.dataset.records import load, load_info
from audit_pipeline.errors import DataError
from audit_pipeline.pipeline import StageContext
from audit_pipeline.recordings import ingest as module
from audit_pipeline.recordings.look import Looked, look_through
from audit_pipeline.recordings.matrices import read_look, write_look
from audit_pipeline.recordings.names import PATTERN, REMAINDER, looks
from audit_pipeline.stages import dataset as stage
from audit_pipeline.stages import recording_views
from audit_pipeline.stats import thinning
from audit_pipeline.views.matrix import load_part
from tests.dataset.media.files import valid
from tests.recordings.corpus import notes_of, spec_of, take_in, write_pictures, write_table

N = 40


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode in this process: to start others takes longer than these files do."""
    monkeypatch.setattr(module, "look_through", partial(look_through, workers=0))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_table(tmp_path / "records.csv", write_pictures(tmp_path, N))
    return tmp_path


def damage(home: Path, *numbers: int) -> None:
    for number in numbers:
        path = home / f"{number:03d}.png"
        path.write_bytes(path.read_bytes()[:-60])


def test_what_was_seen_is_in_the_order_of_the_records(home: Path) -> None:
    damage(home, 4)
    spec = spec_of(home, nuisance=["site"])
    folder = take_in(spec, home)
    data = load(folder)
    assert data.n == N - 1
    assert sorted(data.row.tolist()) == [row for row in range(N) if row != 4]
    paths = [str(home / f"{row:03d}.png") for row in data.row.tolist()]
    seen = look_through(paths, looks("image"), medium="image", cache=home / "other", workers=0)
    for name in looks("image"):
        stored = read_look(folder / f"look_{name}.parquet")
        kind = {"plane": "u1", "remainder": "i1"}.get(name, "<f4")
        assert np.array_equal(stored, seen.matrix(name, range(N - 1), kind), equal_nan=stored.dtype.kind == "f"), name
        assert np.array_equal(
            read_look(folder / f"look_{name}.parquet", np.array([3, 7])), stored[[3, 7]], equal_nan=True
        )


def test_a_few_unreadable_recordings_are_told_of(home: Path) -> None:
    damage(home, 4)
    (home / "007.png").unlink()
    folder = take_in(spec_of(home, policy={"unreadable": 0.05}), home)
    assert load(folder).n == N - 2
    notes = notes_of(folder)
    assert f"2 of {N} recordings cannot be read and were left out" in notes
    assert "1 truncated" in notes and "1 missing" in notes  # noqa: PT018
    assert f"by label 1 of {N // 2} 'n', 1 of {N // 2} 'y'" in notes
    manifest = pq.read_table(folder / "manifest.parquet").to_pylist()
    recordings = [row for row in manifest if row["entry"] == "recording"]
    assert [row["row"] for row in recordings] == list(range(N))
    assert [row["name"] for row in recordings] == [f"{k:03d}.png" for k in range(N)]
    wrong = {row["row"]: row for row in recordings if row["problem"]}
    assert {number: row["problem"] for number, row in wrong.items()} == {4: "truncated", 7: "missing"}
    assert all(row["reason"] and row["remedy"] for row in wrong.values())
    assert wrong[7]["sha256"] is None
    assert {row["kind"] for row in recordings} == {"png", None}


def test_more_than_the_policy_allows_is_no_audit(home: Path) -> None:
    damage(home, 4, 8, 12)
    with pytest.raises(DataError, match=f"3 of {N} recordings cannot be read \\(3 truncated\\)") as caught:
        take_in(spec_of(home), home)
    told = str(caught.value)
    assert "at most 5%" in told
    assert "unreadable: 0.08" in told
    assert all(f"{number:03d}.png" in told for number in (4, 8, 12))
    assert "3 of 40" in notes_of(take_in(spec_of(home, policy={"unreadable": 0.08}), home))


def test_all_of_them_unreadable(home: Path) -> None:
    damage(home, *range(N))
    with pytest.raises(DataError, match=f"{N} of {N} recordings cannot be read") as caught:
        take_in(spec_of(home), home)
    assert "unreadable:" not in str(caught.value), "no share would help"


def test_records_without_a_file_or_a_label(home: Path) -> None:
    columns = write_pictures(home, N)
    columns["path"][3] = ""
    columns["ill"][5] = ""
    damage(home, 5)
    write_table(home / "records.csv", columns)
    folder = take_in(spec_of(home), home)
    assert sorted(set(range(N)) - set(load(folder).row.tolist())) == [3, 5]
    notes = notes_of(folder)
    assert "1 of 40 records have no label" in notes
    assert f"1 of {N - 1} recordings cannot be read" in notes, "one without a label is no loss"
    assert "the record names no file" in notes
    rows = [row for row in pq.read_table(folder / "manifest.parquet").to_pylist() if row["entry"] == "recording"]
    assert (rows[3]["problem"], rows[3]["role"]) == ("missing", "image")
    assert (rows[5]["problem"], rows[5]["role"]) == ("truncated", "unlabelled")


def test_a_column_called_like_a_header_s(home: Path) -> None:
    columns = write_pictures(home, N)
    write_table(home / "records.csv", columns | {"file.make": columns["site"]})
    with pytest.raises(DataError, match=r"the column 'file\.make' is called like"):
        take_in(spec_of(home), home)


def test_headers_may_have_roles(home: Path) -> None:
    folder = take_in(spec_of(home, covariates=["file.width"], ignore=["file.deflate_level"]), home)
    assert [entry["name"] for entry in load_info(folder)["metadata"]] == ["file.width"]


def views_of_very_many(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    for where in (thinning, module):
        monkeypatch.setattr(where, "VIEWED", most)


def test_of_very_many_images_those_that_views_hold_show_the_pattern(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views_of_very_many(monkeypatch, 17)
    wanted: list[tuple[int, bool]] = []

    def counted(paths: list[str], names: list[str], **how: Any) -> Looked:
        wanted.append((len(paths), REMAINDER in names))
        return look_through(paths, names, workers=0, **how)

    monkeypatch.setattr(module, "look_through", counted)
    columns = write_pictures(home, N)
    write_table(home / "records.csv", columns | {"who": [f"p{k // 2}" for k in range(N)]})
    spec = spec_of(home, subject="who", seed=3)
    folder = take_in(spec, home)
    assert wanted == [(N, False), (16, True)], "whole subjects of two"
    data = load(folder)
    kept = thinning.viewed(data.subject, spec.seed)
    paths = [str(home / f"{row:03d}.png") for row in data.row[kept].tolist()]
    seen = look_through(paths, [REMAINDER], medium="image", cache=home / "other", workers=0)
    assert np.array_equal(read_look(folder / "look_remainder.parquet"), seen.matrix(REMAINDER, range(16), "i1"))
    # And the stage ``views`` finds the same records.
    (home / "views").mkdir()
    context = StageContext(spec, {"dataset": folder}, {}, home / "views", lambda done, total, message: None)
    recording_views.recording_parts(context, "image")
    view, positions = load_part(home / "views" / f"{PATTERN}.parquet")
    assert np.array_equal(positions, kept)
    assert view.matrix.shape == (16, 15), "all directions but the mean"
    assert np.isfinite(view.matrix).all()


def test_a_file_that_changes_between_the_passes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views_of_very_many(monkeypatch, 17)

    def disturbed(paths: list[str], names: list[str], **how: Any) -> Looked:
        if names == [REMAINDER]:
            Path(paths[2]).write_bytes(valid("grey.png"))
        return look_through(paths, names, workers=0, **how)

    monkeypatch.setattr(module, "look_through", disturbed)
    with pytest.raises(DataError, match="changed while it was audited"):
        take_in(spec_of(home), home)


def test_a_few_subjects_with_very_many_images(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views_of_very_many(monkeypatch, 8)
    for where in (module, stage):
        monkeypatch.setattr(where, "MOST_REMAINDERS", 16)
    columns = write_pictures(home, N)
    write_table(home / "records.csv", columns | {"who": ["a" if k < 30 else f"p{k // 2}" for k in range(N)]})
    missed = set()
    for seed in range(9):
        folder = take_in(spec_of(home, subject="who", seed=seed), home)
        kept = thinning.viewed(load(folder).subject, seed)
        large = len(kept) > 16
        assert ("the pattern of sensors was not looked for" in notes_of(folder)) == large
        assert len(read_look(folder / "look_remainder.parquet")) == (0 if large else len(kept))
        assert bool(recording_views._pattern(folder, kept).columns) != large
        missed.add(large)
    assert missed == {True, False}, "some seeds draw the large subject"


def test_a_spec_of_sounds_and_one_of_images_share_a_store(home: Path) -> None:
    shutil.copy(home / "records.csv", home / "sounds.csv")
    with pytest.raises(DataError, match="this is a picture, and sounds are audited"):
        take_in(spec_of(home, data="sounds.csv", image=None, audio="path"), home)
    assert load(take_in(spec_of(home), home)).n == N


@pytest.mark.parametrize("exact", [8, 100])
def test_the_pattern_of_flat_images_is_none(home: Path, monkeypatch: pytest.MonkeyPatch, exact: int) -> None:
    monkeypatch.setattr(recording_views, "EXACT", exact)
    write_look(home / "look_remainder.parquet", np.zeros((20, 9), dtype=np.int8))
    assert recording_views._pattern(home, np.arange(20)).matrix.shape == (20, 0)


def test_components_found_at_random_are_those_found_exactly(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sensor = rng.integers(2, size=60)
    remainders = rng.normal(0, 20, (60, 400)) + 12 * rng.normal(0, 1, (2, 400))[sensor]
    # A frame without image, as around small ones.
    stored = np.zeros((60, 500), dtype=np.int8)
    stored[:, 50:450] = np.clip(np.rint(remainders), -127, 127)
    write_look(home / "look_remainder.parquet", stored)
    exact = recording_views._pattern(home, np.arange(60)).matrix
    monkeypatch.setattr(recording_views, "EXACT", 10)
    found = recording_views._pattern(home, np.arange(60)).matrix
    assert abs(np.corrcoef(exact[:, 0], sensor)[0, 1]) > 0.95
    assert np.corrcoef(exact[:, 0], found[:, 0])[0, 1] > 0.999


def test_recordings_of_a_store_elsewhere(home: Path) -> None:
    columns = write_pictures(home, N)
    for name in ("records.csv", *columns["path"]):
        with fsspec.open(f"memory://clinic/{name}", "wb") as target:
            target.write((home / name).read_bytes())
    here = take_in(spec_of(home, nuisance=["site"]), home / "here")
    there = take_in(spec_of(home, data="memory://clinic/records.csv", nuisance=["site"]), home / "there")
    for name in ("records.parquet", "look_full.parquet", "facts.parquet"):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
