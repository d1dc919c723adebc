"""WebP: with or without loss, and the order of its chunks."""

from __future__ import annotations

import struct

from audit_pipeline.dataset.media.headers.exif import block_facts
from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_MAX_CHUNKS = 20_000


def webp_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the chunks' headers; pixels are passed over."""
    names: list[str] = []
    found: dict[str, Fact] = {}
    size: tuple[int, int] | None = None
    frames = 0
    place = 12
    while len(head := stream.at(place, 8)) == 8 and len(names) < 64 and frames < min(limits.frames, _MAX_CHUNKS):
        name, length = struct.unpack("<4sI", head)
        frames += name == b"ANMF"
        if name != b"ANMF" or "ANMF" not in names:
            names.append(name.decode("ascii", "replace").strip())
        if name in (b"VP8 ", b"VP8L", b"VP8X"):
            size = size or _size(name, stream.read(10))
        elif name == b"EXIF":
            found = block_facts(stream.read(min(length, 1 << 16)))
        place += 8 + length + (length & 1)
    if size is None:
        raise Unreadable(
            "truncated" if place >= stream.size else "corrupt", "the file says nothing of the size of its picture"
        )
    lossless = "VP8L" in names
    own = facts(
        width=size[0],
        height=size[1],
        bit_depth=8,
        channels=3,
        compression="lossless" if lossless else "lossy" if "VP8" in names else None,
        frames=max(frames, 1),
        layout=" ".join(names),
    )
    return {**own, **found}


def _size(name: bytes, block: bytes) -> tuple[int, int] | None:
    if len(block) < 10:
        return None
    if name == b"VP8X":
        return 1 + int.from_bytes(block[4:7], "little"), 1 + int.from_bytes(block[7:10], "little")
    if name == b"VP8L":
        if block[0] != 0x2F:
            return None
        bits = int.from_bytes(block[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if block[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(block[6:8], "little") & 0x3FFF, int.from_bytes(block[8:10], "little") & 0x3FFF
