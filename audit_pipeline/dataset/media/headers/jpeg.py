"""JPEG: quantisation tables, subsampling, coding and order of the parts, which are the fingerprint of whatever wrote the file."""

from __future__ import annotations

import hashlib
import struct
from functools import cache

import numpy as np

from audit_pipeline.dataset.media.headers.exif import block_facts
from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_PROCESS = {
    0xC0: "baseline",
    0xC1: "extended",
    0xC2: "progressive",
    0xC3: "lossless",
    0xC9: "arithmetic",
    0xCA: "arithmetic progressive",
}
_BASE = (
    *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51),
    *(61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77),
    *(113, 121, 112, 100, 120, 92, 101, 103, 99),
)
"""Luminance table of annex K of the standard (ITU-T T.81), in zigzag order: what quality 50 means to the IJG's library."""


def jpeg_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts before the first scan.

    Raises
    ------
    Unreadable : the file ends or breaks off before its picture begins.
    """
    tables: dict[int, tuple[int, ...]] = {}
    huffman: list[bytes] = []
    layout: list[str] = []
    found: dict[str, Fact] = {}
    frame: bytes = b""
    place = 2
    while True:
        head = stream.at(place, 4)
        if len(head) < 4:
            raise Unreadable("truncated", "the file ends before the picture begins")
        if head[0] != 0xFF:
            raise Unreadable("corrupt", "the parts of the file do not follow each other")
        marker = head[1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        size = struct.unpack(">H", head[2:])[0]
        name = _name(marker)
        layout.append(name)
        if marker == 0xDA:
            break
        if size < 2 or place > limits.header or len(layout) > 256:
            raise Unreadable("corrupt", "the parts of the file do not follow each other")
        if marker == 0xDB:
            _read_tables(stream.read(size - 2), tables)
        elif marker == 0xC4:
            huffman.append(stream.read(size - 2))
        elif name.startswith("SOF"):
            frame = stream.read(size - 2)
        elif marker == 0xE1 and "make" not in found and stream.read(6) == b"Exif\0\0":
            found |= block_facts(stream.read(max(0, size - 8)))
        elif marker == 0xE0:
            found = {**_density(stream.read(min(size - 2, 14))), **found}
        place += 2 + size
    if len(frame) < 9 or len(frame) < 6 + 3 * frame[5]:
        raise Unreadable("corrupt", "the file says nothing of the size of its picture")
    return {**_describe(frame, layout, tables, huffman), **found}


def _describe(
    frame: bytes, layout: list[str], tables: dict[int, tuple[int, ...]], huffman: list[bytes]
) -> dict[str, Fact]:
    depth, height, width, channels = struct.unpack(">BHHB", frame[:6])
    process = next((_PROCESS.get(0xC0 + int(part[3:])) for part in layout if part.startswith("SOF")), None)
    first = tables.get(frame[8])
    quality, exact = _quality(first) if first is not None else (None, None)
    listed = [value for key in sorted(tables) for value in tables[key]]
    digest = hashlib.sha256(",".join(map(str, listed)).encode()).hexdigest()[:12]
    return facts(
        width=width,
        height=height,
        channels=channels,
        bit_depth=depth,
        jpeg_tables=digest if tables else None,
        jpeg_tables_sum=sum(listed) if tables else None,
        jpeg_quality=quality,
        jpeg_standard=None if exact is None else "standard" if exact else "own",
        jpeg_subsampling=_subsampling(frame[6:], channels),
        jpeg_process=process or "other",
        jpeg_huffman=("standard" if _standard_huffman(huffman) else "own") if huffman else None,
        layout=" ".join(layout),
    )


def _read_tables(block: bytes, tables: dict[int, tuple[int, ...]]) -> None:
    place = 0
    while place < len(block):
        wide, key = block[place] >> 4, block[place] & 15
        size = 128 if wide else 64
        values = block[place + 1 : place + 1 + size]
        if len(values) < size:
            return
        tables[key] = struct.unpack(">64H", values) if wide else tuple(values)
        place += 1 + size


@cache
def _standard_tables() -> np.ndarray:
    """Return (100, 64) luminance tables of the IJG's library at quality 1 to 100."""
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.clip((np.array(_BASE) * scale[:, None] + 50) // 100, 1, 255)


def _quality(table: tuple[int, ...]) -> tuple[int, bool]:
    """Return the quality whose standard table is nearest, the higher of two, and whether it is the very table."""
    distance = np.abs(_standard_tables() - np.array(table)).sum(axis=1)
    best = 99 - int(distance[::-1].argmin())
    return best + 1, bool(distance[best] == 0)


def _subsampling(components: bytes, channels: int) -> str | None:
    if channels == 1:
        return "grey"
    factors = [(components[3 * position + 1] >> 4, components[3 * position + 1] & 15) for position in range(channels)]
    if channels == 3 and factors[1] == factors[2] == (1, 1):
        named = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (4, 1): "4:1:1", (1, 2): "4:4:0", (4, 2): "4:1:0"}
        if factors[0] in named:
            return named[factors[0]]
    return " ".join(f"{across}x{down}" for across, down in factors)


_STANDARD_COUNTS = (
    bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)),
    bytes((0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0)),
    bytes((0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125)),
    bytes((0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119)),
)
"""How many codes of each length the four tables of annex K have; optimised tables differ in them."""


def _standard_huffman(blocks: list[bytes]) -> bool:
    for block in blocks:
        place = 0
        while place + 17 <= len(block):
            counts = block[place + 1 : place + 17]
            if counts not in _STANDARD_COUNTS:
                return False
            place += 17 + sum(counts)
    return True


def _density(block: bytes) -> dict[str, Fact]:
    if len(block) < 12 or block[:5] != b"JFIF\0":
        return {}
    unit, across, down = struct.unpack(">BHH", block[7:12])
    return facts(density=f"{across}x{down} {('', 'per inch', 'per cm')[unit] if unit < 3 else ''}")


def _name(marker: int) -> str:
    if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
        return f"SOF{marker - 0xC0}"
    if 0xE0 <= marker <= 0xEF:
        return f"APP{marker - 0xE0}"
    return {0xC4: "DHT", 0xDA: "SOS", 0xDB: "DQT", 0xDD: "DRI", 0xFE: "COM"}.get(marker, f"x{marker:02X}")
