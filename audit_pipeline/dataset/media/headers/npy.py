"""NPY: shape and type of an array, read without ever opening a pickle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

_MAX_HEADER = 4096
_COLORS = (1, 3, 4)


@dataclass(frozen=True)
class Layout:
    """An array as frames: ``shape`` (frames, height, width, channels) after ``planar`` ones have their first axis put last."""

    shape: tuple[int, int, int, int]
    planar: bool
    fortran: bool
    stored: tuple[int, ...]
    dtype: np.dtype
    start: int


def layout_of(stream: Stream) -> Layout:
    """Read the header of an array.

    Raises
    ------
    Unreadable : it is damaged, or the array holds objects, text, or no pictures.
    """
    from numpy.lib import format as npy

    stream.seek(0)
    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise Unreadable(
            "unsupported", f"version {version[0]}.{version[1]} of the array format", remedy="save it with numpy.save"
        )
    stored, fortran, dtype = read(stream, max_header_size=_MAX_HEADER)
    if dtype.hasobject:
        raise Unreadable(
            "unsupported",
            "the array holds Python objects, which are never opened: they can run code",
            remedy="save numbers: numpy.save(path, array.astype('float32'), allow_pickle=False)",
        )
    if dtype.kind not in "buif" or dtype.names is not None or dtype.itemsize > 8:
        raise Unreadable("unsupported", "the array holds no plain numbers", remedy="save it as integers or floats")
    if any(side < 0 for side in stored):
        raise Unreadable("corrupt", "a side of the array is negative")
    if 0 in stored:
        raise Unreadable("empty", "the array has no values")
    shape, planar = _frames(stored)
    return Layout(shape, planar, fortran, stored, dtype, stream.tell())


def _frames(stored: tuple[int, ...]) -> tuple[tuple[int, int, int, int], bool]:
    if len(stored) == 2:
        return (1, *stored, 1), False
    if len(stored) == 3 and stored[2] in _COLORS:
        return (1, *stored), False
    if len(stored) == 3 and stored[0] in _COLORS:
        return (1, *stored[1:], stored[0]), True
    if len(stored) == 3:
        return (*stored, 1), False
    if len(stored) == 4 and stored[3] in _COLORS:
        return stored, False
    raise Unreadable(
        "unsupported",
        f"an array of shape {stored[:6]} is no picture",
        remedy="save (height, width), (height, width, colours), (frames, height, width) or all four",
    )


def npy_facts(stream: Stream, limits: Limits) -> dict[str, Fact]:
    """Return shape and type."""
    layout = layout_of(stream)
    frames, height, width, channels = layout.shape
    return facts(
        width=width,
        height=height,
        frames=frames,
        channels=channels,
        bit_depth=1 if layout.dtype.kind == "b" else 8 * layout.dtype.itemsize,
        byte_order="big endian" if layout.dtype.byteorder == ">" else "little endian",
        color=layout.dtype.newbyteorder("=").name,
        layout="fortran" if layout.fortran and math.prod(layout.stored) > 1 else "c",
    )
