"""Sounds, decoded by libsndfile in blocks: what a header says of their length is never allocated, only held to."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from audit_pipeline.dataset.media.depth import bits_in_use
from audit_pipeline.dataset.media.headers.wav import read_wave
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable
from audit_pipeline.dataset.media.quiet import silent
from audit_pipeline.dataset.media.sniff import Kind
from audit_pipeline.dataset.media.source import Stream

_BLOCK = 1 << 20
"""Samples that are decoded at a time."""

_FIRST = 1 << 11
"""Samples of a block that are looked at before all of it."""

_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}


@dataclass(frozen=True)
class Sound:
    """A sound.

    Parameters
    ----------
    samples : (n, channels) float32 in -1..1.
    rate : samples a second.
    bits : of a sample as stored; None where samples are no integers (float, MP3, Vorbis, Opus ...).
    bits_in_use : that the steps between the samples need; None where there are no steps.
    codec : libsndfile's name of the coding: ``PCM_16``, ``FLOAT``, ``VORBIS`` ...
    scale : what the samples were divided by, since floats may exceed 1; else 1.
    """

    samples: np.ndarray
    rate: int
    bits: int | None
    bits_in_use: int | None
    codec: str
    scale: float = 1.0


def sound(stream: Stream, kind: Kind, limits: Limits) -> Sound:
    """Decode a sound.

    Raises
    ------
    Unreadable : corrupt, truncated, empty, gigantic, bomb or unsupported.
    """
    import soundfile

    if kind == "wav":
        wave = read_wave(stream)
        if wave.missing:
            raise Unreadable(
                "truncated", f"{wave.sound:,} bytes of sound are there, of {wave.sound + wave.missing:,} announced"
            )
        if wave.unfinished:
            raise Unreadable(
                "truncated",
                "the header was never finished: it announces no sound, and some follows",
                remedy="repair it: ffmpeg -i broken.wav -c copy repaired.wav",
            )
    stream.seek(0)
    # mpg123 tells the terminal what it thinks of a file.
    with silent() if kind == "mp3" else nullcontext():
        try:
            with soundfile.SoundFile(stream) as file:
                return _read(file, stream.size, limits)
        except soundfile.LibsndfileError:
            raise Unreadable("corrupt", "the sound cannot be decoded") from None


def _read(file: object, packed: int, limits: Limits) -> Sound:
    import soundfile

    assert isinstance(file, soundfile.SoundFile)
    rate, channels, codec, announced = file.samplerate, file.channels, str(file.subtype), int(file.frames)
    most = int(min(limits.samples / channels, limits.seconds * rate))
    if announced > most and announced < 1 << 62:
        said = f"{announced / rate:,.0f} seconds in {channels} channels"
        if announced * channels > limits.ratio * packed:
            raise Unreadable("bomb", f"{packed:,} bytes announce {said}")
        raise Unreadable("gigantic", f"the sound lasts {said}, more than the limit")
    bits = _BITS.get(codec)
    # Half the memory where 16 bits hold every sample.
    kind = "float32" if bits is None else "int16" if bits <= 16 else "int32"
    blocks: list[np.ndarray] = []
    count, step = 0, max(1, _BLOCK // channels)
    while True:
        block = file.read(step, dtype=kind, always_2d=True)
        count += len(block)
        if count > most:
            raise Unreadable("gigantic", f"the sound lasts more than {most / rate:,.0f} seconds in {channels} channels")
        blocks.append(block)
        if len(block) < step:
            break
    if not count:
        raise Unreadable("empty", "the sound has no samples")
    if codec.startswith(("PCM", "FLOAT", "DOUBLE")) and count < announced < 1 << 62:
        raise Unreadable("truncated", f"{count:,} samples are there, of {announced:,} announced")
    return _finish(blocks, rate, bits, codec)


def _finish(blocks: list[np.ndarray], rate: int, bits: int | None, codec: str) -> Sound:
    samples = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), np.float32)
    used = _in_use(blocks, bits) if bits else None
    place = 0
    while blocks:
        block = blocks.pop(0)
        scale = 2.0 ** (1 - 8 * block.dtype.itemsize) if bits else 1.0
        np.multiply(block, np.float32(scale), out=samples[place : place + len(block)], casting="unsafe")
        place += len(block)
    if bits:
        return Sound(samples, rate, bits, used, codec)
    peak = max(float(samples.max()), -float(samples.min()))
    if not np.isfinite(peak):
        raise Unreadable("corrupt", "the sound has samples that are no finite numbers")
    if peak > 1.0:
        samples /= np.float32(peak)
    return Sound(samples, rate, None, None, codec, max(peak, 1.0))


def _in_use(blocks: list[np.ndarray], bits: int) -> int | None:
    """Return the bits in use; libsndfile puts integers of fewer bits at the top of 16 or 32."""
    spare = 8 * blocks[0].dtype.itemsize - bits
    for block in blocks:
        # The finest step of any block is what the sound was recorded with; most show it at once.
        for part in (block[:_FIRST], block):
            if bits_in_use(part >> spare, bits) == bits:
                return bits
    return bits_in_use(np.concatenate(blocks) >> spare, bits)
