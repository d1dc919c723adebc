"""What a file is, by its content: names lie, and what they say is no safe choice of a decoder."""

from __future__ import annotations

import re
from typing import Literal, get_args

from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

Kind = Literal["png", "jpeg", "tiff", "bmp", "webp", "dicom", "npy", "wav", "flac", "ogg", "mp3"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SOUNDS: frozenset[Kind] = frozenset({"wav", "flac", "ogg", "mp3"})

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0\x08\0\0\0", "tiff"),
    (b"MM\0+\0\x08\0\0", "tiff"),
    (b"\x93NUMPY", "npy"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
)

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (rb"GIF8[79]a", "a GIF"),
    (rb"%PDF", "a PDF document"),
    (rb"PK\x03\x04", "a ZIP archive (or an office document, or NPZ)"),
    (rb"\x1f\x8b", "compressed with gzip"),
    (rb"BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf", "compressed"),
    (rb"FORM....AIF[FC]", "AIFF sound"),
    (rb"\.snd", "AU sound"),
    (rb"....ftyp(heic|heix|mif1|avif)", "an HEIF or AVIF picture"),
    (rb"....ftyp", "an MP4 or M4A file"),
    (rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (rb"\x80[\x02-\x05]", "a pickle, which can run code when it is opened"),
    (rb"\x89HDF", "an HDF5 file"),
    (rb".{344}n[i+]1\0", "a NIfTI volume"),
    (rb"\s*<(!DOCTYPE|\?xml|html|HTML|svg)", "a web page or XML; often the error page of a download"),
    (rb"version https://git-lfs", "a pointer of git-lfs in place of the file"),
)

_VR = re.compile(rb"AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OW|PN|SH|SL|SQ|SS|ST|TM|UC|UI|UL|UN|UR|US|UT")


def medium(kind: Kind) -> Literal["image", "sound"]:
    """Return what is decoded from a kind of file."""
    return "sound" if kind in SOUNDS else "image"


def sniff(stream: Stream) -> Kind:
    """Return the kind of a file from its first bytes.

    Raises
    ------
    Unreadable : it is none that can be decoded; the reason says what it seems to be.
    """
    head = stream.at(0, 512)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and head[14:18] in (b"\x0c\0\0\0", b"\x28\0\0\0", b"\x40\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return "bmp"
    if head[128:132] == b"DICM" or _bare_dicom(head):
        return "dicom"
    start = skip_id3(stream)
    follows = stream.at(start, 4)
    if follows == b"fLaC":
        return "flac"
    if start or _frames(stream):
        return "mp3"
    raise Unreadable("unsupported", _what(head))


def skip_id3(stream: Stream) -> int:
    """Return where an ID3v2 tag at the start ends; 0 if there is none."""
    head = stream.at(0, 10)
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 127:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def mp3_frame(head: bytes) -> tuple[int, int, int, int] | None:
    """Return version (1, 2 or 25), layer 3's bit rate, sample rate and length in bytes of an MPEG frame; None if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version = {3: 1, 2: 2, 0: 25}.get(head[1] >> 3 & 3)
    rate = head[2] >> 2 & 3
    if version is None or head[1] >> 1 & 3 != 1 or rate == 3:
        return None
    table = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    if version != 1:
        table = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    index = head[2] >> 4
    if not 1 <= index <= 14:
        return None
    hertz = (44_100, 48_000, 32_000)[rate] // {1: 1, 2: 2, 25: 4}[version]
    bits = table[index - 1] * 1000
    return version, bits, hertz, (144 if version == 1 else 72) * bits // hertz + (head[2] >> 1 & 1)


def _frames(stream: Stream) -> bool:
    """Return whether an MPEG frame stands at the start and another where it ends: two bytes alone happen by chance."""
    first = mp3_frame(stream.at(0, 4))
    return first is not None and (stream.size <= first[3] or mp3_frame(stream.at(first[3], 4)) is not None)


def _bare_dicom(head: bytes) -> bool:
    """Return whether a file starts with a DICOM element of group 2 or 8, as old files without a preamble do."""
    if head[:2] not in (b"\x02\0", b"\x08\0") or len(head) < 16 or head[3] > 0x20:
        return False
    return _VR.fullmatch(head[4:6]) is not None or (
        head[2:4] in (b"\0\0", b"\x05\0", b"\x08\0") and head[6:8] == b"\0\0"
    )


def _what(head: bytes) -> str:
    for pattern, name in _OTHERS:
        if re.match(pattern, head, re.DOTALL):
            return f"the content is {name}"
    if not head.strip(b"\0"):
        return "the file starts with nothing but zero bytes"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head[:64]):
        return "the content is text"
    return "the content is no kind of picture or sound that can be read"
