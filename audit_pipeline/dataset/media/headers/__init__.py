"""What files say about themselves before a pixel or a sample is decoded: one file for each kind of header."""

from __future__ import annotations

import os
from collections.abc import Callable

from audit_pipeline.dataset.media.headers import bmp, dicom, flac, jpeg, mp3, npy, ogg, png, tiff, wav, webp
from audit_pipeline.dataset.media.headers.facts import FIELDS, PREFIX, Fact, Field, Origin, facts
from audit_pipeline.dataset.media.headers.name import name_facts
from audit_pipeline.dataset.media.limits import DEFAULT, Limits
from audit_pipeline.dataset.media.problems import guarded
from audit_pipeline.dataset.media.sniff import Kind, sniff
from audit_pipeline.dataset.media.source import Source, Stream, open_stream

__all__ = ["FIELDS", "PREFIX", "Fact", "Field", "Origin", "header_of", "read_header"]

_READERS: dict[Kind, Callable[[Stream, Limits], dict[str, Fact]]] = {
    "png": png.png_facts,
    "jpeg": jpeg.jpeg_facts,
    "tiff": tiff.tiff_facts,
    "bmp": bmp.bmp_facts,
    "webp": webp.webp_facts,
    "npy": npy.npy_facts,
    "wav": wav.wav_facts,
    "flac": flac.flac_facts,
    "ogg": ogg.ogg_facts,
    "mp3": mp3.mp3_facts,
}


def read_header(what: str | os.PathLike[str] | bytes, *, name: str = "", limits: Limits = DEFAULT) -> dict[str, Fact]:
    """Return what a file says about itself, by field (see :data:`FIELDS`); no more bytes are read than hold it.

    Parameters
    ----------
    what : a path, a URL that fsspec knows, or the bytes of a file.
    name : the file's name, for bytes.

    Raises
    ------
    Unreadable : the file is missing, none that can be read, or its header is damaged.
    """
    source = Source.of(what, name=name)
    with guarded(source.shown), open_stream(source, limits) as stream:
        return header_of(stream, sniff(stream), source.name, limits)


def header_of(stream: Stream, kind: Kind, name: str, limits: Limits) -> dict[str, Fact]:
    """Return the facts of an opened file of a known kind."""
    named = name_facts(name)
    if kind == "dicom":
        found, words = dicom.dicom_facts(stream, limits)
        # File names are made of patients' names as often as free text is.
        named = {
            key: fact
            for key, fact in named.items()
            if isinstance(fact.value, float) or not dicom.shares(fact.value, words)
        }
    else:
        found = _READERS[kind](stream, limits)
    return {**facts(kind=kind), **found, **_sizes(found, stream.size), **named}


def _sizes(found: dict[str, Fact], size: int) -> dict[str, Fact]:
    def number(name: str) -> float:
        fact = found.get(name)
        return fact.value if fact is not None and isinstance(fact.value, float) else 0.0

    pixels = number("width") * number("height") * (number("frames") or 1.0)
    return facts(
        bytes=size,
        aspect=number("width") / number("height") if pixels else None,
        bytes_per_pixel=size / pixels if pixels else None,
        bytes_per_second=size / number("duration") if number("duration") else None,
    )
