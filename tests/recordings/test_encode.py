"""A trained encoder in the place of the built-in embedding: each content once, and anew when its weights change."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audit_pipeline import pipeline
from audit_pipeline.errors import AuditError, DataError
from audit_pipeline.recordings.encode import encode
from audit_pipeline.recordings.matrices import read_look
from audit_pipeline.recordings.stamps import weights_stamps
from audit_pipeline.spec import AuditSpec, parse_spec
from audit_pipeline.store import Store

TRIED = 1
"""Images that an encoder of this kind looks at when it is opened, to know how many columns it gives."""

MODULE = """
import torch

class Means(torch.nn.Module):
    seen = 0

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(3))

    def forward(self, images):
        Means.seen += len(images)
        return images.mean(dim=(2, 3)) * self.gain
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditSpec:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "means_of_images.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    monkeypatch.delitem(sys.modules, "means_of_images", raising=False)
    rng = np.random.default_rng(0)
    lines = ["path,ill"]
    for number in range(24):
        # The last two are copies of the first two, byte for byte.
        pixels = np.full((16, 16, 3), 8 * (number % 22) + 20, dtype=np.uint8) + rng.integers(0, 3, (1, 1, 3), np.uint8)
        if number >= 22:
            Image.open(tmp_path / f"{number - 22}.png").save(tmp_path / f"{number}.png")
        else:
            Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{'yes' if number % 2 else 'no'}")
    (tmp_path / "all.csv").write_text("\n".join(lines), encoding="utf-8")
    return parse_spec(
        {
            "name": "means",
            "data": "all.csv",
            "label": "ill",
            "image": "path",
            "encoder": "torch:means_of_images:Means",
            "baselines": "linear",
        },
        base=tmp_path,
    )


def seen() -> int:
    return int(sys.modules["means_of_images"].Means.seen)


def test_models_see_what_the_encoder_makes(spec: AuditSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    record = pipeline.execute(pipeline.graph(spec)[0], spec, store, {})
    rows = read_look(record.folder / "look_encoder.parquet")
    assert rows.shape == (24, 3)
    # Brightness goes up with the number of the file, modulo copies: 22 different values between .05 and .8.
    assert len(np.unique(np.round(rows[:, 0], 4))) >= 20
    assert 0.05 < rows.min() < rows.max() < 0.85
    assert seen() == 22 + 2 * TRIED, "copies are encoded once; it is opened to see whether it is there, and to encode"
    values = pipeline.execute(pipeline.graph(spec)[1], spec, store, {"dataset": record})
    assert values.summary["columns"] == 3
    assert any("torch:means_of_images:Means" in note for note in record.summary["notes"])


def test_nothing_is_encoded_twice(spec: AuditSpec, tmp_path: Path) -> None:
    places = [str(tmp_path / f"{number}.png") for number in range(6)]
    names = [f"digest {number}" for number in range(6)]

    def run(chosen: list[int]) -> np.ndarray:
        return encode(
            spec,
            "image",
            [places[k] for k in chosen],
            [names[k] for k in chosen],
            cache=tmp_path / "store" / "recordings",
            progress=lambda done, total, message: None,
        ).matrix

    first = run([0, 1, 2])
    before = seen()
    assert np.array_equal(run([2, 1, 0]), first[::-1])
    assert seen() == before + TRIED
    before = seen()
    both = run([0, 5])
    assert seen() == before + TRIED + 1
    assert np.array_equal(both[0], first[0])


def test_other_weights_are_another_stage(spec: AuditSpec, tmp_path: Path) -> None:
    weights = tmp_path / "gain.pt"
    weights.write_bytes(b"first")
    own = spec.model_copy(update={"weights": str(weights)})
    before = weights_stamps(own)
    assert before
    assert weights_stamps(own) == before
    weights.write_bytes(b"second, longer")
    assert weights_stamps(own) != before
    assert weights_stamps(spec) == []


def test_errors_come_before_the_long_work(spec: AuditSpec, tmp_path: Path) -> None:
    missing = spec.model_copy(update={"encoder": "torch:means_of_imagse:Means"})
    with pytest.raises(AuditError, match="means_of_imagse"):
        pipeline.execute(pipeline.graph(missing)[0], missing, Store(tmp_path / "store"), {})
    assert not list((tmp_path / "store").rglob("*.parquet"))


def test_a_file_that_is_gone_is_named(spec: AuditSpec, tmp_path: Path) -> None:
    gone = str(tmp_path / "3.png")
    os.unlink(gone)
    with pytest.raises(DataError) as caught:
        encode(spec, "image", [gone], ["x"], cache=tmp_path / "c", progress=lambda done, total, message: None)
    assert caught.value.file == gone
