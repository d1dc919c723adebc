"""What a microphone hears of a speaker in a room: direct sound, echoes, and the noise of the place and of itself.

Echoes: mirror images of the speaker in the six walls of a box (Allen and Berkley 1979), each weaker by its distance and by
what the walls on its way have swallowed; walls and air take more of the high frequencies with every reflection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.demo.recordings.voices import RATE

SOUND = 343.0
"""Metres a second."""

ROOM = (5.6, 4.3, 2.9)
"""Metres of an examination room's sides."""

REFLECTED = (0.86, 0.86, 0.78)
"""Share of the pressure that a wall throws back, by axis: reverberation time about 0.5 s."""

HEARD = 0.25
"""Seconds after which echoes are below the noise."""

TAPS = 16


@dataclass(frozen=True, kw_only=True)
class Microphone:
    """A microphone, where it stands and what it adds.

    Parameters
    ----------
    distance : metres from the mouth.
    noise : level of its noise floor in dB below the speech of a normal voice at one metre.
    slope : of the noise's amplitude spectrum, f ** -slope: 0 for an amplifier's hiss, 0.5 for a room with a fan.
    low : Hz below which it loses 12 dB an octave.
    lift : dB by which it raises the band around 4 kHz, as clip-on microphones do.
    """

    distance: float
    noise: float
    slope: float
    low: float
    lift: float

    def record(self, speech: np.ndarray, impulse: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the samples (n,) that it records of speech (n,) at one metre, in a room with this impulse response."""
        from scipy.signal import fftconvolve

        there = fftconvolve(speech, impulse)[: len(speech)]
        floor = 10 ** (-self.noise / 20) * hiss(rng, len(speech), self.slope)
        return self._heard(there + floor)

    def _heard(self, pressure: np.ndarray) -> np.ndarray:
        """Return the microphone's output: its frequency response."""
        spectrum = np.fft.rfft(pressure)
        frequency = np.fft.rfftfreq(len(pressure), 1 / RATE)
        high_pass = frequency**2 / (frequency**2 + self.low**2)
        octaves = np.log2(np.maximum(frequency, 1) / 4_000)
        presence = 10 ** (self.lift * np.exp(-(octaves**2) / 0.5) / 20)
        return np.fft.irfft(spectrum * high_pass * presence, n=len(pressure))


def hiss(rng: np.random.Generator, length: int, slope: float) -> np.ndarray:
    """Return noise (length,) of mean square 1 whose amplitude falls as f ** -slope above 40 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 40.0)
    out = np.fft.irfft(spectrum * frequency**-slope, n=length)
    return np.asarray(out / np.sqrt(np.mean(np.square(out))))


def impulse_response(speaker: np.ndarray, microphone: np.ndarray) -> np.ndarray:
    """Return the impulse response (0.25 s and a little, samples) between two places (3,) in metres inside the room; 1 is one metre in free air."""
    reach = HEARD * SOUND
    axes = []
    for side, source, place, share in zip(ROOM, speaker, microphone, REFLECTED, strict=True):
        order = np.arange(-int(reach / (2 * side)) - 1, int(reach / (2 * side)) + 2)
        # An image behind 2 r walls is moved, one behind 2 r - 1 walls mirrored as well.
        where = np.concatenate([2 * order * side + source, 2 * order * side - source]) - place
        walls = np.concatenate([2 * np.abs(order), np.abs(2 * order - 1)])
        axes.append((where**2, share**walls, walls))
    squared = axes[0][0][:, None, None] + axes[1][0][:, None] + axes[2][0]
    near = squared < reach**2
    weight = (axes[0][1][:, None, None] * axes[1][1][:, None] * axes[2][1])[near]
    walls = (axes[0][2][:, None, None] + axes[1][2][:, None] + axes[2][2])[near]
    distance = np.sqrt(squared[near])
    # Images behind many walls are duller: they are gathered in three classes, each with its own low-pass.
    delay = distance / SOUND * RATE
    out = np.zeros(round(HEARD * RATE) + TAPS)
    for least, most, cut in ((0, 1, None), (1, 4, 6_500.0), (4, 10_000, 4_000.0)):
        chosen = (walls >= least) & (walls < most)
        out += _dulled(_placed(delay[chosen], weight[chosen] / distance[chosen], len(out)), cut)
    return out


def _placed(delay: np.ndarray, size: np.ndarray, length: int) -> np.ndarray:
    """Return pulses at fractions of samples, shared between the two samples around them."""
    first = np.floor(delay).astype(np.int64)
    rest = delay - first
    return (
        np.bincount(first, size * (1 - rest), minlength=length)[:length]
        + np.bincount(first + 1, size * rest, minlength=length)[:length]
    )


def _dulled(response: np.ndarray, cut: float | None) -> np.ndarray:
    from scipy.signal import lfilter

    if cut is None:
        return response
    decay = float(np.exp(-2 * np.pi * cut / RATE))
    return np.asarray(lfilter([1 - decay], [1, -decay], response))
