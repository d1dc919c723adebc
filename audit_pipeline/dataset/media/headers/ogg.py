"""Ogg: Vorbis, Opus or FLAC inside, its rate, and the library that coded it."""

from __future__ import annotations

import struct

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.headers.vorbis import comments
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_START = 1 << 16
_PAGE = 1 << 16
"""No page of Ogg is larger than 65,307 bytes."""


def ogg_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the first two packets, and the length from the last page."""
    packets = _packets(stream.at(0, _START))
    first = packets[0] if packets else b""
    second = packets[1] if len(packets) > 1 else b""
    found: dict[str, Fact]
    rate = 0
    if first[:7] == b"\x01vorbis" and len(first) >= 29:
        channels, rate, _, nominal, _, blocks = struct.unpack("<BIiiiB", first[11:29])
        sizes = f"{1 << (blocks & 15)} and {1 << (blocks >> 4)}"
        encoder = comments(second[7:]) if second[:7] == b"\x03vorbis" else None
        found = facts(
            codec="vorbis",
            channels=channels,
            sample_rate=rate,
            bit_rate=nominal if nominal > 0 else None,
            block_size=sizes,
            encoder=encoder,
        )
    elif first[:8] == b"OpusHead" and len(first) >= 19:
        original = struct.unpack("<I", first[12:16])[0]
        rate = 48_000
        encoder = comments(second[8:]) if second[:8] == b"OpusTags" else None
        found = facts(codec="opus", channels=first[9], sample_rate=original or rate, encoder=encoder)
    elif first[:5] == b"\x7fFLAC":
        found = facts(codec="flac")
    elif len(first) < 8 and stream.size < _START:
        raise Unreadable("truncated", "the file ends before the sound begins")
    else:
        raise Unreadable("unsupported", "the file holds neither Vorbis nor Opus nor FLAC")
    samples = _last_position(stream.at(max(0, stream.size - _PAGE), _PAGE))
    return {**found, **facts(duration=samples / rate if rate and samples else None)}


def _packets(block: bytes) -> list[bytes]:
    """Return the first two packets of the first stream, as far as they are here (RFC 3533)."""
    packets: list[bytes] = []
    unfinished = b""
    place = 0
    while block[place : place + 4] == b"OggS" and place + 27 <= len(block) and len(packets) < 2:
        count = block[place + 26]
        table = block[place + 27 : place + 27 + count]
        place += 27 + count
        for size in table:
            unfinished += block[place : place + size]
            place += size
            if size < 255:
                packets.append(unfinished)
                unfinished = b""
    return [*packets, unfinished] if unfinished else packets


def _last_position(block: bytes) -> int:
    """Return the position in samples that the last page states; 0 if none does."""
    place = block.rfind(b"OggS")
    if place < 0 or place + 14 > len(block):
        return 0
    position: int = struct.unpack("<q", block[place + 6 : place + 14])[0]
    return max(0, position)
