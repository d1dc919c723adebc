"""The fields of all headers: what each says, as what, and whether it comes from the device or from what was recorded."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

PREFIX = "file."
"""What the names of header columns start with in a table."""

TEXT_LIMIT = 64
TOKENS = 8
"""Tokens of a file name that become columns."""


class Origin(StrEnum):
    """What a header field depends on."""

    ACQUISITION = "acquisition"
    """On device, settings and software: it should not differ between labels, and may fail a dataset."""
    RECORDED = "recorded"
    """On what was recorded: a finding may show in it honestly, so that it can only warn."""
    NAME = "name"
    """On how files were named, often after the label: it can only warn."""

    @property
    def may_fail(self) -> bool:
        """Whether a field of this origin that predicts the label may fail a dataset."""
        return self is Origin.ACQUISITION


@dataclass(frozen=True)
class Field:
    """A header field: ``text``, ``number`` or ``date`` (as ISO text), its origin, and what it is in words."""

    type: Literal["text", "number", "date"]
    origin: Origin
    words: str


@dataclass(frozen=True)
class Fact:
    """What a header says in one field."""

    value: str | float
    origin: Origin


def _fields(origin: Origin, **described: str) -> dict[str, Field]:
    """Return fields from ``name="type: words"``."""
    fields = {}
    for name, description in described.items():
        type_, _, words = description.partition(": ")
        assert type_ in ("text", "number", "date"), description
        fields[name] = Field(type_, origin, words)  # type: ignore[arg-type]
    return fields


FIELDS: dict[str, Field] = {
    **_fields(
        Origin.ACQUISITION,
        kind="text: kind of file by its content",
        make="text: manufacturer of the device",
        model="text: model of the device",
        serial="text: serial number of the camera",
        lens="text: lens",
        software="text: software of the device, or that wrote the file",
        date="date: when it was recorded",
        bit_depth="number: bits of a sample as stored",
        bit_depth_in_use="number: bits that the steps between the samples need",
        channels="number: colours or sound channels",
        color="text: how colours are stored",
        compression="text: how the pixels are compressed",
        interlaced="text: whether the picture is stored in several passes",
        layout="text: order of the parts of the file, which differs between programs",
        density="text: pixels per length",
        gamma="number: exponent of the grey values",
        icc="text: colour profile",
        strips="text: rows to a strip, or size of a tile",
        predictor="number: predictor of a TIFF file",
        byte_order="text: order of the bytes",
        jpeg_tables="text: digest of the quantisation tables",
        jpeg_tables_sum="number: sum of all entries of the quantisation tables",
        jpeg_quality="number: quality whose standard table is nearest to the first quantisation table",
        jpeg_standard="text: whether the tables are the standard ones at some quality",
        jpeg_subsampling="text: subsampling of the colours",
        jpeg_process="text: baseline, progressive ...",
        jpeg_huffman="text: whether the Huffman tables are the standard ones",
        deflate_level="number: level class of the compressor, 0 to 3",
        modality="text: DICOM modality",
        station="text: DICOM station name",
        institution="text: DICOM institution",
        kvp="number: peak kilovoltage of the X-ray tube",
        pixel_spacing="number: millimetres from row to row",
        slice_thickness="number: millimetres",
        kernel="text: reconstruction kernel",
        protocol="text: protocol of the examination",
        field_strength="number: tesla",
        transfer_syntax="text: DICOM transfer syntax",
        lossy="text: whether the pixels were ever compressed with loss",
        sample_rate="number: samples a second",
        codec="text: how sound is coded",
        encoder="text: program or library that coded the sound",
        block_size="text: samples to a block of the coder",
        channel_mode="text: stereo mode of an MP3 file",
    ),
    **_fields(
        Origin.RECORDED,
        exposure_time="number: seconds",
        f_number="number: aperture of the lens",
        iso="number: sensitivity",
        focal_length="number: millimetres",
        bytes="number: size of the file",
        width="number: pixels",
        height="number: pixels",
        aspect="number: width through height",
        frames="number: pages or frames",
        bytes_per_pixel="number: size of the file through its pixels",
        duration="number: seconds",
        bytes_per_second="number: size of the file through its duration",
        bit_rate="number: bits a second as declared",
        brightness="number: mean of the pixels, 0 to 1",
        contrast="number: standard deviation of the pixels",
        loudness="number: root mean square in decibels below full scale",
        peak="number: largest absolute sample",
    ),
    **_fields(
        Origin.NAME,
        ending="text: what the file name ends with",
        name_shape="text: the file name with letters as a, digits as 0",
        name_length="number: characters of the file name",
        **{f"name_{position}": f"text: token {position} of the file name" for position in range(1, TOKENS + 1)},
    ),
}
"""Every field that any header gives, by name; the column is called ``file.`` and the name."""


def facts(**values: str | float | None) -> dict[str, Fact]:
    """Return those values that are known as facts: text cleaned and cut, numbers finite, each with its field's origin."""
    found = {}
    for name, value in values.items():
        field = FIELDS[name]
        known = _clean(value) if field.type != "number" else _finite(value)
        if known is not None:
            found[name] = Fact(known, field.origin)
    return found


def _clean(value: object) -> str | None:
    if value is None:
        return None
    text = re.sub(r"[\s\x00-\x1f\x7f-\x9f\ufffd]+", " ", str(value)).strip()
    return text.encode("utf-8", "backslashreplace").decode()[:TEXT_LIMIT].strip() or None


def _finite(value: object) -> float | None:
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number + 0.0 if math.isfinite(number) else None
