"""``init`` for images and sounds: a table that names them, or a folder in which they are sorted."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from audit_pipeline.cli import main
from audit_pipeline.proposal import propose, trial
from audit_pipeline.spec import AuditSpec, load_spec

N = 24


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def image(path: Path, seed: int = 0, quality: int = 90) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (16, 16), dtype=np.uint8)).save(path, quality=quality)


def sound(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(-9000, 9000, 4000, dtype=np.int16)
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(8000)
        stream.writeframes(samples.tobytes())


def proposed(path: str) -> tuple[AuditSpec, str]:
    assert main(["init", path, "--out", "audit.yaml"]) == 0
    return load_spec(Path("audit.yaml")), Path("audit.yaml").read_text(encoding="utf-8")


def table(home: Path, name: str = "scans.csv", *, ending: str = ".png", folder: str = "pixels") -> None:
    rows = ["file,finding,patient,site,weight"]
    for i in range(N):
        path = f"{folder}/{i:02}{ending}"
        (sound if ending == ".wav" else image)(home / Path(name).parent / path, i)
        rows.append(f"{path},{'ill' if i % 2 else 'well'},p{i // 2},{'ab'[i // 2 % 2]},{50 + i / 7:.2f}")
    (home / name).write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.mark.parametrize(("ending", "key"), [(".png", "image"), (".wav", "audio")])
def test_a_table_that_names_recordings_beside_it(home: Path, ending: str, key: str) -> None:
    (home / "data").mkdir()
    table(home, "data/scans.csv", ending=ending)
    spec, text = proposed("data/scans.csv")
    assert (spec.medium, spec.recording, spec.features) == (key, "file", None)
    assert (spec.label, spec.subject, spec.nuisance) == ("finding", "patient", ("site",))
    assert f"{N} of {N} lie where the table says" in text
    assert "Columns file.* are read from the headers" in " ".join(text.replace("\n#", " ").split())
    assert "Not declared, so neither a model nor the audit looks at it: weight" in text
    assert f"Read as written above: {N} records, {N // 2} subjects, every file decoded." in text


def test_names_of_files_that_are_not_there_make_an_audit_of_the_table(home: Path) -> None:
    table(home)
    for path in (home / "pixels").iterdir():
        path.unlink()
    spec, text = proposed("scans.csv")
    assert (spec.medium, spec.ignore) == (None, ("file",))
    assert f"names of images, but none of {N} lies where the table says" in text
    assert f"Read as written above: {N} records" in text


def test_a_second_column_of_recordings_is_left_out_with_its_reason(home: Path) -> None:
    table(home)
    text = (home / "scans.csv").read_text(encoding="utf-8")
    lines = [f"{line},{'mask' if not i else f'pixels/{i - 1:02}.png'}" for i, line in enumerate(text.splitlines())]
    (home / "scans.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec, text = proposed("scans.csv")
    assert (spec.image, spec.ignore) == ("file", ("mask",))
    assert f"mask  # names of images; {N} of {N} lie where the table says" in text


def test_metadata_may_be_missing_since_headers_are_read(home: Path) -> None:
    rows = ["image,label"]
    for i in range(N):
        image(home / f"{i}.jpg", i, quality=95 if i % 3 else 50)
        rows.append(f"{i}.jpg,{'ill' if i % 2 else 'well'}")
    (home / "scans.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    spec, text = proposed("scans.csv")
    assert (spec.image, spec.nuisance) == ("image", ())
    assert "Read from the headers, and audited besides: file.jpeg_" in text
    assert "fill in" not in text


def test_a_manifest_in_a_folder_goes_before_its_other_tables(home: Path) -> None:
    (home / "data").mkdir()
    table(home, "data/manifest.csv")
    (home / "data/other.tsv").write_text("a\tb\n1\t2\n", encoding="utf-8")
    spec, _ = proposed("data")
    assert spec.data_paths == (str(home / "data/manifest.csv"),)
    assert spec.image == "file"


@pytest.mark.parametrize(
    ("folders", "roles"),
    [
        ("{label}", {"label": "folder"}),
        ("{split}/{label}", {"split": "folder", "label": "folder_2"}),
        ("{label}/{patient}", {"label": "folder", "subject": "folder_2"}),
        ("{patient}/{label}", {"label": "folder_2", "subject": "folder"}),
        ("{label}/{site}", {"label": "folder", "nuisance": ("folder_2",)}),
        ("{label}/{odd}", {"label": "folder", "nuisance": ("folder_2",)}),
        ("{label}/{many}", {"label": "folder", "subject": "folder_2"}),
    ],
)
def test_folders_without_a_table(
    home: Path, folders: str, roles: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests decode; here only names of folders count.
    monkeypatch.setattr(propose, "trial", lambda *_: trial.Tried(None, ("not tried",)))
    for i in range(N):
        place = folders.format(
            label="ill" if i % 2 else "well",
            split="train" if i % 3 else "test",
            patient=f"patient_{i // 2:02}",
            site=f"scanner {i // 2 % 2}",
            odd="ab"[i // 2 % 2],
            many=f"{i // 2:03}",
        )
        image(home / "data" / place / f"{i:02}.png", i)
    spec, text = proposed("data")
    default: dict[str, object] = {"split": None, "subject": None, "nuisance": ()}
    assert {role: getattr(spec, role) for role in ("label", *default)} == {**default, **roles}
    assert (spec.data_paths, spec.image) == ((str(home / "data"),), "path")
    assert "which holds no table of them" in text


def test_a_folder_of_sounds_with_something_else_in_it(home: Path) -> None:
    for i in range(N):
        sound(home / "data" / ("ill" if i % 2 else "well") / f"{i}.wav", i)
    image(home / "data/ill/cover.png")
    (home / "data/notes.txt").write_text("x", encoding="utf-8")
    spec, text = proposed("data")
    assert (spec.audio, spec.label) == ("path", "folder")
    assert "2 other files were left out" in text
    assert f"Read as written above: {N} records, every file decoded." in text


def test_a_flat_folder_asks_for_a_label(home: Path) -> None:
    for i in range(3):
        image(home / f"data/{i}.png")
    spec, text = proposed("data")
    assert spec.label == "CHANGE_ME"
    assert "First of all: fill in label." in text
    assert "sort the files into a folder for each label" in text


def test_of_many_recordings_some_are_tried(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table(home)
    monkeypatch.setattr(trial, "TRIED", 12)
    monkeypatch.setattr(trial, "LEAST", 5)
    spec, text = proposed("scans.csv")
    assert f"Tried with 12 of {N} recordings, spread over the labels: 12 records, " in text
    assert spec.image == "file"
    # What is wrong with one of those is told with its row in the user's table, not in the sample.
    (home / "pixels/23.png").write_bytes(b"no image")
    (home / "audit.yaml").unlink()
    _, text = proposed("scans.csv")
    told = " ".join(text.replace("\n#", " ").split())
    assert f"As it stands the audit is refused: row 25, column 'file': tried with 12 of {N} recordings: 1 of 12" in told
    assert "policy: {unreadable: 0.09}" in told
    assert str(home) not in text


def test_what_holds_neither_a_table_nor_recordings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "data").mkdir()
    (home / "data/notes.txt").write_text("x", encoding="utf-8")
    assert main(["init", "data", "--out", "audit.yaml"]) == 2
    assert "holds no table, and no recordings" in capsys.readouterr().err
    assert not (home / "audit.yaml").exists()


@pytest.mark.parametrize("path", ["data/0.png", "data/*.png"])
def test_a_recording_itself_is_no_table(home: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    image(home / "data/0.png")
    assert main(["init", path, "--out", "audit.yaml"]) == 2
    shown = capsys.readouterr().err
    assert "this is a recording" in shown
    assert "audit-pipeline init data" in shown
