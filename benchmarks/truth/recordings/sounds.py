"""A spoken vowel of half a second in a second of sound at 8 kHz: pulses through three resonances (Fant 1960) over a noise floor.

Pitch, resonances, loudness, onset and floor vary by nature. Positive labels have a lower first and a higher second
resonance. All files of a dataset are written alike: mono, 16 bits, one length.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks.truth.draw import Floats
from benchmarks.truth.recordings.design import Design

Trace = Literal["none", "microphone", "floor", "silence"]

RATE, LENGTH = 8000, 8000
BATCH = 128
"""Sounds that are drawn at a time."""

FORMANTS = ((550.0, 45.0, 90.0), (1500.0, 90.0, 110.0), (2500.0, 120.0, 160.0))
"""Centre, natural deviation and width of the vowel's resonances in Hz."""

SHIFTED = (-35.0, 70.0, 0.0)
"""Hz by which a positive label moves them."""

PITCH, PITCHES = 140.0, 0.15
"""Hz, and the deviation of its logarithm."""

LOUDNESS, LOUDNESSES = -22.0, 3.0
"""dB of full scale of the vowel, and their deviation."""

FLOOR, FLOORS, FLOOR_STEP = -58.0, 3.0, 2.0
"""dB of full scale of the noise, their natural deviation, and for each step of the site's direction."""

ONSET, ONSETS, ONSET_STEP = 0.16, 0.03, 0.02
"""Seconds before the vowel, their natural deviation, and for each step of the site's direction."""

VOWEL = 0.55
"""Seconds."""

RESPONSE, RESPONSE_STEP = 1.0, 1.5
"""dB of a microphone's response at its extremes: its natural deviation (distance, angle), and for each step of the direction."""


def files(records: Design, seed: int, trace: Trace, strength: float = 1.0) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file, in the order of the records.

    Parameters
    ----------
    trace : what shows the site: the response of its microphone, its noise floor, how long it records before the vowel; or
        nothing.
    strength : times the steps above.
    """
    rng = np.random.default_rng([seed, 0])
    step = strength * records.direction
    formants = _formants(rng, records)
    pitch = PITCH * np.exp(PITCHES * records.natural(rng)[:, 0])
    loudness = LOUDNESS + LOUDNESSES * records.natural(rng)[:, 0]
    floor = FLOOR + FLOORS * records.natural(rng)[:, 0] + FLOOR_STEP * step * (trace == "floor")
    onset = ONSET + ONSETS * records.natural(rng)[:, 0] + ONSET_STEP * step * (trace == "silence")
    response = RESPONSE * records.natural(rng, len(_responses()))
    if trace == "microphone":
        response[:, 0] += RESPONSE_STEP * step
    for start in range(0, len(records.y), BATCH):
        rows = slice(start, start + BATCH)
        vowels = np.fft.irfft(np.fft.rfft(_pulses(rng, pitch[rows])) * _resonances(formants[rows]), LENGTH)
        vowels = _placed(vowels, np.clip(onset[rows], 0.03, LENGTH / RATE - VOWEL - 0.03))
        vowels *= (10 ** (loudness[rows] / 20) / np.sqrt((vowels**2).mean(axis=1) * LENGTH / RATE / VOWEL))[:, None]
        heard = vowels + 10 ** (floor[rows, None] / 20) * rng.standard_normal(vowels.shape)
        heard = np.fft.irfft(np.fft.rfft(heard) * 10 ** (response[rows] @ _responses() / 20), LENGTH)
        for row, sound in enumerate(heard, start):
            yield f"files/{row:06d}.wav", _encoded(sound)


def _formants(rng: np.random.Generator, records: Design) -> Floats:
    centre, deviation, _ = np.array(FORMANTS).T
    return np.asarray(centre + deviation * records.natural(rng, 3) + np.array(SHIFTED) * records.y[:, None])


def _pulses(rng: np.random.Generator, pitch: Floats) -> Floats:
    """Return pulses (n, length) at a pitch that falls by a tenth and wavers, with a little breath."""
    time = np.linspace(0, 1, LENGTH)
    waver = 1 + 0.02 * np.sin(2 * np.pi * (4 * time[None, :] + rng.random((len(pitch), 1))))
    phase = np.cumsum(pitch[:, None] * (1.05 - 0.1 * time) * waver, axis=1) / RATE
    pulses = np.exp(-(phase % 1) / 0.15)
    return np.asarray(pulses - pulses.mean(axis=1, keepdims=True) + 0.05 * rng.standard_normal(pulses.shape))


def _resonances(formants: Floats) -> npt.NDArray[np.complex128]:
    """Return the response (n, bins) of the three resonances in a row."""
    frequency = np.fft.rfftfreq(LENGTH, 1 / RATE)[None, :]
    out = np.ones((len(formants), frequency.shape[1]), dtype=np.complex128)
    for centre, (_, _, width) in zip(formants.T, FORMANTS, strict=True):
        square = (centre**2)[:, None]
        out *= square / (square - frequency**2 + 1j * width * frequency)
    return out


def _placed(vowels: Floats, onset: Floats) -> Floats:
    """Let a vowel begin and end softly, at its onset (n,) in seconds and after the same time in all."""
    time = np.arange(LENGTH) / RATE - onset[:, None]
    rise = np.clip(np.minimum(time, VOWEL - time) / 0.03, 0, 1)
    return np.asarray(vowels * (0.5 - 0.5 * np.cos(np.pi * rise)))


@cache
def _responses() -> Floats:
    """Return curves (3, bins) between -1 and 1 along the logarithm of the frequency: what a response is made of."""
    frequency = np.fft.rfftfreq(LENGTH, 1 / RATE)
    octave = np.clip(np.log(np.maximum(frequency, 100) / 100) / np.log(RATE / 2 / 100), 0, 1)
    return np.stack([np.cos(np.pi * k * octave) for k in (1, 2, 3)])


def _encoded(sound: Floats) -> bytes:
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.clip(sound, -1, 1 - 2**-15), RATE, subtype="PCM_16", format="WAV")
    return out.getvalue()
