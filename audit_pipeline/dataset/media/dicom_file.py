"""DICOM files as datasets of pydicom, read so that neither a compressed body nor a long element can fill the memory."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

IMPLICIT, EXPLICIT, DEFLATED, BIG = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)
RLE = "1.2.840.10008.1.2.5"
NATIVE = frozenset({IMPLICIT, EXPLICIT, DEFLATED, BIG})
"""Transfer syntaxes whose pixels are not compressed (one of them compresses everything)."""

_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"})
_MAX_META = 1 << 16
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Body:
    """Where the dataset starts behind the file's own elements, and how it is written."""

    start: int
    syntax: str


def body_of(stream: Stream) -> Body:
    """Walk over the elements of group 2, which are always explicit and little endian.

    Done here since pydicom goes straight on to unpack a deflated body, however large that gets.
    """
    place = 132 if stream.at(128, 4) == b"DICM" else 0
    first, syntax = place, ""
    while len(head := stream.at(place, 12)) >= 8 and head[:2] == b"\x02\0":
        if place - first > _MAX_META:
            raise Unreadable("corrupt", "the elements that describe the file do not end")
        if head[4:6] in _LONG:
            if len(head) < 12:
                break
            start, size = place + 12, struct.unpack("<I", head[8:12])[0]
        else:
            start, size = place + 8, struct.unpack("<H", head[6:8])[0]
        if head[2:4] == b"\x10\0":
            syntax = stream.at(start, min(size, 64)).rstrip(b"\0 ").decode("ascii", "replace")
        place = start + size
    if not syntax:
        head = stream.at(place, 6)
        syntax = EXPLICIT if head[4:6].isalpha() and head[4:6].isupper() else IMPLICIT
    return Body(place, syntax)


def read_dataset(stream: Stream, limits: Limits, *, tags: list[int] | None = None) -> tuple[Dataset, str]:
    """Return the dataset and its transfer syntax; with ``tags`` only these elements, and nothing from the pixels on.

    Raises
    ------
    Unreadable : the file ends before anything is said, or its body unpacks to more than the limit.
    """
    from pydicom import filereader
    from pydicom.dataset import FileMetaDataset

    body = body_of(stream)
    source: Any = stream
    stream.seek(body.start)
    if body.syntax == DEFLATED:
        source = io.BytesIO(_inflate(stream, limits) if tags is None else _inflate_start(stream, limits))
    implicit, little = body.syntax == IMPLICIT, body.syntax != BIG

    def pixels(tag: int, vr: str | None, size: int) -> bool:
        return tag >= 0x7FE00008

    dataset = filereader.read_dataset(
        source,
        is_implicit_VR=implicit,
        is_little_endian=little,
        stop_when=pixels if tags is not None else None,
        specific_tags=tags,
    )
    if not len(dataset) and tags is None:
        raise Unreadable("truncated", "the file ends before anything is said of its picture")
    dataset.set_original_encoding(implicit, little)
    dataset.file_meta = FileMetaDataset()
    # What was unpacked is like any explicit dataset to the decoders of pixels.
    dataset.file_meta.TransferSyntaxUID = EXPLICIT if body.syntax == DEFLATED else body.syntax  # type: ignore[assignment]
    return dataset, body.syntax


def _inflate(stream: Stream, limits: Limits) -> bytes:
    packed = stream.read()
    # Once to see how much it is, keeping nothing, and once to keep it.
    unpacker, rest, size = zlib.decompressobj(-zlib.MAX_WBITS), packed, 0
    while not unpacker.eof:
        block = unpacker.decompress(rest, _BLOCK)
        rest, size = unpacker.unconsumed_tail, size + len(block)
        if size > limits.bytes:
            raise Unreadable("bomb", f"{len(packed):,} bytes unpack to more than {limits.bytes:,}")
        if not block and not rest and not unpacker.eof:
            raise Unreadable("truncated", "the compressed body ends too early")
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed)


def _inflate_start(stream: Stream, limits: Limits) -> bytes:
    """Return the start of a compressed body: what describes a picture stands before it."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(limits.header), limits.header)


def rle_length(segment: bytes) -> int:
    """Return to how many bytes a run-length coded segment unpacks (PS3.5 annex G), without unpacking it."""
    place, total = 0, 0
    while place < len(segment):
        code = segment[place]
        if code < 128:
            total += min(code + 1, len(segment) - place - 1)
            place += code + 2
        elif code > 128:
            total += 257 - code
            place += 2
        else:
            place += 1
    return total
