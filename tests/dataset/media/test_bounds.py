"""Bombs and lying headers are refused before they fill the memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from audit_pipeline.dataset.media import Limits, Unreadable, decode, read_header
from tests.dataset.media.files import array, color, dicom, grey, saved, sounding, tiff, tone, valid

ROOT = Path(__file__).parents[3]
MEGA = 1 << 20


def png_of(width: int, height: int) -> bytes:
    """Return a PNG whose header announces another size than its pixels have."""
    whole = bytearray(valid("grey.png"))
    whole[16:24] = struct.pack(">II", width, height)
    whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
    return bytes(whole)


def tiff_bomb() -> bytes:
    """Return a TIFF of 32 x 24 pixels whose one strip unpacks to 300 MB."""
    whole = tiff(grey(16), compression="zlib", metadata=None)
    packed = zlib.compress(bytes(300 * MEGA), 1)
    order, tags = "<", struct.unpack("<I", whole[4:8])[0]
    count = struct.unpack(order + "H", whole[tags : tags + 2])[0]
    changed = bytearray(whole)
    for place in range(tags + 2, tags + 2 + 12 * count, 12):
        tag = struct.unpack("<H", whole[place : place + 2])[0]
        if tag in (273, 279):
            changed[place + 2 : place + 12] = struct.pack("<HII", 4, 1, len(whole) if tag == 273 else len(packed))
    return bytes(changed) + packed


def tiff_of_tiles() -> bytes:
    """Return a TIFF of 32 x 24 pixels in tiles of 60,000 x 60,000."""
    whole = bytearray(tiff(color(), tile=(16, 16), photometric="rgb", metadata=None))
    tags = struct.unpack("<I", whole[4:8])[0]
    for place in range(tags + 2, tags + 2 + 12 * struct.unpack("<H", whole[tags : tags + 2])[0], 12):
        if struct.unpack("<H", whole[place : place + 2])[0] in (322, 323):
            whole[place + 2 : place + 12] = struct.pack("<HII", 4, 1, 60_000)
    return bytes(whole)


def deflated_dicom() -> bytes:
    """Return a DICOM file whose body unpacks to 300 MB."""
    whole = dicom(np.zeros((150, 1024, 1024), np.uint16), syntax=DeflatedExplicitVRLittleEndian)
    assert len(whole) < MEGA
    return whole


def rle_dicom() -> bytes:
    """Return a DICOM file of 32 x 24 pixels whose run-length coding unpacks to more than 60 MB."""
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * (MEGA // 2)
    return dicom(grey(), syntax=RLELossless, frames=[frame])


def jpeg_dicom() -> bytes:
    """Return a DICOM file of 32 x 24 pixels around a JPEG of 8,000 x 8,000."""
    frame = saved(np.zeros((8000, 8000), np.uint8), "JPEG")
    return dicom(grey(), syntax=JPEGBaseline8Bit, frames=[frame])


def long_element() -> bytes:
    """Return a DICOM file one of whose elements announces 3 GB."""
    whole = dicom()
    return whole[:-1544] + b"\x09\0\x10\0OB\0\0" + struct.pack("<I", 3 << 30) + b"abc"


def wav_of(size: int) -> bytes:
    whole = bytearray(valid("16.wav"))
    whole[40:44] = struct.pack("<I", size)
    return bytes(whole)


def flac_of(samples: int) -> bytes:
    whole = bytearray(valid("sound.flac"))
    packed = int.from_bytes(whole[18:26], "big") >> 36 << 36 | samples
    whole[18:26] = packed.to_bytes(8, "big")
    return bytes(whole)


def npy_of(shape: str, descr: str = "<f8") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + bytes(64)


def scans() -> bytes:
    """Return a progressive JPEG that goes over its picture a thousand times."""
    whole = valid("progressive.jpeg")
    start = whole.rfind(b"\xff\xda")
    return whole[:-2] + whole[start:-2] * 1000 + whole[-2:]


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "png huge": (lambda: png_of(60_000, 60_000), "bomb"),
    "png absurd": (lambda: png_of(0x7FFFFFFF, 0x7FFFFFFF), "bomb"),
    "png long": (lambda: png_of(90_000_000, 2), "bomb"),
    "tiff strip": (tiff_bomb, "bomb"),
    "tiff tiles": (tiff_of_tiles, "bomb"),
    "dicom deflated": (deflated_dicom, "bomb"),
    "dicom run lengths": (rle_dicom, "bomb"),
    "dicom jpeg": (jpeg_dicom, "corrupt"),
    "dicom element": (long_element, "truncated"),
    "dicom rows": (lambda: dicom(Rows=65_535, Columns=65_535), "bomb"),
    "dicom frames": (lambda: dicom(NumberOfFrames=2_000_000_000), "gigantic"),
    "wav lying": (lambda: wav_of(0x7FFFFF00), "truncated"),
    "flac lying": (lambda: flac_of((1 << 36) - 1), "bomb"),
    "npy shape": (lambda: npy_of("(900000, 900000)"), "bomb"),
    "npy frames": (lambda: npy_of("(9000, 900, 900)"), "truncated"),
    "npy objects": (lambda: array(np.array([[{}]]), allow_pickle=True), "unsupported"),
    "npy words": (lambda: array(np.array([["a"]])), "unsupported"),
    "npy overflow": (lambda: npy_of("(" + "9" * 40 + ", 2)"), "bomb"),
    "jpeg scans": (scans, "bomb"),
}
LIMITS = Limits(bytes=100 * MEGA)
ALLOWED = 60
"""Megabytes that refusing all of them may take beyond what importing the decoders takes; each bomb wants 300 and more."""

MEASURE = """
import json, sys
import numpy, soundfile, tifffile, pydicom.pixels, PIL.Image
from audit_pipeline.dataset.media import Limits, Unreadable, decode, read_header

