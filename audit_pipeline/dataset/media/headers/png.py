"""PNG: depth, colours, and the choices of whatever wrote the file."""

from __future__ import annotations

import re
import struct

from audit_pipeline.dataset.media.headers.exif import block_facts, iso_date
from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_COLOR = {0: ("grey", 1), 2: ("rgb", 3), 3: ("palette", 3), 4: ("grey alpha", 2), 6: ("rgb alpha", 4)}
_MAX_CHUNKS = 256


def png_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the chunks before the pixels.

    Raises
    ------
    Unreadable : the file ends or breaks off before its pixels begin.
    """
    chunks: list[str] = []
    header = b""
    found: dict[str, Fact] = {}
    place = 8
    while True:
        head = stream.at(place, 8)
        if len(head) < 8:
            raise Unreadable("truncated", "the file ends before the picture begins")
        size, name = struct.unpack(">I4s", head)
        if not name.isalpha() or size > 0x7FFFFFFF or place > limits.header or len(chunks) > _MAX_CHUNKS:
            raise Unreadable("corrupt", "the chunks of the file do not follow each other")
        chunks.append(name.decode("ascii"))
        if name == b"IDAT":
            found |= _deflate(stream.read(2))
            break
        if name == b"IHDR":
            header = stream.read(min(size, 13))
        elif name in (b"pHYs", b"gAMA", b"tEXt", b"iCCP", b"eXIf"):
            found |= _chunk(name, stream.read(min(size, 1 << 16)))
        place += 12 + size
    if len(header) < 13:
        raise Unreadable("corrupt", "the file says nothing of the size of its picture")
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    words, channels = _COLOR.get(color, (None, None))
    own = facts(
        width=width,
        height=height,
        bit_depth=depth,
        channels=channels,
        color=words,
        interlaced="yes" if interlaced else "no",
        layout=" ".join(chunks),
    )
    return {**own, **found}


def _chunk(name: bytes, content: bytes) -> dict[str, Fact]:
    if name == b"pHYs" and len(content) == 9:
        across, down, unit = struct.unpack(">IIB", content)
        return facts(density=f"{across}x{down} {'per metre' if unit == 1 else ''}")
    if name == b"gAMA" and len(content) == 4:
        return facts(gamma=struct.unpack(">I", content)[0] / 100_000)
    if name == b"iCCP":
        return facts(icc=content[:80].partition(b"\0")[0].decode("latin-1"))
    if name == b"eXIf":
        return block_facts(content)
    if name == b"tEXt":
        # Of all the free text there is only these two: authors, titles and comments name people.
        keyword, _, text = content.partition(b"\0")
        if keyword == b"Software":
            return facts(software=text.decode("latin-1"))
        if keyword == b"Creation Time":
            return facts(date=iso_date(text.decode("latin-1")))
    return {}


def _deflate(start: bytes) -> dict[str, Fact]:
    """Return what the two bytes before the compressed pixels say of the compressor (RFC 1950)."""
    if len(start) < 2 or start[0] & 15 != 8 or (start[0] << 8 | start[1]) % 31:
        return {}
    return facts(deflate_level=start[1] >> 6)


def png_size(stream: Stream) -> tuple[int, int, int] | None:
    """Return width, height and bits of a sample from the first chunk; None if that is no header."""
    head = stream.at(0, 26)
    if len(head) < 26 or re.match(rb".{8}.{4}IHDR", head, re.DOTALL) is None:
        return None
    width, height, depth = struct.unpack(">IIB", head[16:25])
    return width, height, depth
