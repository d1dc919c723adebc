"""Valid files become what was put into them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audit_pipeline.dataset.media import Limits, Picture, Sound, Unreadable, decode, decode_frames
from audit_pipeline.dataset.media.depth import bits_in_use
from audit_pipeline.dataset.media.examine import recording_facts
from tests.dataset.media.files import MAKERS, RATE, array, color, dicom, grey, saved, sounding, tiff, tone, valid


def picture(content: bytes) -> Picture:
    found = decode(content)
    assert isinstance(found, Picture)
    return found


def heard(content: bytes) -> Sound:
    found = decode(content)
    assert isinstance(found, Sound)
    return found


def test_every_kind_decodes() -> None:
    for name in MAKERS:
        recording = decode(valid(name))
        values = recording.pixels if isinstance(recording, Picture) else recording.samples
        assert values.dtype == np.float32, name
        assert values.std() > 0.01, name


@pytest.mark.parametrize(
    ("name", "expected", "bits"),
    [
        ("grey.png", grey(), 8),
        ("color.png", color(), 8),
        ("deep.png", grey(16), 16),
        ("color.bmp", color(), 8),
        ("lossless.webp", color(), 8),
        ("plain.tiff", color(), 8),
        ("lzw.tiff", color(), 8),
        ("deep.tiff", grey(16), 16),
        ("deflate.tiff", color(16), 16),
        ("one.dcm", grey(12), 12),
        ("implicit.dcm", grey(12), 12),
        ("deflated.dcm", grey(12), 12),
        ("rle.dcm", grey(12), 12),
        ("color.dcm", color(), 8),
        ("grey.npy", grey(), 8),
    ],
)
def test_pictures_without_loss(name: str, expected: np.ndarray, bits: int) -> None:
    found = picture(valid(name))
    exact = expected.reshape(*expected.shape[:2], -1).astype(np.float64) / ((1 << bits) - 1)
    np.testing.assert_allclose(found.pixels, exact, atol=1e-6)
    assert (found.bits, found.bits_in_use) == (bits, bits)
    # Kept as they were decoded, but for tomography, which has a scale of its own.
    if not name.endswith(".dcm"):
        assert found.stored.dtype.itemsize == (1 if bits <= 8 else 2)


@pytest.mark.parametrize("name", ["color.jpeg", "progressive.jpeg", "jpeg.tiff", "color.webp"])
def test_pictures_with_loss(name: str) -> None:
    assert np.abs(picture(valid(name)).pixels - color() / 255).mean() < 0.1


@pytest.mark.parametrize("name", ["pages.tiff", "frames.dcm", "frames.npy"])
def test_frames_one_by_one(name: str) -> None:
    first, second = decode_frames(valid(name))
    assert (first.frame, second.frame, first.frames, second.frames) == (0, 1, 2, 2)
    np.testing.assert_array_equal(first.pixels, second.pixels[::-1])
    other = decode(valid(name), frame=1)
    assert isinstance(other, Picture)
    np.testing.assert_array_equal(other.pixels, second.pixels)
    with pytest.raises(Unreadable, match="no frame 2"):
        decode(valid(name), frame=2)


def test_more_frames_than_the_limit() -> None:
    with pytest.raises(Unreadable) as caught:
        list(decode_frames(valid("pages.tiff"), limits=Limits(frames=1)))
    assert caught.value.kind == "gigantic"


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
def test_pages_of_pillow(compression: str | None) -> None:
    pages = [Image.fromarray(values) for values in (color(), color()[::-1], color()[:, ::-1])]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    for found, page in zip(decode_frames(content), pages, strict=True):
        np.testing.assert_allclose(found.pixels, np.asarray(page) / 255, atol=1e-6)


def test_opacity_and_palettes_are_colours() -> None:
    opaque = np.concatenate([color(), np.full((24, 32, 1), 100, np.uint8)], axis=2)
    found = picture(saved(opaque, "PNG"))
    np.testing.assert_allclose(found.pixels, color() / 255, atol=1e-6)
    assert found.mode == "RGBA"
    bilevel = picture(saved(Image.fromarray(grey() > 100), "PNG"))
    assert bilevel.pixels.shape[2] == 1
    assert (bilevel.bits, set(np.unique(bilevel.pixels))) == (1, {0.0, 1.0})
    assert picture(saved(Image.fromarray(grey()).convert("P"), "PNG")).pixels.shape[2] == 1


def test_white_may_be_zero() -> None:
    found = picture(tiff(grey(16), photometric="miniswhite"))
    np.testing.assert_allclose(found.pixels[..., 0], 1 - grey(16) / 65535, atol=1e-6)
    inverse = picture(dicom(grey(), Modality="CR", PhotometricInterpretation="MONOCHROME1", RescaleIntercept=0))
    np.testing.assert_allclose(inverse.pixels[..., 0], 1 - grey() / 255, atol=1e-6)
    assert (inverse.low, inverse.high) == (255, 0)


def test_tomography_has_one_scale_on_all_scanners() -> None:
    values = grey(12)
    one = picture(dicom(values, RescaleIntercept=-1024))
    # Another scanner stores the same tissue with another offset and slope.
    other = picture(dicom((values // 2 * 2 // 2 + 100).astype(np.uint16), RescaleSlope=2, RescaleIntercept=-1224))
    np.testing.assert_allclose(one.pixels, other.pixels, atol=1.1 / 4095)
    assert (one.low, one.high) == (-1024, 3071)


def test_signed_pixels_and_negative_slopes() -> None:
    stored = (grey(12).astype(np.int32) - 2048).astype(np.int16).view(np.uint16)
    found = picture(dicom(stored, Modality="MR", PixelRepresentation=1, BitsStored=16, HighBit=15, RescaleIntercept=0))
    unit = (found.pixels * (found.high - found.low) + found.low)[..., 0]
    np.testing.assert_allclose(unit, grey(12).astype(int) - 2048, atol=0.02)
    turned = picture(dicom(grey(12), Modality="MR", RescaleSlope=-1, RescaleIntercept=0))
    np.testing.assert_allclose(turned.pixels[..., 0], 1 - grey(12) / 4095, atol=1e-6)


def test_palette_of_dicom() -> None:
    ramp = np.arange(256, dtype=np.uint16) * 257
    tables = {
        f"{name}PaletteColorLookupTableData": ramp[::step].tobytes() for name, step in (("Red", 1), ("Green", -1))
    }
    described = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in ("Red", "Green", "Blue")}
    content = dicom(
        grey(),
        PhotometricInterpretation="PALETTE COLOR",
        RescaleSlope=None,
        RescaleIntercept=None,
        BluePaletteColorLookupTableData=ramp.tobytes(),
        **tables,
        **described,
    )
    found = picture(content)
    np.testing.assert_allclose(found.pixels[..., 0], grey() / 255, atol=1e-6)
    np.testing.assert_allclose(found.pixels[..., 1], 1 - grey() / 255, atol=1e-6)


def test_arrays_of_other_shapes() -> None:
    planar = picture(array(np.moveaxis(color(), 2, 0)))
    np.testing.assert_allclose(planar.pixels, color() / 255, atol=1e-6)
    fortran = picture(array(np.asfortranarray(color())))
    np.testing.assert_allclose(fortran.pixels, color() / 255, atol=1e-6)
    stack = np.asfortranarray(np.stack([grey(16), grey(16)[::-1]]).astype(">u2"))
    second = list(decode_frames(array(stack)))[1]
    np.testing.assert_allclose(second.pixels[..., 0], grey(16)[::-1] / 65535, atol=1e-6)
    far = picture(array(np.array([[-3.0, np.nan], [1.0, 5.0]])))
    np.testing.assert_allclose(far.pixels[..., 0], [[0, 0], [0.5, 1]])
    assert (far.low, far.high) == (-3, 5)


@pytest.mark.parametrize(
    ("name", "bits", "tolerance"),
    [
        ("8.wav", 8, 1 / 100),
        ("24.wav", 24, 1e-6),
        ("32.wav", 32, 1e-6),
        ("float.wav", None, 1e-6),
        ("sound.flac", 16, 1e-4),
    ],
)
def test_sounds(name: str, bits: int | None, tolerance: float) -> None:
    found = heard(valid(name))
    np.testing.assert_allclose(found.samples, tone(), atol=tolerance)
    assert (found.rate, found.bits, found.bits_in_use) == (RATE, bits, bits)


def test_two_channels() -> None:
    np.testing.assert_allclose(heard(valid("16.wav")).samples, tone(2), atol=1e-4)


@pytest.mark.parametrize("name", ["vorbis.ogg", "opus.ogg", "sound.mp3"])
def test_sounds_with_loss(name: str) -> None:
    found = heard(valid(name))
    assert found.bits is None
    assert len(found.samples) / found.rate == pytest.approx(0.25, abs=0.2)
    # The tone is there, whatever the delay of the coder.
    spectrum = np.abs(np.fft.rfft(found.samples[:, 0]))
    assert spectrum.argmax() * found.rate / len(found.samples) == pytest.approx(440, abs=8)


def test_loud_floats_are_scaled_and_no_numbers_refused() -> None:
    loud = heard(sounding("WAV", "FLOAT", tone() * 20_000))
    assert np.abs(loud.samples).max() == pytest.approx(1)
    assert loud.scale == pytest.approx(np.abs(tone()).max() * 20_000, rel=1e-5)
    with pytest.raises(Unreadable, match="no finite numbers"):
        decode(sounding("WAV", "FLOAT", np.array([[0.1], [np.nan]])))


def test_bits_in_use() -> None:
    rng = np.random.default_rng(0)
    deep = rng.integers(-(1 << 15), 1 << 15, 1000)
    assert bits_in_use(deep, 16) == 16
    assert bits_in_use(deep * 256, 24) == 16
    assert bits_in_use(deep // 100, 16) == 16  # quiet is not coarse
    assert bits_in_use(rng.integers(0, 16, 1000) * 17, 8) == 4
    assert bits_in_use(np.full(10, 7), 8) is None
    late = np.zeros(200_000, np.int64)
    late[-1] = 1
    assert bits_in_use(late * 4, 8) == 6
    coarse = np.round(tone() * 127) / 128
    assert heard(sounding("WAV", "PCM_16", coarse)).bits_in_use == 8
    assert heard(sounding("WAV", "PCM_24", coarse)).bits_in_use == 8


@pytest.mark.parametrize("shape", [(40, 30, 3), (1500, 900, 1), (3, 100_000, 1), (100_000, 2, 3)])
def test_brightness_and_contrast_of_some_rows_are_those_of_all(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(1)
    light = np.linspace(40, 200, shape[0])[:, None, None] + rng.normal(0, 5, shape)
    stored = np.rint(light).astype(np.uint8)
    told = recording_facts(Picture(stored, 8, 8, "L", scale=1 / 255))
    # Within half a grey level, and exactly where all rows are looked at.
    exact = 1e-5 if stored.size <= 1 << 16 else 0.5 / 255
    assert told["brightness"].value == pytest.approx(stored.mean() / 255, abs=exact)
    assert told["contrast"].value == pytest.approx(stored.std() / 255, abs=exact)


def test_names_lie(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(valid("16.wav"))
    assert isinstance(decode(path), Sound)


def test_a_jpeg_with_a_preview_is_one_picture() -> None:
    exif = Image.Exif()
    exif[0x010F] = "ACME"
    target = io.BytesIO()
    Image.fromarray(color()).save(target, "JPEG", exif=exif)
    assert picture(target.getvalue()).frames == 1
