"""TIFF: pages and their layout, and the device that the first page names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audit_pipeline.dataset.media.headers import exif
from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.headers.ifd import Directory, directories, layout_of, number
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _STRIP = 256, 257, 258, 259, 262, 277, 278
_X, _Y, _PLANAR, _UNIT, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _FORMAT = 282, 283, 284, 296, 317, 322, 323, 339
_TAGS = frozenset({_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _STRIP, _X, _Y, _PLANAR, _UNIT})
_TAGS |= {_PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _FORMAT} | exif.MAIN

_COMPRESSIONS = {
    1: "none",
    2: "huffman",
    3: "fax 3",
    4: "fax 4",
    5: "lzw",
    6: "old jpeg",
    7: "jpeg",
    8: "deflate",
    32773: "packbits",
    32946: "deflate",
    33003: "jpeg 2000",
    33005: "jpeg 2000",
    34712: "jpeg 2000",
    34925: "lzma",
    50000: "zstd",
    50001: "webp",
}
_PHOTOMETRICS = {
    0: "white is zero",
    1: "black is zero",
    2: "rgb",
    3: "palette",
    4: "mask",
    5: "cmyk",
    6: "ycbcr",
    8: "lab",
}


@dataclass(frozen=True)
class Page:
    """How a page stores its pixels; the numbers are those of TIFF 6.0, 0 for sides that are not told."""

    width: int
    height: int
    bits: int
    samples: int
    compression: int
    photometric: int
    predictor: int
    tile: tuple[int, int] | None


def pages(stream: Stream, limits: Limits) -> list[Page]:
    """Return the pages of a file.

    Raises
    ------
    Unreadable : a table of tags is damaged; there is no page, or more than the limit.
    """
    found: list[Page] = []
    for directory in _walk(stream):
        found.append(_page(directory))
        if len(found) > limits.frames:
            raise Unreadable("gigantic", f"the file has more than {limits.frames:,} pages")
    if not found:
        raise Unreadable("corrupt", "the file has no page")
    return found


def tiff_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return the facts of the first page, and the number of pages."""
    layout = layout_of(stream)
    walk = _walk(stream)
    first = next(walk, {})
    page = _page(first)
    count = 1
    # Pages are counted as far as the bound for headers goes: the table of each lies somewhere else.
    while count < limits.frames and stream.taken < limits.header and next(walk, None) is not None:
        count += 1
    across, down, strip = number(first, _X), number(first, _Y), number(first, _STRIP)
    unit = {1: "", 3: "per cm"}.get(int(number(first, _UNIT) or 2), "per inch")
    own = facts(
        width=page.width,
        height=page.height,
        bit_depth=page.bits,
        channels=page.samples,
        compression=_COMPRESSIONS.get(page.compression, str(page.compression)),
        color=_PHOTOMETRICS.get(page.photometric, str(page.photometric)),
        predictor=page.predictor,
        byte_order="big endian" if layout.order == ">" else "little endian",
        frames=count,
        density=f"{across:g}x{down:g} {unit}" if across is not None and down is not None else None,
        strips=f"{page.tile[0]}x{page.tile[1]}" if page.tile else _strips(strip, page.height),
        layout="bigtiff" if layout.big else "tiff",
    )
    return {**own, **exif.directory_facts(stream, layout, first)}


def _strips(rows: float | None, height: int) -> str | None:
    """Return rows to a strip; how high a single strip is says nothing but how high the picture is."""
    if rows is None:
        return None
    return "one strip" if rows >= height else f"{rows:.0f} rows"


def _walk(stream: Stream) -> Iterator[Directory]:
    return directories(stream, layout_of(stream), _TAGS)


def _page(directory: Directory) -> Page:
    def whole(tag: int, default: int) -> int:
        value = number(directory, tag)
        return default if value is None else int(value)

    bits = directory.get(_BITS)
    tile = whole(_TILE_WIDTH, 0), whole(_TILE_HEIGHT, 0)
    return Page(
        width=whole(_WIDTH, 0),
        height=whole(_HEIGHT, 0),
        bits=int(max(bits)) if isinstance(bits, tuple) and bits else 1,
        samples=whole(_SAMPLES, 1),
        compression=whole(_COMPRESSION, 1),
        photometric=whole(_PHOTOMETRIC, -1),
        predictor=whole(_PREDICTOR, 1),
        tile=tile if all(tile) else None,
    )
