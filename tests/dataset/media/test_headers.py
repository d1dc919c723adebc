"""What files say about themselves, and that no more of them is read than that takes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from audit_pipeline.dataset.media import FIELDS, Limits, Origin, Unreadable, read_header
from audit_pipeline.dataset.media.headers import header_of
from audit_pipeline.dataset.media.headers.facts import TOKENS, facts
from audit_pipeline.dataset.media.sniff import sniff
from audit_pipeline.dataset.media.source import Stream
from tests.dataset.media.files import MAKERS, array, color, dicom, grey, saved, sounding, tiff, valid


def said(content: bytes, name: str = "") -> dict[str, Any]:
    return {name: fact.value for name, fact in read_header(content, name=name).items()}


def test_every_kind_has_a_header() -> None:
    for name in MAKERS:
        header = read_header(valid(name), name=name)
        assert header["kind"].value in (
            "png",
            "jpeg",
            "tiff",
            "bmp",
            "webp",
            "dicom",
            "npy",
            "wav",
            "flac",
            "ogg",
            "mp3",
        )
        for key, fact in header.items():
            assert fact.origin is FIELDS[key].origin
            assert isinstance(fact.value, float if FIELDS[key].type == "number" else str), key
        picture = "width" in header
        assert (
            (header["width"].value, header["height"].value) == (32, 24)
            if picture
            else header["sample_rate"].value == 8000
        )
        assert ("bytes_per_pixel" if picture else "bytes_per_second") in header


def test_what_may_fail_a_dataset() -> None:
    acquisition = (
        "make",
        "model",
        "serial",
        "software",
        "jpeg_tables",
        "jpeg_subsampling",
        "bit_depth",
        "bit_depth_in_use",
    )
    for name in (
        *acquisition,
        "sample_rate",
        "codec",
        "encoder",
        "station",
        "institution",
        "kvp",
        "pixel_spacing",
        "protocol",
    ):
        assert FIELDS[name].origin.may_fail, name
    for name in (
        "bytes",
        "bytes_per_pixel",
        "bytes_per_second",
        "duration",
        "loudness",
        "width",
        "aspect",
        "exposure_time",
    ):
        assert FIELDS[name].origin is Origin.RECORDED, name
    for name in ("ending", "name_1", "name_shape"):
        assert FIELDS[name].origin is Origin.NAME, name
    assert not any(origin.may_fail for origin in Origin if origin is not Origin.ACQUISITION)


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 90, 100])
def test_quality_of_jpeg(quality: int) -> None:
    header = said(saved(color(), "JPEG", quality=quality))
    assert header["jpeg_quality"] == quality
    assert header["jpeg_standard"] == "standard"
    tables = Image.open(io.BytesIO(saved(color(), "JPEG", quality=quality))).quantization
    assert header["jpeg_tables_sum"] == sum(sum(table) for table in tables.values())


def test_tables_of_jpeg() -> None:
    one, other = said(saved(color(), "JPEG", quality=80)), said(saved(color(), "JPEG", quality=81))
    assert one["jpeg_tables"] != other["jpeg_tables"]
    assert one["jpeg_tables"] == said(saved(color()[::-1], "JPEG", quality=80))["jpeg_tables"]
    own = said(saved(color(), "JPEG", qtables=[[7] * 64, [9] * 64]))
    assert (own["jpeg_standard"], own["jpeg_tables_sum"]) == ("own", 64 * 16)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_subsampling_of_jpeg(subsampling: str) -> None:
    assert said(saved(color(), "JPEG", subsampling=subsampling))["jpeg_subsampling"] == subsampling
    assert said(saved(grey(), "JPEG"))["jpeg_subsampling"] == "grey"


def test_coding_of_jpeg() -> None:
    plain, dense = said(saved(color(), "JPEG")), said(saved(color(), "JPEG", progressive=True, dpi=(300, 300)))
    assert (plain["jpeg_process"], plain["jpeg_huffman"]) == ("baseline", "standard")
    assert (dense["jpeg_process"], dense["jpeg_huffman"]) == ("progressive", "own")
    assert dense["density"] == "300x300 per inch"
    assert plain["layout"].endswith("SOS")


SECRETS = ("Jane Doe", "a private remark", "Doe Studios")


def exif() -> Image.Exif:
    block = Image.Exif()
    block[0x010F], block[0x0110], block[0x0131] = "ACME", "Shooter 3", "firmware 1.2"
    block[0x0132] = "2021:03:04 10:11:12"
    block[0x013B], block[0x010E], block[0x8298] = SECRETS  # artist, description, copyright
    own = block.get_ifd(0x8769)
    own[0x9003], own[0xA431], own[0xA434] = "2020:01:02 03:04:05", "SN 77", "50 mm"
    own[0x829A], own[0x829D], own[0x8827], own[0x920A] = 0.01, 2.8, 400, 50.0
    own[0xA430] = SECRETS[0]  # owner
    return block


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif(kind: str) -> None:
    header = said(saved(color(), kind, exif=exif()))
    assert (header["make"], header["model"], header["software"]) == ("ACME", "Shooter 3", "firmware 1.2")
    if kind == "TIFF":  # Pillow leaves the camera's own block out
        assert header["date"] == "2021-03-04T10:11:12"
        assert not any(secret in str(header) for secret in SECRETS)
        return
    assert (header["date"], header["serial"], header["lens"]) == ("2020-01-02T03:04:05", "SN 77", "50 mm")
    assert header["exposure_time"] == pytest.approx(0.01)
    assert header["f_number"] == pytest.approx(2.8)
    assert (header["iso"], header["focal_length"]) == (400, 50)
    assert not any(secret in str(header) for secret in SECRETS)


def test_text_of_png() -> None:
    notes = PngInfo()
    notes.add_text("Software", "Paint 7")
    notes.add_text("Author", SECRETS[0])
    header = said(saved(grey(16), "PNG", pnginfo=notes))
    assert (header["software"], header["bit_depth"], header["color"]) == ("Paint 7", 16, "grey")
    assert SECRETS[0] not in str(header)
    levels = {said(saved(color(), "PNG", compress_level=level))["deflate_level"] for level in (1, 6, 9)}
    assert len(levels) == 3


def test_tiff() -> None:
    header = said(tiff(grey(16), software="Scope 4", byteorder=">", resolution=(10, 10)))
    assert (header["software"], header["byte_order"], header["bit_depth"]) == ("Scope 4", "big endian", 16)
    assert said(valid("pages.tiff"))["frames"] == 2
    assert said(valid("lzw.tiff"))["compression"] == "lzw"
    big = said(tiff(grey(16), bigtiff=True))
    assert (big["layout"], big["width"]) == ("bigtiff", 32)


def test_sounds() -> None:
    assert (said(valid("16.wav"))["bit_depth"], said(valid("16.wav"))["channels"]) == (16, 2)
    assert said(valid("16.wav"))["duration"] == pytest.approx(0.25)
    assert said(valid("float.wav"))["codec"] == "float"
    assert said(valid("law.wav"))["codec"] == "mu-law"
    assert "libFLAC" in said(valid("sound.flac"))["encoder"]
    assert "libVorbis" in said(valid("vorbis.ogg"))["encoder"]
    assert said(valid("opus.ogg"))["codec"] == "opus"
    mp3 = said(valid("sound.mp3"))
    assert (mp3["encoder"], mp3["codec"]) == ("LAME3.100", "mpeg 2.5 layer 3")


def test_software_of_wav() -> None:
    whole = valid("16.wav")
    note = b"INFOIART" + (8).to_bytes(4, "little") + b"Jane Doe" + b"ISFT" + (8).to_bytes(4, "little") + b"Rec 1.0\0"
    content = whole[:36] + b"LIST" + len(note).to_bytes(4, "little") + note + whole[36:]
    header = said(content)
    assert (header["encoder"], header["layout"], header["sample_rate"]) == ("Rec 1.0", "fmt LIST data", 8000)
    assert "Jane" not in str(header)


def test_names() -> None:
    header = said(valid("grey.png"), name="person12_Bacteria-3.v2.JPEG")
    assert [header[f"name_{position}"] for position in range(1, 6)] == ["person", "12", "Bacteria", "3", "v"]
    assert (header["ending"], header["name_shape"], header["name_length"]) == (".JPEG", "a0_a-0.a0", 27)
    assert f"name_{TOKENS + 1}" not in said(valid("grey.png"), name="-".join("abcdefghijklmnop"))


def test_odd_values_of_facts() -> None:
    found = facts(make="A\0\x1b[31m  b\n" + "x" * 200, kvp=float("nan"), model="  ", iso=10**400, software="\udc80")
    assert set(found) == {"make", "software"}
    assert "\x1b" not in str(found["make"].value)
    assert len(str(found["make"].value)) <= 64


@pytest.mark.parametrize("name", ["color.png", "color.bmp", "deep.tiff", "grey.npy", "16.wav", "one.dcm"])
def test_no_more_is_read_than_the_header(name: str) -> None:
    makers = {
        "color.png": lambda: saved(np.random.default_rng(0).integers(0, 256, (500, 600, 3), np.uint8), "PNG"),
        "color.bmp": lambda: saved(np.zeros((500, 600, 3), np.uint8), "BMP"),
        "deep.tiff": lambda: tiff(np.zeros((500, 600), np.uint16)),
        "grey.npy": lambda: array(np.zeros((500, 600))),
        "16.wav": lambda: sounding("WAV", "PCM_16", np.zeros((300_000, 1))),
        "one.dcm": lambda: dicom(np.zeros((500, 600), np.uint16)),
    }
    content = makers[name]()
    stream = Stream(io.BytesIO(content), len(content))
    assert header_of(stream, sniff(stream), name, Limits())["bytes"].value == len(content) > 300_000
    assert stream.taken < 16_000


def test_places(tmp_path: Path) -> None:
    import fsspec

    path = tmp_path / "a b.png"
    path.write_bytes(valid("color.png"))
    assert read_header(path) == read_header(str(path)) == read_header(f"file://{path}")
    with fsspec.open("memory://headers/x.png", "wb") as target:
        target.write(valid("color.png"))
    assert read_header("memory://headers/x.png")["width"].value == 32
    for place in (tmp_path / "none.png", "memory://headers/none.png", path / "below"):
        with pytest.raises(Unreadable) as caught:
            read_header(place)
        assert caught.value.problem.kind == "missing"
        assert caught.value.problem.path.endswith(("none.png", "below"))


def test_digest_of_tables_is_stable() -> None:
    tables = Image.open(io.BytesIO(saved(grey(), "JPEG", qtables=[[3] * 64]))).quantization
    expected = hashlib.sha256(",".join(map(str, tables[0])).encode()).hexdigest()[:12]
    assert said(saved(grey(), "JPEG", qtables=[[3] * 64]))["jpeg_tables"] == expected
