"""MP3: rate, bit rate, stereo mode, and the encoder that the first frame names."""

from __future__ import annotations

import re
import struct

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.sniff import mp3_frame, skip_id3
from audit_pipeline.dataset.media.source import Stream

_SEARCH = 1 << 16
_MODES = ("stereo", "joint stereo", "two channels", "mono")


def mp3_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the first frame, and the settings that the tag before it names."""
    start = skip_id3(stream)
    block = stream.at(start, _SEARCH)
    place = _first_frame(block)
    if place is None:
        raise Unreadable("truncated" if len(block) < 4 else "corrupt", "the file has no frame of sound")
    frame = mp3_frame(block[place : place + 4])
    assert frame is not None
    version, bits, rate, _ = frame
    mode = block[place + 3] >> 6
    side = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[version == 1, mode == 3]
    frames, encoder, variable = _xing(block[place + 4 + side :])
    samples = 1152 if version == 1 else 576
    duration = frames * samples / rate if frames else 8 * (stream.size - start - place) / bits
    return facts(
        codec={1: "mpeg 1 layer 3", 2: "mpeg 2 layer 3", 25: "mpeg 2.5 layer 3"}[version],
        sample_rate=rate,
        channels=1 if mode == 3 else 2,
        channel_mode=_MODES[mode],
        bit_rate=None if variable else bits,
        encoder=encoder or (_settings(stream.at(0, min(start, _SEARCH))) if start else None),
        layout=("id3 " if start else "") + ("variable" if variable else "constant"),
        duration=duration,
    )


def _first_frame(block: bytes) -> int | None:
    """Return where a frame begins that another follows; encoders may put padding before it."""
    for match in re.finditer(rb"\xff[\xe0-\xff]", block):
        place = match.start()
        frame = mp3_frame(block[place : place + 4])
        if frame is None:
            continue
        following = block[place + frame[3] : place + frame[3] + 4]
        if len(following) < 4 or mp3_frame(following) is not None:
            return place
    return None


def _xing(block: bytes) -> tuple[int, str | None, bool]:
    """Return number of frames (0 if unknown), encoder, and whether the bit rate varies, from a Xing, Info or LAME header."""
    if block[:4] not in (b"Xing", b"Info") or len(block) < 8:
        return 0, None, False
    flags = struct.unpack(">I", block[4:8])[0]
    place, frames = 8, 0
    if flags & 1 and len(block) >= 12:
        frames = struct.unpack(">I", block[8:12])[0]
    place += 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    name = block[place : place + 9]
    printable = re.match(rb"[A-Za-z][A-Za-z0-9. ()\-]{2,8}", name)
    return frames, printable[0].decode("ascii").strip() if printable else None, block[:4] == b"Xing"


def _settings(tag: bytes) -> str | None:
    """Return the program that an ID3v2 tag names (frame TSSE); artists, titles and comments are passed over."""
    place = tag.find(b"TSSE")
    if place < 0 or place + 11 > len(tag):
        return None
    size = int.from_bytes(tag[place + 4 : place + 8], "big")
    text = tag[place + 10 : place + 10 + min(size, 256)]
    coding = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}.get(text[0])
    return text[1:].decode(coding, "replace").strip("\0") if coding else None
