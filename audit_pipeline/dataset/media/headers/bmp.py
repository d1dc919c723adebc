"""BMP: size, depth, compression, and the version of its header, which differs between programs."""

from __future__ import annotations

import struct

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_COMPRESSIONS = {0: "none", 1: "run length 8", 2: "run length 4", 3: "bit fields", 4: "jpeg", 5: "png"}


def bmp_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the header."""
    head = stream.at(14, 40)
    size = int.from_bytes(head[:4], "little")
    if len(head) < (12 if size == 12 else 40):
        raise Unreadable("truncated", "the file ends before the picture begins")
    if size == 12:
        width, height, _, bits = struct.unpack("<HHHH", head[4:12])
        return facts(
            width=width, height=height, bit_depth=min(bits, 8), channels=3 if bits > 8 else None, layout="bmp 12"
        )
    width, height, _, bits, compression, _, across, down = struct.unpack("<iiHHIIii", head[4:32])
    return facts(
        width=abs(width),
        height=abs(height),
        bit_depth=min(bits, 8),
        channels=3 if bits > 8 else None,
        compression=_COMPRESSIONS.get(compression, str(compression)),
        density=f"{across}x{down} per metre",
        layout=f"bmp {size}",
    )
