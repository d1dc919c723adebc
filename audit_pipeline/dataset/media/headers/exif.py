"""EXIF: which camera took a picture, when, and with which exposure. Nothing of who or where is ever read."""

from __future__ import annotations

import io
import re

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.headers.ifd import Directory, Layout, directories, layout_of, number, text
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_MAKE, _MODEL, _SOFTWARE, _CHANGED, _POINTER = 0x010F, 0x0110, 0x0131, 0x0132, 0x8769
_TAKEN, _TIME, _APERTURE, _ISO, _FOCAL, _SERIAL, _LENS = 0x9003, 0x829A, 0x829D, 0x8827, 0x920A, 0xA431, 0xA434

MAIN = frozenset({_MAKE, _MODEL, _SOFTWARE, _CHANGED, _POINTER})
"""Tags of the first directory that are read. Artist, copyright, description and position are not among them."""

_OWN = frozenset({_TAKEN, _TIME, _APERTURE, _ISO, _FOCAL, _SERIAL, _LENS})


def block_facts(block: bytes) -> dict[str, Fact]:
    """Return the facts of an EXIF block as JPEG, PNG and WebP carry it; a damaged block says nothing."""
    block = block.removeprefix(b"Exif\0\0")
    stream = Stream(io.BytesIO(block), len(block))
    try:
        layout = layout_of(stream)
        main = next(directories(stream, layout, MAIN), {})
    except Unreadable:
        return {}
    return directory_facts(stream, layout, main)


def directory_facts(stream: Stream, layout: Layout, main: Directory) -> dict[str, Fact]:
    """Return the facts of a first directory, read with :data:`MAIN`, and of the EXIF directory that it points to."""
    own: Directory = {}
    pointer = number(main, _POINTER)
    if pointer:
        try:
            own = next(directories(stream, layout, _OWN, int(pointer)), {})
        except Unreadable:
            own = {}
    return facts(
        make=text(main, _MAKE),
        model=text(main, _MODEL),
        software=text(main, _SOFTWARE),
        date=iso_date(text(own, _TAKEN) or text(main, _CHANGED)),
        serial=text(own, _SERIAL),
        lens=text(own, _LENS),
        exposure_time=number(own, _TIME),
        f_number=number(own, _APERTURE),
        iso=number(own, _ISO),
        focal_length=number(own, _FOCAL),
    )


def iso_date(value: str | None) -> str | None:
    """Return ``2021:03:04 10:11:12`` as ``2021-03-04T10:11:12``; None for anything else, and for clocks that were never set."""
    match = re.fullmatch(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d).*", (value or "").strip(), re.DOTALL)
    if match is None or match[1] == "0000" or not ("01" <= match[2] <= "12" and "01" <= match[3] <= "31"):
        return None
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}:{match[6]}"
