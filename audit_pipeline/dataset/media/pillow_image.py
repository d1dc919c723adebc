"""PNG, JPEG, BMP, WebP and most TIFF, decoded by Pillow."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.media.depth import bits_in_use, per_step, unit_range
from audit_pipeline.dataset.media.image import Picture, check_size, chosen
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.sniff import Kind
from audit_pipeline.dataset.media.source import Stream

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = {"png": "PNG", "jpeg": "JPEG", "bmp": "BMP", "webp": "WEBP", "tiff": "TIFF"}
_COPIED = 8 << 20
"""Bytes of a file up to which it is copied before it is decoded."""

_GREY = frozenset({"L", "LA", "La", "1"})


def frames(stream: Stream, kind: Kind, limits: Limits, only: int | None) -> Iterator[Picture]:
    """Yield the frames of a file. Of a JPEG or PNG with several pictures there is only the first: the others are previews."""
    if kind == "jpeg":
        _check_scans(stream, limits)
    with opened(stream, kind, limits) as image:
        count = int(getattr(image, "n_frames", 1)) if kind == "webp" else 1
        for index in chosen(count, only, limits):
            if index:
                image.seek(index)
            yield picture(image, index, count, bits=stored_bits(stream, kind))


def opened(stream: Stream, kind: Kind, limits: Limits) -> Image:
    """Open a file with the decoder of its kind and no other, and check its size before anything is unpacked."""
    from PIL import Image as images
    from PIL import UnidentifiedImageError

    stream.seek(0)
    # The decoder reads headers a few bytes at a time, which costs more in Python than copying a file of usual size.
    file = io.BytesIO(stream.read()) if stream.size <= _COPIED else stream
    try:
        image = images.open(file, formats=(_FORMATS[kind],))  # type: ignore[arg-type]
    except images.DecompressionBombError:
        raise Unreadable("bomb", "the header announces more pixels than can be meant") from None
    except UnidentifiedImageError:
        raise Unreadable("corrupt", "the header is damaged") from None
    check_size(image.width, image.height, stream.size, limits, len(image.getbands()))
    return image


def stored_bits(stream: Stream, kind: Kind) -> int:
    """Return the bits of a sample where Pillow would give more than were stored."""
    from audit_pipeline.dataset.media.headers.png import png_size

    size = png_size(stream) if kind == "png" else None
    return size[2] if size else 8


def picture(image: Image, index: int, count: int, *, bits: int) -> Picture:
    """Decode the frame at which an image stands.

    Parameters
    ----------
    bits : of a sample as stored; integers of 32 bits that came from 16 are scaled by it.
    """
    mode, stored = image.mode, bits
    try:
        values, bits = _values(image, stored)
    except OSError as error:
        short = "truncated" in str(error).casefold()
        raise Unreadable(
            "truncated" if short else "corrupt",
            "the picture ends too early" if short else "the pixels cannot be decoded",
        ) from None
    common: dict[str, Any] = {"mode": mode, "frame": index, "frames": count, "bits": bits}
    if values.ndim == 2:
        values = values[:, :, None]
    if values.dtype.kind == "f" or bits > 16:
        pixels, low, high = unit_range(values)
        return Picture(pixels, bits_in_use=None, low=low, high=high, **common)
    # Of 16 bits in several colours Pillow keeps the upper 8; what the lower ones held is not known then.
    used = bits_in_use(values, bits) if stored <= bits else None
    stored_as = values if values.dtype.kind == "u" else values.astype(np.uint16)
    return Picture(stored_as, bits_in_use=used, high=float((1 << bits) - 1), scale=per_step(bits), **common)


def _values(image: Image, bits: int) -> tuple[np.ndarray, int]:
    mode = image.mode
    if mode in _GREY:
        if mode == "1":
            return np.asarray(image).astype(np.uint8), 1
        return np.asarray(image if mode == "L" else image.convert("L")), 8
    if mode.startswith("I;16"):
        return np.asarray(image), 16
    if mode == "I":
        values = np.asarray(image)
        return (values, 16) if bits == 16 and values.min() >= 0 and values.max() <= 0xFFFF else (values, 32)
    if mode == "F":
        return np.asarray(image), 32
    values = np.asarray(image if mode == "RGB" else image.convert("RGB"))
    if mode in ("P", "PA") and (values[..., :1] == values[..., 1:]).all():
        values = values[..., :1]
    return values, 8


def _check_scans(stream: Stream, limits: Limits) -> None:
    """Refuse a JPEG of thousands of scans: a few bytes each make the decoder walk over the whole picture."""
    stream.seek(0)
    count, ended = 0, False
    while block := stream.read(1 << 20):
        # Inside coded data a byte 255 is followed by 0, so that these two bytes are a marker or stand in a preview.
        values = np.frombuffer(block, np.uint8)
        first, second = values == 0xFF, values == 0xDA
        count += int(np.count_nonzero(first[:-1] & second[1:])) + int(ended and second[0])
        ended = bool(first[-1])
        if count > limits.scans:
            raise Unreadable("bomb", f"the picture is coded in more than {limits.scans} scans")
