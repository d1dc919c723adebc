"""Views of recordings: found by scanning, the same everywhere, and never an exception for what a decoder gives."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from audit_pipeline.views.recordings.picture import Picture, resampling
from audit_pipeline.views.recordings.registry import look, recording_views
from audit_pipeline.views.recordings.sound import Sound

IMAGE = ("blockiness", "border", "colour", "full", "noise", "thumbnail", "vignetting")
AUDIO = ("clipping", "edges", "full", "silence", "spectrum")


def test_every_view_says_what_it_contains_and_what_it_must_not() -> None:
    assert tuple(view.name for view in recording_views("image")) == IMAGE
    assert tuple(view.name for view in recording_views("audio")) == AUDIO
    views = (*recording_views("image"), *recording_views("audio"))
    for view in views:
        assert "Contains: " in view.doc
        assert "Must not contain: " in view.doc
        assert len(set(view.columns)) == len(view.columns)
    assert len({view.key for view in views}) == len(views)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(8, 8), (9, 200), (31, 17), (64, 64), (300, 120), (700, 289)])
def test_images_of_any_size_give_rows_of_the_same_length(size: tuple[int, int], channels: int) -> None:
    rng = np.random.default_rng(0)
    for pixels in (rng.random((*size, channels)), np.zeros((*size, channels)), np.ones((*size, channels))):
        seen = look(Picture(pixels))
        for view in recording_views("image"):
            row = seen[view.name]
            assert row.dtype == np.float32
            assert row.shape == (len(view.columns),)
            assert not np.isinf(row).any()
        assert np.isfinite(seen["thumbnail"]).all()
        assert np.isfinite(seen["full"]).all()


@pytest.mark.parametrize("rate", [4000, 8000, 11_025, 44_100, 96_000])
@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.011, 0.04, 1.3])
def test_sounds_of_any_length_and_rate_give_rows_of_the_same_length(rate: int, seconds: float) -> None:
    rng = np.random.default_rng(0)
    n = round(rate * seconds)
    square = np.where(np.arange(n) % 80 < 40, 1.0, -1.0)
    for samples in (
        np.zeros(n),
        rng.uniform(-1, 1, (n, 2)),
        square,
        np.full((n, 1), 0.5),
        np.stack([square, -square], 1),
    ):
        seen = look(Sound(samples, rate))
        for view in recording_views("audio"):
            row = seen[view.name]
            assert row.dtype == np.float32
            assert row.shape == (len(view.columns),)
            assert not np.isinf(row).any()


def test_what_holds_no_numbers_is_not_measured() -> None:
    pixels = np.full((40, 40), 0.5)
    pixels[3, 4] = np.nan
    assert all(np.isnan(row).all() for row in look(Picture(pixels)).values())
    assert all(np.isnan(row).all() for row in look(Picture(np.zeros((7, 40)))).values())
    assert all(np.isnan(row).all() for row in look(Sound(np.array([0.0, np.inf] * 4000), 8000)).values())
    with pytest.raises(ValueError, match="1 or 3 channels"):
        Picture(np.zeros((8, 8, 4)))
    with pytest.raises(ValueError, match="positive rate"):
        Sound(np.zeros(10), 0)
    with pytest.raises(TypeError, match="takes a Picture"):
        recording_views("image")[0](Sound(np.zeros(10), 8000))


def test_a_long_sound_is_looked_at_in_stretches() -> None:
    sound = Sound(np.random.default_rng(0).normal(0, 0.1, 8000 * 100), 8000)
    assert [len(stretch) for stretch in sound.stretches] == [40_000] * 6
    np.testing.assert_array_equal(sound.stretches[-1], sound.samples[-40_000:, 0])


def test_areas_are_averaged_exactly() -> None:
    x = np.random.default_rng(0).random(100)
    np.testing.assert_allclose(resampling(100, 20) @ x, x.reshape(20, 5).mean(axis=1), rtol=1e-6)
    for length, wanted in ((100, 16), (8, 64), (255, 64), (5, 5)):
        np.testing.assert_allclose(resampling(length, wanted).sum(axis=1), 1, rtol=1e-6)
    large = Picture(np.kron(np.random.default_rng(1).random((16, 16)), np.ones((80, 80))))
    np.testing.assert_allclose(large.square(16), large.pixels[::80, ::80, 0], rtol=1e-5)


SCRIPT = """
import hashlib, sys
import numpy as np
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import look
from audit_pipeline.views.recordings.sound import Sound
assert "torch" not in sys.modules and "scipy" not in sys.modules and "sklearn" not in sys.modules
from tests.views.recordings.test_registry import digest
print(digest())
"""


def digest() -> str:
    """Return a digest of every view of one image and one sound."""
    rng = np.random.default_rng(5)
    seen = [look(Picture(rng.random((150, 400, 3)))), look(Sound(rng.uniform(-1, 1, 20_000), 16_000))]
    return hashlib.sha256(b"".join(row[name].tobytes() for row in seen for name in sorted(row))).hexdigest()


def test_another_process_sees_the_same_and_loads_nothing_heavy() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    told = [
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment)
        for _ in range(2)
    ]
    assert told[0].stdout == told[1].stdout
    assert len(told[0].stdout.strip()) == 64
