"""NPY: arrays as pictures, read from the bytes by hand and header so that nothing can be run and nothing be allocated in vain."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from audit_pipeline.dataset.media.depth import bits_in_use, per_step, unit_range
from audit_pipeline.dataset.media.headers.npy import Layout, layout_of
from audit_pipeline.dataset.media.image import Picture, check_size, chosen
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream


def frames(stream: Stream, limits: Limits, only: int | None) -> Iterator[Picture]:
    """Yield the frames of an array."""
    layout = layout_of(stream)
    count, height, width, channels = layout.shape
    check_size(width, height, stream.size, limits, channels)
    wanted = chosen(count, only, limits)
    size = math.prod(layout.stored) * layout.dtype.itemsize
    if layout.start + size > stream.size:
        raise Unreadable("truncated", f"{stream.size - layout.start:,} bytes of values are there, of {size:,}")
    if layout.fortran:
        # Its frames do not lie one after the other.
        content = np.frombuffer(stream.at(layout.start, size), layout.dtype).reshape(layout.stored, order="F")
        content = content.reshape(layout.shape) if not layout.planar else content[None]
    for index in wanted:
        if layout.fortran:
            values = content[index]
        else:
            part = size // count
            values = np.frombuffer(stream.at(layout.start + index * part, part), layout.dtype)
            values = values.reshape(layout.stored if layout.planar else layout.shape[1:])
        if layout.planar:
            values = np.moveaxis(values, 0, -1)
        yield _picture(values[:, :, :3], layout, index, count)


def _picture(values: np.ndarray, layout: Layout, index: int, count: int) -> Picture:
    kind, bits = layout.dtype.kind, 8 * layout.dtype.itemsize
    mode = layout.dtype.newbyteorder("=").name
    if kind == "b":
        return Picture(values.astype(np.float32), 1, bits_in_use(values.astype(np.uint8), 1), mode, index, count)
    if kind == "u" and bits <= 16:
        top = float((1 << bits) - 1)
        return Picture(values, bits, bits_in_use(values, bits), mode, index, count, 0.0, top, per_step(bits))
    pixels, low, high = unit_range(values)
    return Picture(pixels, bits, None, mode, index, count, low, high)
