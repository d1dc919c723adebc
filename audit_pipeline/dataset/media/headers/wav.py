"""WAV: sample format, and the order of the chunks, which differs between recorders and programs."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_CODECS = {
    1: "pcm",
    2: "ms adpcm",
    3: "float",
    6: "a-law",
    7: "mu-law",
    17: "ima adpcm",
    49: "gsm",
    80: "mpeg",
    85: "mp3",
}
_EXTENSIBLE = 0xFFFE
_STREAMED = (0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF)
"""Sizes that programs write which cannot go back to the start, since they write into a pipe."""

_MAX_CHUNKS = 64


@dataclass
class Wave:
    """What the chunks of a file say. ``missing`` bytes of sound were announced and are not there.

    ``unfinished`` files announce none and have some: their recorder was stopped before it could say how much.
    """

    codec: int = 0
    channels: int = 0
    rate: int = 0
    bits: int = 0
    block: int = 0
    sound: int = 0
    missing: int = 0
    unfinished: bool = False
    software: str | None = None
    order: str = "little endian"
    chunks: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """Length as far as the sound is there; None if blocks are packed and their length is not known."""
        if self.codec not in (1, 3, 6, 7) or not self.block or not self.rate:
            return None
        return self.sound / self.block / self.rate


def read_wave(stream: Stream) -> Wave:
    """Walk over the chunks.

    Raises
    ------
    Unreadable : the file breaks off before its sound begins, or does not say how that is coded.
    """
    wave = Wave()
    head = stream.at(0, 12)
    order = ">" if head[:4] == b"RIFX" else "<"
    wave.order = "big endian" if order == ">" else "little endian"
    place, long = 12, 0
    while len(part := stream.at(place, 8)) == 8 and len(wave.chunks) < _MAX_CHUNKS:
        name, size = struct.unpack(order + "4sI", part)
        wave.chunks.append(name.decode("latin-1").strip())
        if name == b"fmt ":
            _format(stream.read(min(size, 40)), order, wave)
        elif name == b"ds64" and head[:4] == b"RF64":
            block = stream.read(min(size, 24))
            long = struct.unpack("<Q", block[8:16])[0] if len(block) >= 16 else 0
        elif name == b"LIST" and stream.read(4) == b"INFO":
            wave.software = wave.software or _software(stream.read(min(size, 4096)))
        elif name == b"data":
            left = stream.size - place - 8
            size = long if size == 0xFFFFFFFF and long else size
            streamed = size == 0 or (size in _STREAMED and size != long and size > left)
            wave.sound = left if streamed else min(size, left)
            wave.missing = 0 if streamed else max(0, size - left)
            wave.unfinished = size == 0 < left
            if streamed:
                break
        place += 8 + size + (size & 1)
    if not wave.channels or not wave.rate:
        raise Unreadable(
            "corrupt" if "data" in wave.chunks else "truncated", "the file does not say how its sound is coded"
        )
    if "data" not in wave.chunks:
        raise Unreadable("truncated", "the file ends before the sound begins")
    return wave


def _format(block: bytes, order: str, wave: Wave) -> None:
    if len(block) < 16:
        return
    wave.codec, wave.channels, wave.rate, _, wave.block, wave.bits = struct.unpack(order + "HHIIHH", block[:16])
    if wave.codec == _EXTENSIBLE and len(block) >= 26:
        valid, _, wave.codec = struct.unpack(order + "HIH", block[18:26])
        wave.bits = valid if 0 < valid <= wave.bits else wave.bits


def _software(block: bytes) -> str | None:
    """Return the program that a list of notes names; its authors, titles and comments are passed over."""
    place = 0
    while place + 8 <= len(block):
        name, size = struct.unpack("<4sI", block[place : place + 8])
        if name == b"ISFT":
            return block[place + 8 : place + 8 + size].decode("utf-8", "replace")
        place += 8 + size + (size & 1)
    return None


def wav_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the chunks before and behind the sound, which is passed over."""
    wave = read_wave(stream)
    return facts(
        sample_rate=wave.rate,
        channels=wave.channels,
        bit_depth=wave.bits or None,
        codec=_CODECS.get(wave.codec, str(wave.codec)),
        encoder=wave.software,
        byte_order=wave.order,
        layout=" ".join(wave.chunks),
        duration=wave.seconds,
    )
