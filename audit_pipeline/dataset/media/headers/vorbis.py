"""Vorbis comments, the notes in FLAC and Ogg files: the vendor and the encoder, and none of the other notes."""

from __future__ import annotations

import struct

_MAX_NOTES = 256


def comments(block: bytes) -> str | None:
    """Return the coding library of a block of comments, and the program if one is named."""
    parts: list[str] = []
    place = 0

    def take() -> bytes | None:
        nonlocal place
        if place + 4 > len(block):
            return None
        size = struct.unpack("<I", block[place : place + 4])[0]
        place += 4 + size
        return block[place - size : place] if place <= len(block) else None

    vendor = take()
    if vendor is None:
        return None
    parts.append(vendor.decode("utf-8", "replace"))
    count = struct.unpack("<I", block[place : place + 4])[0] if place + 4 <= len(block) else 0
    place += 4
    for _ in range(min(count, _MAX_NOTES)):
        note = take()
        if note is None:
            break
        key, _, value = note.partition(b"=")
        if key.upper() == b"ENCODER":
            parts.append(value.decode("utf-8", "replace"))
    return "; ".join(part for part in parts if part) or None
