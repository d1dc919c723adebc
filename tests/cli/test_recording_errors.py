"""What a user meets who describes recordings wrongly: status 2, the place, the remedy, and nothing half written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audit_pipeline.cli import main

N = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table of 20 images, the images sorted by label, and a flat folder of one."""
    from PIL import Image

    home = tmp_path_factory.mktemp("data")
    rows = ["image,finding,site"]
    for i in range(N):
        label = "ill" if i % 2 else "well"
        path = home / "sorted" / label / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (16, 16), dtype=np.uint8)).save(path)
        rows.append(f"sorted/{label}/{i:02}.png,{label},{'ab'[i // 2 % 2]}")
    (home / "scans.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    damaged = [row.replace("sorted/", "no/") if position < 9 else row for position, row in enumerate(rows)]
    (home / "damaged.csv").write_text("\n".join(damaged) + "\n", encoding="utf-8")
    (home / "flat").mkdir()
    (home / "flat/0.png").write_bytes((home / "sorted/well/00.png").read_bytes())
    return home


TABLE = {"data": "scans.csv", "label": "finding", "nuisance": "[site]"}
FOLDER = {"data": "sorted", "label": "folder", "image": "path"}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param(
            {**FOLDER, "data": "flat"},
            ["flat: there is no column 'folder'", "no folders", "sort the recordings into folders", "manifest.csv"],
            id="flat folder",
        ),
        pytest.param(
            {**FOLDER, "nuisance": "[site]"},
            ["sorted: there is no column 'site' (named as nuisance)", "one of path, folder", "manifest.csv"],
            id="a folder has no site",
        ),
        pytest.param(
            {**TABLE, "image": "imge"}, ["scans.csv", "did you mean 'image'?", "`image:`"], id="no such column"
        ),
        pytest.param(
            {**FOLDER, "audio": "path", "image": ""}, ["sorted: holds no", ".png (20)", "`image: path`"], id="no sounds"
        ),
        pytest.param({**FOLDER, "data": "nowhere"}, ["nowhere: there is no such file"], id="no such folder"),
        pytest.param({**FOLDER, "data": "sorted/*/*.png"}, ["this is a recording", "folder"], id="files as data"),
        pytest.param({**FOLDER, "image": ""}, ["sorted: this is a folder", "`image: path`"], id="no medium"),
        pytest.param(
            {**TABLE, "image": "image", "features": "[site]"},
            ["`features:` and `image:` are both given", "keep one"],
            id="both",
        ),
        pytest.param(
            {**TABLE, "image": "image", "label": "file.kind"},
            ["'file.kind' (named as label)", "`label:`"],
            id="header as label",
        ),
        pytest.param(
            {**TABLE, "image": "image", "nuisance": "[file.quality]"},
            ["scans.csv", "called 'file.quality' (named as nuisance)", "file.width", "file.name_1", "`nuisance:`"],
            id="no such header field",
        ),
        pytest.param(
            {**TABLE, "image": "image", "covariates": "[file.make]"},
            ["no file states 'file.make'", "file.width", "`covariates:`"],
            id="a header field that no file has",
        ),
        pytest.param(
            {**TABLE, "audio": "image"},
            ["scans.csv, row 2, column 'image'", "20 of 20", "sorted/well/00.png: this is a picture", "`image: image`"],
            id="wrong medium",
        ),
        pytest.param(
            {**TABLE, "data": "damaged.csv", "image": "image"},
            [
                "damaged.csv, row 2, column 'image'",
                "8 of 20",
                "8 missing",
                "no/well/00.png",
                "at most 5%",
                "unreadable: 0.4}",
            ],
            id="too many missing",
        ),
        pytest.param(
            {**TABLE, "image": "site", "nuisance": ""},
            ["scans.csv, row 2, column 'site'", "20 of 20", "relative ones start at"],
            id="no paths",
        ),
    ],
)
def test_what_a_user_meets(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, str], told: list[str]
) -> None:
    lines = [f"{key}: {value}" for key, value in keys.items() if value and key != "data"]
    spec = tmp_path / "audit.yaml"
    spec.write_text("\n".join(["name: x", f"data: {data / keys['data']}", *lines]) + "\n", encoding="utf-8")
    assert main(["run", str(spec), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "what to do: " in shown.err
    for part in told:
        assert part in shown.err
    assert not (tmp_path / "out").exists()
    # What was seen of recordings is kept; results are not.
    assert list(tmp_path.glob(".store/x/dataset/*")) == []
