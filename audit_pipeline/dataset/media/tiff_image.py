"""TIFF: pages that Pillow decodes to the full, and pages of more bits, which tifffile does."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.dataset.media import pillow_image
from audit_pipeline.dataset.media.depth import bits_in_use, per_step, unit_range
from audit_pipeline.dataset.media.headers.tiff import Page, pages
from audit_pipeline.dataset.media.image import Picture, check_size, chosen
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.quiet import silent
from audit_pipeline.dataset.media.source import Stream

if TYPE_CHECKING:
    from PIL.Image import Image
    from tifffile import TiffFile, TiffPage

_NONE, _DEFLATE = 1, (8, 32946)
_MAX_CHANNELS = 4
_CODECS = "pip install imagecodecs, or write the file without compression"


def frames(stream: Stream, limits: Limits, only: int | None) -> Iterator[Picture]:
    """Yield the pages of a file."""
    listed = pages(stream, limits)
    with ExitStack() as stack:
        # Opened once for all pages: finding one takes a decoder through the tables of all before it.
        deep: TiffFile | None = None
        plain: Image | None = None
        for index in chosen(len(listed), only, limits):
            page = listed[index]
            _check(page, stream.size, limits)
            if page.bits > 8 and page.compression in (_NONE, *_DEFLATE):
                deep = deep or stack.enter_context(_opened(stream))
                yield _deep(deep, stream, page, index, len(listed), limits)
            else:
                with silent():
                    plain = plain or stack.enter_context(pillow_image.opened(stream, "tiff", limits))
                    found = _plain(plain, stream, page, index, len(listed), limits)
                yield found


def _opened(stream: Stream) -> TiffFile:
    import tifffile

    stream.seek(0)
    return tifffile.TiffFile(stream)  # type: ignore[arg-type]


def _check(page: Page, packed: int, limits: Limits) -> None:
    check_size(page.width, page.height, packed, limits, page.samples)
    if not 1 <= page.samples <= _MAX_CHANNELS:
        raise Unreadable(
            "unsupported", f"the pixels have {page.samples} channels", remedy="write one, or red, green and blue"
        )
    # A decoder takes the memory of a tile, or of one strip, before it looks how much of it the picture needs.
    if page.tile and page.tile[0] * page.tile[1] > max(1 << 22, 4 * page.width * page.height):
        raise Unreadable("bomb", f"tiles of {page.tile[0]:,} x {page.tile[1]:,} pixels are larger than the picture")


def _plain(image: Image, stream: Stream, page: Page, index: int, count: int, limits: Limits) -> Picture:
    image.seek(index)
    check_size(image.width, image.height, stream.size, limits, len(image.getbands()))
    return pillow_image.picture(image, index, count, bits=page.bits)


def _deep(file: TiffFile, stream: Stream, page: Page, index: int, count: int, limits: Limits) -> Picture:
    import tifffile

    found = file.pages[index]
    if not isinstance(found, tifffile.TiffPage):
        raise Unreadable("corrupt", "the page has no table of tags of its own")
    check_size(found.imagewidth, found.imagelength, stream.size, limits, found.samplesperpixel)
    if found.imagedepth != 1 or found.samplesperpixel != page.samples or found.dtype is None:
        raise Unreadable("unsupported", "the page is a volume, or its numbers are of no known type")
    _check_segments(stream, found, page)
    try:
        values = found.asarray(maxworkers=1)
    except ValueError as error:
        if "imagecodecs" in str(error):
            raise Unreadable("unsupported", "its compression has no decoder here", remedy=_CODECS) from None
        raise
    return _picture(_channels_last(values, found), page, index, count)


def _check_segments(stream: Stream, found: TiffPage, page: Page) -> None:
    """Refuse strips and tiles that are cut short, or unpack to more than their pixels, before they are unpacked."""
    assert found.dtype is not None
    expected = int(np.prod(found.chunks, dtype=np.int64)) * max(1, found.dtype.itemsize)
    stored = 0
    for offset, size in zip(found.dataoffsets, found.databytecounts, strict=True):
        if offset + size > stream.size:
            raise Unreadable("truncated", "pixels lie behind the end of the file")
        stored += size
        if page.compression == _NONE:
            continue
        unpacker = zlib.decompressobj()
        unpacker.decompress(stream.at(offset, size), expected + 1)
        if unpacker.unconsumed_tail or not unpacker.eof:
            # Either there is more than belongs there, or the last bytes are missing.
            if unpacker.unconsumed_tail:
                raise Unreadable("bomb", "a strip unpacks to more than its pixels")
            raise Unreadable("truncated", "a compressed strip ends too early")
    if page.compression == _NONE and stored < found.nbytes:
        raise Unreadable("truncated", f"{stored:,} bytes of pixels are there, of {found.nbytes:,}")


def _channels_last(values: np.ndarray, found: TiffPage) -> np.ndarray:
    """Return (height, width, c) without opacity."""
    if values.ndim == 2:
        return values[:, :, None]
    if found.axes.startswith("S"):
        values = np.moveaxis(values, 0, -1)
    if values.ndim != 3:
        raise Unreadable("unsupported", f"the page has {values.ndim} dimensions")
    return values[:, :, :3] if values.shape[2] >= 3 else values[:, :, :1]


def _picture(values: np.ndarray, page: Page, index: int, count: int) -> Picture:
    mode = values.dtype.newbyteorder("=").name
    used, scale = None, 1.0
    if values.dtype.kind == "u" and page.bits <= 16:
        top = (1 << page.bits) - 1
        used, scale = bits_in_use(values, page.bits), per_step(page.bits)
        low, high = 0.0, float(top)
        if page.photometric == 0:  # white is zero
            values, low, high = top - values, high, low
    else:
        values, low, high = unit_range(values)
        if page.photometric == 0:
            np.subtract(1.0, values, out=values)
            low, high = high, low
    return Picture(values, page.bits, used, mode, index, count, low, high, scale)