def peak():  # not getrusage, which starts from the peak of the process that started this one
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

folder, names = sys.argv[1], json.loads(sys.argv[2])
decode(open(f"{folder}/valid", "rb").read())
before = peak()
answers = {}
for name in names:
    content = open(f"{folder}/{name}", "rb").read()
    try:
        read_header(content, limits=Limits(bytes=100 << 20))
    except Unreadable:
        pass
    try:
        decode(content, limits=Limits(bytes=100 << 20))
        answers[name] = "decoded"
    except Unreadable as error:
        answers[name] = error.kind
hostile = peak()
content = bytearray(300 << 20)
print(json.dumps([answers, hostile - before, peak() - before]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process's memory is not told there")
def test_bombs_are_refused_in_little_memory(tmp_path: Path) -> None:
    for name, (make, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(make())
    (tmp_path / "valid").write_bytes(valid("one.dcm"))
    command = [sys.executable, "-c", MEASURE, str(tmp_path), json.dumps(list(HOSTILE))]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stderr == ""
    answers, kilobytes, control = json.loads(found.stdout)
    assert answers == {name: kind for name, (_, kind) in HOSTILE.items()}
    assert control > 250 * 1024  # the measure sees 300 MB
    assert kilobytes < ALLOWED * 1024


def test_large_files_are_refused_by_policy() -> None:
    few = Limits(pixels=500)
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    for content in (saved(noise, "PNG"), saved(noise, "TIFF"), dicom(noise), array(noise), saved(noise, "BMP")):
        with pytest.raises(Unreadable) as caught:
            decode(content, limits=few)
        assert caught.value.kind == "gigantic"
    for limits in (Limits(bytes=1000), Limits(seconds=0.1), Limits(samples=1000)):
        with pytest.raises(Unreadable) as caught:
            decode(valid("16.wav"), limits=limits)
        assert caught.value.kind == "gigantic"
    with pytest.raises(ValueError, match="pixels must be positive"):
        Limits(pixels=0)


def test_streamed_sound_is_no_truncated_one() -> None:
    """Programs that write into a pipe cannot go back and say how long the sound became."""
    assert len(decode(wav_of(0xFFFFFFFF)).samples) == 2000  # type: ignore[union-attr]
    with pytest.raises(Unreadable, match="never finished"):
        decode(wav_of(0))


@pytest.mark.parametrize(
    "name", ["color.png", "color.jpeg", "plain.tiff", "deep.tiff", "one.dcm", "grey.npy", "16.wav"]
)
def test_what_is_cut_short_is_called_so(name: str) -> None:
    content = valid(name)
    with pytest.raises(Unreadable) as caught:
        decode(content[: len(content) * 3 // 4] if "tiff" not in name else content[:-200])
    assert caught.value.kind == "truncated"


def test_chain_of_pages_that_bites_its_tail() -> None:
    content = bytearray(valid("pages.tiff"))
    first = struct.unpack("<I", content[4:8])[0]
    count = struct.unpack("<H", content[first : first + 2])[0]
    following = first + 2 + 12 * count
    content[following : following + 4] = struct.pack("<I", first)
    assert read_header(bytes(content))["frames"].value == 1


def test_what_is_no_recording_is_named() -> None:
    gif = io.BytesIO()
    from PIL import Image

    Image.fromarray(grey()).save(gif, "GIF")
    named = {
        gif.getvalue(): "a GIF",
        b"<!DOCTYPE html><html>": "a web page",
        b"%PDF-1.7": "a PDF",
        b"PK\x03\x04abc": "a ZIP",
        b"\x80\x04\x95" + bytes(20): "a pickle",
        b"some notes\n": "text",
        bytes(3000): "zero bytes",
        sounding("AIFF", "PCM_16", tone()): "AIFF",
        b"version https://git-lfs.github.com/spec/v1\n": "git-lfs",
    }
    for content, words in named.items():
        with pytest.raises(Unreadable, match=words) as caught:
            decode(content)
        assert caught.value.kind == "unsupported"
    with pytest.raises(Unreadable) as caught:
        decode(b"")
    assert caught.value.kind == "empty"
