"""Pictures: what a decoder gives, and the bounds that hold before it starts."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.sniff import Kind
from audit_pipeline.dataset.media.source import Stream


@dataclass(frozen=True)
class Picture:
    """One frame of a picture.

    Parameters
    ----------
    stored : (height, width, c) unsigned integers of up to 16 bits, or float32; c = 1 (grey) or 3 (red, green, blue). Opacity is left
        out.
    bits : of a sample as it was decoded.
    bits_in_use : that the steps between the samples need; None for a constant picture and for floats.
    mode : how it was stored, in the decoder's words: ``L``, ``RGBA``, ``P``, ``I;16``, ``MONOCHROME1``, ``float32`` ...
    frame, frames : position of this frame, from 0, and number of frames in the file.
    low, high : what 0 and 1 stand for, in the file's own unit (Hounsfield units for computed tomography).
    scale : by what ``stored`` is multiplied to lie in 0..1, where 0 is black.
    """

    stored: np.ndarray
    bits: int
    bits_in_use: int | None
    mode: str
    frame: int = 0
    frames: int = 1
    low: float = 0.0
    high: float = 1.0
    scale: float = 1.0

    @cached_property
    def pixels(self) -> np.ndarray:
        """The picture as float32 in 0..1, (height, width, c): made when it is asked for, since it is four times as large."""
        if self.stored.dtype == np.float32 and self.scale == 1.0:
            return self.stored
        pixels = self.stored.astype(np.float32)
        pixels *= np.float32(self.scale)
        return pixels


def check_size(width: int, height: int, packed: int, limits: Limits, channels: int = 1) -> None:
    """Refuse a frame that is larger than the limit, or has no pixels.

    Parameters
    ----------
    packed : bytes from which it would be unpacked.

    Raises
    ------
    Unreadable : corrupt, gigantic or bomb.
    """
    if width < 1 or height < 1:
        raise Unreadable("corrupt", f"the picture is {width} x {height} pixels large")
    pixels = width * height
    if pixels * max(1.0, channels / 4) <= limits.pixels:
        return
    said = f"{width:,} x {height:,} pixels" + (f" of {channels:,} channels" if channels > 4 else "")
    if pixels * channels > limits.ratio * packed:
        raise Unreadable("bomb", f"{packed:,} bytes announce {said}")
    raise Unreadable("gigantic", f"the picture has {said}, more than {limits.pixels:,}")


def pictures(stream: Stream, kind: Kind, limits: Limits, only: int | None = None) -> Generator[Picture, None, None]:
    """Yield the frames of a file one after the other, or ``only`` one."""
    from audit_pipeline.dataset.media import dicom_image, npy_image, pillow_image, tiff_image

    if kind == "dicom":
        yield from dicom_image.frames(stream, limits, only)
    elif kind == "npy":
        yield from npy_image.frames(stream, limits, only)
    elif kind == "tiff":
        yield from tiff_image.frames(stream, limits, only)
    else:
        yield from pillow_image.frames(stream, kind, limits, only)


def chosen(frames: int, only: int | None, limits: Limits) -> range:
    """Return which frames are wanted of so many.

    Raises
    ------
    Unreadable : there are more than the limit, or the wanted one is not there.
    """
    if frames > limits.frames:
        raise Unreadable("gigantic", f"the file has {frames:,} frames, more than {limits.frames:,}")
    if frames < 1:
        raise Unreadable("corrupt", "the file has no frame")
    if only is None:
        return range(frames)
    if not 0 <= only < frames:
        raise Unreadable("missing", f"there is no frame {only} among {frames:,}", remedy="count frames from 0")
    return range(only, only + 1)
