"""Image file directories: the tables of tags in which TIFF files and EXIF blocks keep their facts.

Read here and not by a decoder, which takes every tag of every page into memory: only tags that were asked for are read,
none is followed beyond a bound, and a chain of pages that bites its tail ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

Value = str | tuple[int, ...] | tuple[float, ...]
Directory = dict[int, Value]

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}

MAX_ENTRIES = 4096
MAX_VALUES = 1024
MAX_TEXT = 256


@dataclass(frozen=True)
class Layout:
    """How a TIFF structure that starts at ``base`` writes numbers."""

    base: int
    order: str
    big: bool
    first: int


def layout_of(stream: Stream, base: int = 0) -> Layout:
    """Read the header of a TIFF structure."""
    head = stream.at(base, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise Unreadable("corrupt", "the table of tags has no valid start")
    magic = struct.unpack(order + "H", head[2:4])[0]
    if magic == 43 and len(head) == 16:
        return Layout(base, order, True, struct.unpack(order + "Q", head[8:16])[0])
    if magic != 42:
        raise Unreadable("corrupt", "the table of tags has no valid start")
    return Layout(base, order, False, struct.unpack(order + "I", head[4:8])[0])


def directories(
    stream: Stream, layout: Layout, wanted: frozenset[int], first: int | None = None
) -> Iterator[Directory]:
    """Yield the directories of a chain, from ``first`` (default: the first of the file), each with its wanted tags."""
    seen: set[int] = set()
    offset = layout.first if first is None else first
    while offset and offset not in seen:
        seen.add(offset)
        directory, offset = _directory(stream, layout, offset, wanted)
        yield directory


def _directory(stream: Stream, layout: Layout, offset: int, wanted: frozenset[int]) -> tuple[Directory, int]:
    order, big = layout.order, layout.big
    head = stream.at(layout.base + offset, 8 if big else 2)
    if len(head) < (8 if big else 2):
        raise Unreadable("truncated", "a table of tags lies behind the end of the file")
    count = struct.unpack(order + ("Q" if big else "H"), head)[0]
    if count > MAX_ENTRIES:
        raise Unreadable("corrupt", f"a table of tags has {count:,} entries")
    size = 20 if big else 12
    table = stream.read(count * size + (8 if big else 4))
    if len(table) < count * size:
        raise Unreadable("truncated", "a table of tags ends too early")
    found: Directory = {}
    for position in range(0, count * size, size):
        tag, kind = struct.unpack(order + "HH", table[position : position + 4])
        if tag in wanted and tag not in found:
            value = _value(stream, layout, kind, table[position + 4 : position + size])
            if value is not None:
                found[tag] = value
    rest = table[count * size :]
    following = struct.unpack(order + ("Q" if big else "I"), rest)[0] if len(rest) == (8 if big else 4) else 0
    return found, following


def _value(stream: Stream, layout: Layout, kind: int, field: bytes) -> Value | None:
    if kind not in _SIZES:
        return None
    order = layout.order
    width = 8 if layout.big else 4
    count = struct.unpack(order + ("Q" if layout.big else "I"), field[:width])[0]
    count = min(count, MAX_TEXT if kind == 2 else MAX_VALUES)
    need = count * _SIZES[kind]
    raw = field[width:]
    if need > width:
        raw = stream.at(layout.base + struct.unpack(order + ("Q" if layout.big else "I"), raw)[0], need)
    raw = raw[:need]
    if kind == 2:
        return raw.partition(b"\0")[0].decode("utf-8", "replace")
    if len(raw) < need or not need:
        return None
    if kind in (5, 10):
        parts = struct.unpack(f"{order}{2 * count}{'I' if kind == 5 else 'i'}", raw)
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        return tuple(top / bottom for top, bottom in pairs) if all(bottom for _, bottom in pairs) else None
    return struct.unpack(f"{order}{count}{_CODES[kind]}", raw)


def number(directory: Directory, tag: int) -> float | None:
    """Return the first number of a tag."""
    value = directory.get(tag)
    return value[0] if isinstance(value, tuple) and value else None


def text(directory: Directory, tag: int) -> str | None:
    """Return the text of a tag."""
    value = directory.get(tag)
    return value if isinstance(value, str) else None
