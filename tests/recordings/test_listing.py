"""Which recordings a spec means: out of tables, out of folders, here and elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from audit_pipeline.errors import DataError
from audit_pipeline.recordings.listing import Listing, list_recordings
from tests.recordings.corpus import spec_of, write_table


def listed(base: Path, **keys: object) -> Listing:
    return list_recordings(spec_of(base, **keys), wanted=["path", "ill"])


def table_of(base: Path, *paths: str) -> None:
    write_table(base / "records.csv", {"path": paths, "ill": ["y"] * len(paths)})


def touch(base: Path, *names: str) -> None:
    for name in names:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).touch()


def test_paths_start_from_the_folder_of_their_table(tmp_path: Path) -> None:
    inside = tmp_path / "study"
    inside.mkdir()
    table_of(inside, "a.png", "deep/b.png", "../c.png", "/abs/d.png", " e.png ", "file:///abs/f.png", "~/g.png")
    places = listed(tmp_path, data="study/records.csv").places
    wanted = [*(str(inside / name) for name in ("a.png", "deep/b.png")), str(tmp_path / "c.png"), "/abs/d.png"]
    assert list(places) == [*wanted, str(inside / "e.png"), "/abs/f.png", os.path.expanduser("~/g.png")]


def test_every_table_has_a_folder_of_its_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        table_of(tmp_path / name, "a.png")
    places = listed(tmp_path, data="*/records.csv").places
    assert list(places) == [str(tmp_path / "one/a.png"), str(tmp_path / "two/a.png")]


def test_a_record_may_name_no_file(tmp_path: Path) -> None:
    write_table(tmp_path / "records.csv", {"path": ["a.png", None, "  "], "ill": ["y", "n", "n"]})
    assert list(listed(tmp_path).places) == [str(tmp_path / "a.png"), "", ""]


def test_a_table_may_name_objects_of_a_store(tmp_path: Path) -> None:
    table_of(tmp_path, "memory://scans/a.png", "s3://bucket/b.png")
    assert list(listed(tmp_path).places) == ["memory://scans/a.png", "s3://bucket/b.png"]


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "HTTPS://example.org/a.png",
        "ftp://host/a.png",
        "ssh://host/a.png",
        "simplecache::http://example.org/a.png",
        "s3://bucket/a.zip::http://example.org/a.zip",
        "zip://a.png::http://example.org/a.zip",
        "::http://example.org/a.png",
        "1://example.org/a.png",
        "\x01http://example.org/a.png",
    ],
)
def test_a_table_sends_nobody_to_web_addresses(tmp_path: Path, address: str) -> None:
    table_of(tmp_path, "a.png", address)
    with pytest.raises(DataError, match="may not send this machine") as caught:
        listed(tmp_path)
    assert (caught.value.row, caught.value.column) == (3, "path")
    assert "download" in str(caught.value)


def test_a_table_elsewhere_names_its_neighbours(tmp_path: Path) -> None:
    with fsspec.open("memory://study/records.csv", "w") as target:
        target.write("path,ill\na.png,y\n/b.png,n\nmemory://study/c.png,n\n")
    places = listed(tmp_path, data="memory://study/records.csv").places
    assert list(places) == [f"memory://study/{name}.png" for name in "abc"]


def test_a_folder_gives_columns(tmp_path: Path) -> None:
    touch(tmp_path, "scans/ill/north/1.png", "scans/well/2.JPG", "scans/0.png", "scans/ill/IM0001")
    touch(tmp_path, "scans/.git/3.png", "scans/ill/.4.png", "scans/README", "scans/DICOMDIR", "scans/Thumbs.db")
    touch(tmp_path, "scans/well/report.pdf", "scans/other.pdf", "scans/list.txt")
    found = listed(tmp_path, data="scans", label="folder")
    table = found.loaded.table
    assert table.column("path").to_pylist() == ["0.png", "ill/IM0001", "ill/north/1.png", "well/2.JPG"]
    assert table.column("folder").to_pylist() == [None, "ill", "ill", "well"]
    assert table.column("folder_2").to_pylist() == [None, None, "north", None]
    assert list(found.places) == [str(tmp_path / "scans" / name) for name in table.column("path").to_pylist()]
    assert found.loaded.notes == ("3 other files were left out of the folder: .pdf (2), .txt (1)",)


def test_a_folder_is_what_is_in_it(tmp_path: Path) -> None:
    touch(tmp_path, "scans/ill/1.png", "scans/well/2.png")
    before = listed(tmp_path, data="scans", label="folder").loaded.files[0].digest()
    assert listed(tmp_path, data="scans/", label="folder").loaded.files[0].digest() == before
    touch(tmp_path, "scans/well/3.png")
    assert listed(tmp_path, data="scans", label="folder").loaded.files[0].digest() != before


def test_links_to_other_folders_are_told_of(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/2.png", "scans/ill/1.png")
    (tmp_path / "scans/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "scans/round").symlink_to(tmp_path / "scans")
    found = listed(tmp_path, data="scans", label="folder")
    assert len(found.places) == 1
    assert found.loaded.notes == ("links to other folders were not followed: more, round",)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    names = [b"caf\xe9.png", "naïve ☂ 'x',\";\n.png".encode(), b"-rf.png", b"%s{0}.png"]
    try:
        for name in names:
            Path(os.fsdecode(os.fsencode(tmp_path / "scans") + b"/" + name)).touch()
    except OSError:
        pytest.skip("this file system wants text")
    found = listed(tmp_path, data="scans", label="folder")
    assert sorted(map(os.fsencode, found.places)) == sorted(os.fsencode(tmp_path / "scans") + b"/" + n for n in names)
    assert "caf\\udce9.png" in found.loaded.table.column("path").to_pylist()
    assert found.loaded.files[0].digest()
    assert found.loaded.files[0].size > 0


@pytest.mark.parametrize("name", ["manifest.csv", "Metadata.tsv", "records.csv"])
def test_a_folder_may_hold_its_table(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "scans/a.png", "scans/b.png")
    separator = "\t" if name.endswith("tsv") else ","
    (tmp_path / "scans" / name).write_text(f"path{separator}ill\na.png{separator}y\n")
    assert list(listed(tmp_path, data="scans").places) == [str(tmp_path / "scans/a.png")]


def test_two_tables_in_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "scans/a.png")
    for name in ("manifest.csv", "metadata.csv"):
        (tmp_path / "scans" / name).write_text("path,ill\na.png,y\n")
    assert len(listed(tmp_path, data="scans").places) == 1, "the first name is taken"
    (tmp_path / "scans/manifest.tsv").write_text("path\till\na.png\ty\n")
    with pytest.raises(DataError, match=r"several tables of recordings: manifest\.csv, manifest\.tsv"):
        listed(tmp_path, data="scans")


def test_an_empty_folder_and_one_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    with pytest.raises(DataError, match="holds no recordings") as caught:
        listed(tmp_path, data="scans")
    assert ".png" in str(caught.value)
    touch(tmp_path, "scans/a.wav", "scans/b.wav")
    with pytest.raises(DataError, match=r"no recordings, but files ending in \.wav \(2\)"):
        listed(tmp_path, data="scans")
    assert len(listed(tmp_path, data="scans", image=None, audio="path").places) == 2


def test_a_folder_and_something_else(tmp_path: Path) -> None:
    touch(tmp_path, "scans/a.png", "more/b.png")
    with pytest.raises(DataError, match="one of them is a folder"):
        listed(tmp_path, data=["scans", "more"])


def test_a_folder_elsewhere(tmp_path: Path) -> None:
    for name in ("ill/1.png", "well/2.png", ".git/3.png", "notes.txt"):
        with fsspec.open(f"memory://ward/{name}", "wb") as target:
            target.write(b"x")
    found = listed(tmp_path, data="memory://ward", label="folder")
    assert list(found.places) == ["memory://ward/ill/1.png", "memory://ward/well/2.png"]
    assert found.loaded.table.column("folder").to_pylist() == ["ill", "well"]
    with fsspec.open("memory://ward/manifest.csv", "w") as target:
        target.write("path,ill\nwell/2.png,n\n")
    assert list(listed(tmp_path, data="memory://ward").places) == ["memory://ward/well/2.png"]


def test_a_column_that_is_not_there_is_left_to_the_check_of_columns(tmp_path: Path) -> None:
    table_of(tmp_path, "a.png")
    assert listed(tmp_path, image="pathh").places == ()
