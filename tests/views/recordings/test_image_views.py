"""Views of images see what they are for, and not what they must not contain: by simulation with known truth."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import look
from audit_pipeline.views.recordings.sensor_pattern import pattern_correlation, products, remainder

from .cameras import SIDE, compressed, disc, exposed, scene
from .judging import chance, cross_fitted_auc, told_apart, view

N = 120
TOLD = 0.9


def expect(aucs: dict[str, float], seen_by: tuple[str, ...], n: int = N) -> None:
    for name, auc in aucs.items():
        if name in seen_by:
            assert auc > TOLD, f"{name} should tell the groups apart: {auc:.3f}"
        else:
            assert auc < chance(n), f"{name} must not tell the groups apart: {auc:.3f}"


def test_a_view_without_information_is_at_chance() -> None:
    rng = np.random.default_rng(0)
    aucs = [cross_fitted_auc(rng.standard_normal((N, 40)), np.arange(N) % 2) for _ in range(200)]
    assert abs(np.mean(aucs) - 0.5) < 0.02
    assert np.mean(np.array(aucs) > chance(N)) <= 0.015


def test_the_level_of_noise_is_in_noise_alone() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        return Picture(exposed(rng, scene(rng), (1.5, 2.0)[group]))

    expect(told_apart("image", make, ("noise", "blockiness", "thumbnail", "vignetting"), N, 1), ("noise",))


def test_the_grain_of_noise_of_equal_size_is_in_noise() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        light = scene(rng)
        grain = gaussian_filter(rng.standard_normal(light.shape), 0.5) if group else rng.standard_normal(light.shape)
        return Picture(exposed(rng, light + 2 / 255 * grain / grain.std(), 0.3))

    expect(told_apart("image", make, ("noise", "blockiness", "thumbnail", "vignetting"), N, 2), ("noise",))


def test_lines_of_a_read_out_are_in_noise() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        light = scene(rng) + group * 0.7 / 255 * rng.standard_normal(SIDE)
        return Picture(exposed(rng, light))

    expect(told_apart("image", make, ("noise", "thumbnail", "vignetting"), N, 3), ("noise",))


def test_compression_is_in_blockiness_and_its_strength_too() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        return Picture(compressed(exposed(rng, scene(rng)), (0.3, 0.4)[group]))

    expect(told_apart("image", make, ("blockiness", "thumbnail", "vignetting"), N, 4), ("blockiness",))


def test_a_crop_after_compression_is_in_blockiness_alone() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        image = compressed(exposed(rng, scene(rng, SIDE + 8)), 0.5)
        start = (0, 3)[group]
        return Picture(image[start : start + SIDE, start : start + SIDE])

    expect(told_apart("image", make, ("blockiness", "thumbnail", "vignetting"), N, 5), ("blockiness",))


def test_files_of_a_real_codec_are_told_apart_by_quality() -> None:
    image_module = pytest.importorskip("PIL.Image", reason="Pillow writes the files")

    def make(rng: np.random.Generator, group: int) -> Picture:
        levels = np.rint(255 * exposed(rng, scene(rng))).astype(np.uint8)
        file = io.BytesIO()
        image_module.fromarray(levels).save(file, "JPEG", quality=(85, 90)[group])
        return Picture(np.asarray(image_module.open(file), dtype=np.float32) / 255)

    expect(told_apart("image", make, ("blockiness", "thumbnail", "vignetting"), N, 18), ("blockiness",))


def test_what_is_seen_is_neither_in_noise_nor_in_blockiness_nor_in_the_border() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        blob = disc(SIDE, *rng.uniform(44, 52, 2), rng.uniform(4, 8))
        return Picture(exposed(rng, scene(rng) + 0.4 * group * blob))

    names = ("noise", "blockiness", "border", "thumbnail", "full")
    expect(told_apart("image", make, names, N, 6), ("thumbnail", "full"))


def test_contrast_and_brightness_of_the_scene_are_in_colour_and_not_in_noise_or_blockiness() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        return Picture(exposed(rng, (0.7, 1.0)[group] * scene(rng)))

    # More recordings, since faint edges leak first.
    names = ("noise", "blockiness", "colour", "vignetting")
    expect(told_apart("image", make, names, 300, 7), ("colour",), 300)


def test_a_lens_is_in_vignetting_and_not_in_noise_or_blockiness() -> None:
    down, right = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE), indexing="ij")

    def make(rng: np.random.Generator, group: int) -> Picture:
        # The fall-off keeps the mean brightness.
        lens = 1 - group * 0.25 * (down**2 + right**2 - 2 / 3)
        return Picture(exposed(rng, scene(rng) * lens))

    expect(told_apart("image", make, ("vignetting", "noise", "blockiness"), N, 8), ("vignetting",))


def test_a_mark_in_the_corner_is_in_the_border() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        light = scene(rng)
        if group:
            light[1:4, 2:14:2] = 1
        return Picture(exposed(rng, light))

    expect(told_apart("image", make, ("border", "noise"), N, 9), ("border",))


def test_a_colour_cast_is_in_colour() -> None:
    def make(rng: np.random.Generator, group: int) -> Picture:
        light = scene(rng)[..., None] * np.array([1, 1, (1, 0.97)[group]])
        return Picture(exposed(rng, light))

    expect(told_apart("image", make, ("colour", "vignetting"), N, 10), ("colour",))


def test_noise_does_not_change_when_something_smooth_is_added() -> None:
    rng = np.random.default_rng(11)
    image = 0.3 + 2 / 255 * rng.standard_normal((SIDE, SIDE))
    smooth = 0.3 * disc(SIDE, 40, 50, 15) + np.linspace(0, 0.1, SIDE)[:, None] ** 2
    noise = view("image", "noise")
    np.testing.assert_allclose(noise(Picture(image)), noise(Picture(image + smooth)), atol=2e-3)


def test_vignetting_does_not_change_with_gain_and_border_not_with_the_middle() -> None:
    rng = np.random.default_rng(12)
    light = scene(rng).astype(np.float32)
    vignetting, border = view("image", "vignetting"), view("image", "border")
    np.testing.assert_allclose(
        vignetting(Picture(light)), vignetting(Picture(light * np.float32(0.4))), rtol=1e-4, atol=1e-6
    )
    changed = light.copy()
    changed[12:-12, 12:-12] = rng.random((SIDE - 24, SIDE - 24))
    np.testing.assert_array_equal(border(Picture(light)), border(Picture(changed)))


def test_blockiness_does_not_change_with_a_slope_and_colour_not_with_mirroring() -> None:
    rng = np.random.default_rng(19)
    image = compressed(exposed(rng, 0.5 * scene(rng)), 0.5)
    blockiness, colour = view("image", "blockiness"), view("image", "colour")
    jumps = slice(0, 16)
    slope = np.linspace(0, 0.3, SIDE, dtype=np.float32)
    np.testing.assert_allclose(blockiness(Picture(image))[jumps], blockiness(Picture(image + slope))[jumps], atol=1e-3)
    np.testing.assert_allclose(colour(Picture(image)), colour(Picture(image[::-1, ::-1])), atol=1e-4)


def test_a_large_image_costs_no_more_than_its_pixels() -> None:
    picture = Picture(np.broadcast_to(np.linspace(0, 1, 4000, dtype=np.float32)[:, None], (4000, 3000)))
    assert picture.windows.shape == (4, 64, 64, 1)
    assert max(picture.small.shape) < 128
    np.testing.assert_allclose(picture.square(16)[:, 0], (np.arange(16) + 0.5) / 16, atol=5e-3)
    for length in range(100, 200):
        assert Picture(np.zeros((length, 8))).windows.shape == ((1, 2)[length > 128], (length, 64)[length > 128], 8, 1)
    # Windows keep the place of JPEG's grid.
    grid = Picture(np.tile(np.arange(8, dtype=np.float32) / 8, (1000, 125)))
    np.testing.assert_array_equal(grid.windows[:, 0, :8, 0], 255 * np.tile(np.arange(8, dtype=np.float32) / 8, (4, 1)))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(70, 90), (333, 517), (1025, 130)])
def test_integers_are_seen_as_the_floats_that_they_stand_for(
    size: tuple[int, int], channels: int, kind: type[np.unsignedinteger]
) -> None:
    rng = np.random.default_rng(20)
    top = int(np.iinfo(kind).max)
    stored = rng.integers(0, top + 1, (*size, channels)).astype(kind)
    whole, floats = Picture(stored), Picture(stored.astype(np.float32) / np.float32(top))
    np.testing.assert_allclose(whole.pixels, floats.pixels, atol=1e-6)
    np.testing.assert_allclose(whole.small, floats.small, atol=1e-5)
    np.testing.assert_allclose(whole.windows, floats.windows, atol=1e-3)
    np.testing.assert_allclose(remainder(whole), remainder(floats), atol=1e-3)
    twelve = Picture(stored >> 4 if kind is np.uint16 else stored, 1 / 4095)
    np.testing.assert_allclose(
        twelve.pixels, (stored >> 4 if kind is np.uint16 else stored) / np.float32(4095), atol=1e-6
    )


def test_a_whole_image_of_integers_never_becomes_floats() -> None:
    stored = np.random.default_rng(21).integers(0, 256, (2000, 2500, 3), dtype=np.uint8)
    look(Picture(stored[:300, :300]))  # what is made once for all images
    tracemalloc.start()
    try:
        picture = Picture(stored)
        look(picture)
        remainder(picture)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # As floats it would take 60 MB, a copy of it 15.
    assert peak < 8e6


def test_a_linear_model_on_the_embedding_reads_digits_better_than_on_pixels() -> None:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    digits = load_digits()
    images, label = digits.images[:300] / 16, digits.target[:300]
    full = view("image", "full")
    model = make_pipeline(StandardScaler(), RidgeClassifier(100.0))
    pixels = cross_val_score(model, images.reshape(300, -1), label, cv=5).mean()
    embedded = cross_val_score(model, np.stack([full(Picture(image)) for image in images]), label, cv=5).mean()
    # Of 300: a fifth of the mistakes less at the least, and 96 of 100 right.
    assert embedded > 0.96
    assert 1 - embedded < 0.8 * (1 - pixels)


def test_padding_is_measured() -> None:
    image = scene(np.random.default_rng(13))
    image[:, :5] = 0
    border = view("image", "border")
    row = dict(zip(border.columns, border(Picture(image)), strict=True))
    assert row["width of even padding at the left"] == np.float32(5 / SIDE)
    assert row["width of even padding at the right"] < 2 / SIDE


def test_thumbnail_is_the_same_at_every_resolution() -> None:
    light = scene(np.random.default_rng(14), 64)
    thumbnail = view("image", "thumbnail")
    for down, right in ((2, 2), (8, 4)):
        larger = Picture(np.kron(light, np.ones((down, right))))
        np.testing.assert_allclose(thumbnail(Picture(light)), thumbnail(larger), atol=1e-5)
    # Fewer lines than a block at the lower and right edge are left out.
    np.testing.assert_allclose(
        thumbnail(Picture(light)), thumbnail(Picture(np.kron(light, np.ones((7, 5))))), atol=0.01
    )


def test_the_pattern_of_a_sensor_is_found_in_records_of_other_folds() -> None:
    sensors = np.random.default_rng(15).standard_normal((2, SIDE, SIDE))
    codes = np.arange(N) % 2
    folds = np.arange(N) // 2 % 5

    def auc(strength: float, of: np.ndarray) -> float:
        images = []
        for i in range(N):
            rng = np.random.default_rng([16, i])
            light = scene(rng)
            images.append(Picture(exposed(rng, light + strength / 255 * sensors[of[i]])))
        table = pattern_correlation(products(np.stack([remainder(image) for image in images])), codes, folds)
        score = table[:, 1] - table[:, 0]
        ranks = rankdata(score)
        ones = codes == 1
        return float((ranks[ones].sum() - ones.sum() * (ones.sum() + 1) / 2) / (ones.sum() * (~ones).sum()))

    assert auc(0.5, codes) > TOLD
    # One sensor for both groups: a strong pattern says nothing of the group. Both means share it, and folds differ by it.
    assert abs(auc(0.5, np.zeros(N, dtype=int)) - 0.5) < chance(N) - 0.5


def test_a_pattern_needs_records_of_its_level_elsewhere() -> None:
    rng = np.random.default_rng(17)
    remainders = rng.standard_normal((6, 50)).astype(np.float32)
    remainders[5] = 0
    table = pattern_correlation(products(remainders), np.array([0, 0, 1, 1, -1, 0]), np.array([0, 1, 0, 0, 1, 1]))
    assert np.isnan(table[2, 1])
    assert np.isnan(table[5]).all()
    assert np.isfinite(table[4]).all()
    unit = remainders / np.maximum(np.linalg.norm(remainders, axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(table[0, 0], unit[0] @ unit[1], rtol=1e-5)
