"""FLAC: rate, depth, block size, and the library that coded it."""

from __future__ import annotations

import struct

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.headers.vorbis import comments
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.sniff import skip_id3
from audit_pipeline.dataset.media.source import Stream

_NAMES = {0: "info", 1: "padding", 2: "application", 3: "seek", 4: "comment", 5: "cue", 6: "picture"}
_MAX_BLOCKS = 128


def flac_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the blocks before the sound."""
    place = skip_id3(stream) + 4
    blocks: list[str] = []
    info, encoder = b"", None
    last = False
    while not last and len(blocks) < _MAX_BLOCKS:
        head = stream.at(place, 4)
        if len(head) < 4:
            raise Unreadable("truncated", "the file ends before the sound begins")
        last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        blocks.append(_NAMES.get(kind, str(kind)))
        if kind == 0:
            info = stream.read(min(size, 34))
        elif kind == 4:
            encoder = comments(stream.read(min(size, 1 << 16)))
        place += 4 + size
    if len(info) < 34:
        raise Unreadable("corrupt", "the file does not say how its sound is coded")
    smallest, largest = struct.unpack(">HH", info[:4])
    packed = int.from_bytes(info[10:18], "big")
    rate, channels, bits, samples = (
        packed >> 44,
        (packed >> 41 & 7) + 1,
        (packed >> 36 & 31) + 1,
        packed & (1 << 36) - 1,
    )
    return facts(
        sample_rate=rate or None,
        channels=channels,
        bit_depth=bits,
        codec="flac",
        encoder=encoder,
        block_size=str(largest) if smallest == largest else f"{smallest} to {largest}",
        layout=" ".join(blocks),
        duration=samples / rate if rate and samples else None,
    )
