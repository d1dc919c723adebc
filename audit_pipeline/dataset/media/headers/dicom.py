"""DICOM: which machine recorded a picture, where and how. Who is in it is never copied, not even out of free text.

Two fences stand around the patient. Only the elements of a short list are ever copied. And since people write names into
free text ("DOE JOHN KNEE LEFT" as a protocol), what is copied is held against the elements that identify somebody: a text
that shares a word with one of them is withheld whole.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from audit_pipeline.dataset.media.dicom_file import read_dataset
from audit_pipeline.dataset.media.headers.facts import Fact, facts
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.source import Stream

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TEXTS = {
    "modality": 0x00080060,
    "make": 0x00080070,
    "institution": 0x00080080,
    "station": 0x00081010,
    "model": 0x00081090,
    "software": 0x00181020,
    "protocol": 0x00181030,
    "kernel": 0x00181210,
    "color": 0x00280004,
    "lossy": 0x00282110,
}
_NUMBERS = {
    "kvp": 0x00180060,
    "slice_thickness": 0x00180050,
    "field_strength": 0x00180087,
    "height": 0x00280010,
    "width": 0x00280011,
    "frames": 0x00280008,
    "channels": 0x00280002,
    "bit_depth": 0x00280101,
}
_SPACINGS = (0x00280030, 0x00181164)
_CHARACTERS = 0x00080005

COPIED = frozenset({*_TEXTS.values(), *_NUMBERS.values(), *_SPACINGS})
"""The only elements whose values may be copied."""

IDENTIFYING = (
    *(0x00080012, 0x00080020, 0x00080050, 0x00080090, 0x00080094, 0x0008009C, 0x00081048, 0x00081050, 0x00081060),
    *(0x00081070, 0x00100010, 0x00100020, 0x00100021, 0x00100030, 0x00100032, 0x00100033, 0x00101000, 0x00101001),
    *(0x00101005, 0x00101040, 0x00101060, 0x00101080, 0x00101081, 0x00101090, 0x00102154, 0x00102155, 0x00102297),
    *(0x00181000, 0x00181002, 0x00200010, 0x00321032, 0x00380010, 0x00380060, 0x00400006, 0x00400009, 0x00400253),
    *(0x00401001, 0x00402016, 0x00402017, 0x0040A123),
)
"""Names, numbers, dates and addresses of patients and staff (after the confidentiality profile of PS3.15 annex E).

Without elements of free text, which are never copied either: their words are those of every protocol.
"""

_WORD = re.compile(r"[^\W_]+")
_GENERIC = frozenset({"anonymous", "anonymized", "anonymised", "unknown", "none", "dr", "prof", "hospital", "clinic"})


def dicom_facts(stream: Stream, limits: Limits) -> tuple[dict[str, Fact], frozenset[str]]:
    """Return the facts, and the words by which somebody could be identified, so that they are kept out of other fields."""
    dataset, syntax = read_dataset(stream, limits, tags=[_CHARACTERS, *sorted(COPIED), *IDENTIFYING])
    words = _identifying_words(dataset)
    values: dict[str, Any] = {field: _number(dataset, tag) for field, tag in _NUMBERS.items()}
    for field, tag in _TEXTS.items():
        text = _text(dataset, tag)
        values[field] = None if text is None or shares(text, words) else text
    spacing = next((found for tag in _SPACINGS if (found := _number(dataset, tag)) is not None), None)
    if values["width"] and not values["frames"]:
        values["frames"] = 1
    known = re.fullmatch(r"[0-9.]{1,64}", syntax) is not None
    return facts(**values, pixel_spacing=spacing, transfer_syntax=syntax if known else None), words


def shares(text: str, words: frozenset[str]) -> bool:
    """Return whether a text contains one of the words, also inside a longer one: ``JOHNDOE`` contains ``doe``."""
    folded = text.casefold()
    joined = "".join(_WORD.findall(folded))
    return any(word in joined if len(word) > 3 else word in _WORD.findall(folded) for word in words)


def _identifying_words(dataset: Dataset) -> frozenset[str]:
    words: set[str] = set()
    for tag in IDENTIFYING:
        text = _text(dataset, tag)
        if text:
            folded = text.casefold()
            words |= {word for word in _WORD.findall(folded) if len(word) > 1}
            words.add("".join(_WORD.findall(folded)))
    # "1" and "12" are the number of many a study and of many a version.
    return frozenset(word for word in words - _GENERIC if len(word) > (2 if word.isdigit() else 1))


def _text(dataset: Dataset, tag: int) -> str | None:
    with suppress(Exception):  # a value that its own type does not allow says nothing
        value = dataset[tag].value
        if value is None or value == "":
            return None
        several = not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "components")
        return " ".join(str(part) for part in value) if several else str(value)
    return None


def _number(dataset: Dataset, tag: int) -> float | None:
    with suppress(Exception):
        value = dataset[tag].value
        if hasattr(value, "__iter__") and not isinstance(value, str):
            value = value[0]
        return float(value)
    return None
