"""One file to one row: its digest, its kind, what its header says, and what is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from audit_pipeline.dataset.media.decode import recording_of
from audit_pipeline.dataset.media.headers import Fact, header_of
from audit_pipeline.dataset.media.headers.facts import facts
from audit_pipeline.dataset.media.headers.name import name_facts
from audit_pipeline.dataset.media.image import Picture
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Problem, Unreadable, guarded
from audit_pipeline.dataset.media.sniff import sniff
from audit_pipeline.dataset.media.sound import Sound
from audit_pipeline.dataset.media.source import Source, Stream, open_whole

_BLOCK = 1 << 20
_ENOUGH, _ROWS = 1 << 16, 32
"""Numbers of a picture, and rows of it, that do for its mean and deviation."""

_RUN = 1 << 14
"""Samples of a sound whose squares are summed in single precision."""

Visit = Callable[[Picture | Sound], None]


def examine(task: dict[str, Any], visit: Visit | None = None) -> dict[str, Any]:
    """Return the row of a file, as JSON: path, digest, bytes, kind, problem, reason, remedy, facts.

    Parameters
    ----------
    task : ``path``, ``limits`` (see :meth:`Limits.to_json`), and ``decode``: whether the content is decoded as well, which
        alone finds files that are damaged behind their header.
    visit : called with the decoded recording while it is in memory, so that whoever looks at it need not decode it again.
        What it raises counts as damage of the file.
    """
    source = Source.of(task["path"])
    limits = Limits(**task["limits"])
    row = _empty_row(source)
    found: dict[str, Fact] = {}
    try:
        with guarded(source.shown):
            _fill(row, found, source, limits, decode=bool(task["decode"]), visit=visit)
    except Unreadable as error:
        row |= _columns(error.problem)
    row["facts"] = {name: fact.value for name, fact in found.items()}
    return row


def _fill(
    row: dict[str, Any],
    found: dict[str, Fact],
    source: Source,
    limits: Limits,
    *,
    decode: bool,
    visit: Visit | None,
) -> None:
    with open_whole(source, limits) as stream:
        row["bytes"] = stream.size
        row["digest"] = digest_of(stream)
        kind = row["kind"] = sniff(stream)
        try:
            with guarded(source.shown):
                found.update(header_of(stream, kind, source.name, limits))
        except Unreadable:
            if not decode:
                raise
            # The decoder may know better what is wrong. In a damaged DICOM file nobody can tell what in a name is a patient's.
            found.update(facts(kind=kind, bytes=stream.size))
            if kind != "dicom":
                found.update(name_facts(source.name))
            recording_of(stream, kind, limits)
            raise
        if decode:
            recording = recording_of(stream, kind, limits, _middle(found))
            found.update(recording_facts(recording))
            if visit is not None:
                visit(recording)


def _middle(found: dict[str, Fact]) -> int:
    """Return which frame stands for a file of several: the middle one of a stack; of two the second is often a thumbnail."""
    frames = found["frames"].value if "frames" in found else 1.0
    return int(frames) // 2 if isinstance(frames, float) and frames > 2 else 0


def lost(task: dict[str, Any], how: str) -> dict[str, Any]:
    """Return the row of a file at which the decoder died (``died``) or did not come back (``stuck``)."""
    patience = Limits(**task["limits"]).patience
    error = Unreadable("corrupt", "the decoder crashed on it")
    if how == "stuck":
        error = Unreadable("bomb", f"decoding it takes more than {patience:g} seconds")
    return _empty_row(Source.of(task["path"])) | _columns(error.problem)


def _empty_row(source: Source) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(("digest", "bytes", "kind", "problem", "reason", "remedy"))
    return {"path": source.shown, **row, "facts": {}}


def _columns(problem: Problem) -> dict[str, Any]:
    return {"problem": problem.kind, "reason": problem.reason, "remedy": problem.remedy}


def digest_of(stream: Stream) -> str:
    """Return the SHA-256 of a stream, read in blocks."""
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(_BLOCK):
        digest.update(block)
    stream.seek(0)
    return digest.hexdigest()


def recording_facts(recording: Picture | Sound) -> dict[str, Fact]:
    """Return what only the decoded content tells: bits in use, brightness, loudness."""
    if isinstance(recording, Picture):
        chosen = _some_rows(recording.stored).astype(np.float32)
        mean = float(chosen.mean())
        chosen -= np.float32(mean)
        return facts(
            bit_depth_in_use=recording.bits_in_use,
            brightness=mean * recording.scale,
            contrast=float(np.sqrt(np.vdot(chosen, chosen) / chosen.size)) * recording.scale,
        )
    samples = recording.samples
    flat = samples.ravel()
    # A product of vectors in runs, each short enough for float32, instead of squares of everything.
    power = sum(float(flat[at : at + _RUN] @ flat[at : at + _RUN]) for at in range(0, len(flat), _RUN)) / len(flat)
    return facts(
        bit_depth_in_use=recording.bits_in_use,
        duration=len(samples) / recording.rate,
        loudness=10.0 * float(np.log10(power)) if power > 0 else None,
        peak=max(float(samples.max()), -float(samples.min())),
    )


def _some_rows(stored: np.ndarray) -> np.ndarray:
    """Return whole rows, evenly from top to bottom: enough for a mean and a deviation to a fraction of a grey level."""
    every = max(1, min(stored.size // _ENOUGH, len(stored) // _ROWS))
    return stored[every // 2 :: every]
