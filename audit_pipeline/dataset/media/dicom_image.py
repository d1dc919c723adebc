"""DICOM: frames as pictures, with rescaling and photometric interpretation applied."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.media.depth import bits_in_use, per_step, unit_range
from audit_pipeline.dataset.media.dicom_file import NATIVE, RLE, read_dataset, rle_length
from audit_pipeline.dataset.media.image import Picture, check_size, chosen
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.source import Stream

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

HOUNSFIELD = -1024.0, 3071.0
"""What 0 and 1 stand for in computed tomography on every scanner, air and bone included; values beyond are clipped."""

_PIXELS, _FLOATS = "PixelData", ("FloatPixelData", "DoubleFloatPixelData")
_TRANSCODE = "pip install python-gdcm, or write the file without compression: gdcmconv --raw"


def frames(stream: Stream, limits: Limits, only: int | None) -> Iterator[Picture]:
    """Yield the frames of a file. Windows for looking at it (VOI) are not applied: they are a reader's choice."""
    dataset, syntax = read_dataset(stream, limits)
    name = next((name for name in (_PIXELS, *_FLOATS) if name in dataset), None)
    if name is None:
        whole = "Rows" in dataset
        raise Unreadable(
            "truncated" if whole else "unsupported",
            "the file ends before the pixels begin" if whole else "the file holds no picture (a report, a plan ...)",
        )
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    samples, allocated = _whole(dataset, "SamplesPerPixel", 1), _whole(dataset, "BitsAllocated")
    count = _whole(dataset, "NumberOfFrames", 1) or 1
    content: bytes = dataset[name].value or b""
    check_size(columns, rows, len(content), limits, samples)
    if samples not in (1, 3) or allocated not in (1, 8, 16, 32, 64):
        raise Unreadable("corrupt", f"{samples} samples a pixel of {allocated} bits")
    wanted = chosen(count, only, limits)
    if syntax in NATIVE:
        halved = 2 / 3 if str(dataset.get("PhotometricInterpretation", "")) == "YBR_FULL_422" else 1.0
        need = math.ceil(count * rows * columns * samples * allocated * halved / 8)
        if len(content) < need:
            raise Unreadable("truncated", f"{len(content):,} bytes of pixels are there, of {need:,}")
    for index in wanted:
        if syntax not in NATIVE:
            _check_frame(content, syntax, index, count, (columns, rows), rows * columns * allocated // 8)
        yield _picture(dataset, _decode(dataset, index), index, count)


def _whole(dataset: Dataset, name: str, default: int = 0) -> int:
    value: Any = dataset.get(name)
    return default if value is None or value == "" else int(value)


def _decode(dataset: Dataset, index: int) -> np.ndarray:
    from pydicom.pixels.utils import pixel_array

    try:
        return pixel_array(dataset, index=index)
    except (RuntimeError, NotImplementedError) as error:
        missing = "missing dependencies" in str(error) or isinstance(error, NotImplementedError)
        if missing or ("plugins" in str(error) and "missing" in str(error)):
            raise Unreadable("unsupported", "its compression has no decoder here", remedy=_TRANSCODE) from None
        raise


def _check_frame(content: bytes, syntax: str, index: int, count: int, size: tuple[int, int], plane: int) -> None:
    """Refuse a compressed frame that unpacks to another size than the file says.

    Parameters
    ----------
    size : width and height.
    plane : bytes of one sample of every pixel.
    """
    from pydicom.encaps import get_frame

    frame = get_frame(content, index, number_of_frames=count)
    if syntax == RLE:
        if len(frame) < 64:
            raise Unreadable("truncated", "a compressed frame ends too early")
        segments, *starts = struct.unpack("<16I", frame[:64])
        bounds = [*starts[: min(segments, 15)], len(frame)]
        # Every byte of a sample is a segment of its own, so none may be larger than a plane.
        if any(rle_length(frame[start:stop]) > plane + 1 for start, stop in pairwise(bounds)):
            raise Unreadable("bomb", "a compressed frame unpacks to more than its pixels")
        return
    from PIL import Image, UnidentifiedImageError

    # What Pillow cannot open goes to decoders that check for themselves.
    with suppress(UnidentifiedImageError), Image.open(io.BytesIO(frame), formats=("JPEG", "JPEG2000")) as inside:
        if inside.size != size:
            raise Unreadable("corrupt", f"a frame is {inside.size} pixels large where the file says {size}")


def _picture(dataset: Dataset, values: np.ndarray, index: int, count: int) -> Picture:
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    bits = _whole(dataset, "BitsStored", 8 * values.dtype.itemsize)
    if not 1 <= bits <= 8 * values.dtype.itemsize:
        raise Unreadable("corrupt", f"{bits} bits are stored in {8 * values.dtype.itemsize}")
    common: dict[str, Any] = {"mode": photometric, "frame": index, "frames": count, "bits": bits}
    integers = values.dtype.kind in "iu" and bits <= 32
    common["bits_in_use"] = bits_in_use(values, bits) if integers else None
    if photometric == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)
        return Picture(values[:, :, :3], scale=per_step(8 * values.dtype.itemsize), **common)
    if values.ndim == 3:
        if values.dtype.kind != "u":
            raise Unreadable("corrupt", "colours are signed numbers")
        return Picture(values, high=float((1 << bits) - 1), scale=per_step(bits), **common)
    if "ModalityLUTSequence" in dataset or not integers:
        pixels, low, high = unit_range(apply_modality_lut(values, dataset))
    else:
        slope, intercept = _rescaling(dataset, index)
        low, high = _range(dataset, bits, slope, intercept)
        pixels = values.astype(np.float32)
        pixels *= np.float32(slope / (high - low))
        pixels += np.float32((intercept - low) / (high - low))
        np.clip(pixels, 0.0, 1.0, out=pixels)
    if photometric == "MONOCHROME1":
        np.subtract(1.0, pixels, out=pixels)
        low, high = high, low
    return Picture(pixels[:, :, None], low=low, high=high, **common)


def _rescaling(dataset: Dataset, index: int) -> tuple[float, float]:
    """Return slope and intercept, which multi-frame files may state for each frame."""
    places = [dataset]
    for name, position in (("SharedFunctionalGroupsSequence", 0), ("PerFrameFunctionalGroupsSequence", index)):
        groups = dataset.get(name) or []
        if len(groups) > position:
            places += list(groups[position].get("PixelValueTransformationSequence") or [])
    place = next((place for place in places if "RescaleSlope" in place), None)
    if place is None:
        return 1.0, 0.0
    slope, intercept = float(place.RescaleSlope), float(place.get("RescaleIntercept", 0.0))
    if not (math.isfinite(slope) and math.isfinite(intercept)) or abs(slope) < 1e-30:
        raise Unreadable("corrupt", "the pixels are rescaled by no usable number")
    return slope, intercept


def _range(dataset: Dataset, bits: int, slope: float, intercept: float) -> tuple[float, float]:
    """Return what 0 and 1 stand for: fixed for computed tomography, else the smallest and largest number that fits."""
    if str(dataset.get("Modality", "")) == "CT":
        return HOUNSFIELD
    signed = _whole(dataset, "PixelRepresentation")
    ends = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    low, high = sorted(end * slope + intercept for end in ends)
    return low, high
