"""Voices by the source-filter model: glottal pulses with jitter, shimmer and breath, through the resonances of a vocal tract.

Source: the derivative of the glottal flow of Rosenberg (1971, pulse B), one pulse a period. Periods and amplitudes scatter from
pulse to pulse (jitter, shimmer); air that passes the glottis adds noise, more while it is open. Filter: resonances of
second order in cascade (Klatt 1980), moving from vowel to vowel. Vowels are those of Peterson and Barney (1952).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE = 16_000
"""Samples a second."""

VOWELS = {
    "i": (270.0, 2290.0, 3010.0),
    "e": (530.0, 1840.0, 2480.0),
    "a": (730.0, 1090.0, 2440.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
"""First three resonances of a man's vowels in Hz."""

HIGHER = (3500.0, 4500.0, 5500.0, 6500.0)
WIDTHS = (60.0, 90.0, 130.0, 180.0, 250.0, 300.0, 350.0)
PAUSE = 0.09
"""Seconds between two vowels, in which nothing is said."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A speaker's voice.

    Parameters
    ----------
    pitch : Hz.
    tract : factor of all resonances; 1 for a vocal tract of 17.5 cm, about 1.17 for one of 15 cm.
    jitter : deviation of a period from its course, as a share of it.
    shimmer : deviation of a pulse's amplitude, as a share of it.
    breath : level of the air's noise while the glottis is open, as a share of the pulses'.
    tilt : coefficient (0 to 1) of the low-pass by which soft voices lose their high partials.
    """

    pitch: float
    tract: float
    jitter: float
    shimmer: float
    breath: float
    tilt: float

    def say(self, vowels: str, seconds: float, rng: np.random.Generator) -> np.ndarray:
        """Return samples (seconds * 16000,) of mean square 1 while speaking: vowels with pauses, silence at both ends."""
        from scipy.signal import lfilter

        total = round(seconds * RATE)
        out = np.zeros(total)
        start = rng.uniform(0.12, 0.20)
        each = (seconds - start - rng.uniform(0.12, 0.20)) / len(vowels)
        for place, vowel in enumerate(vowels):
            length = round((each - PAUSE) * rng.uniform(0.92, 1.0) * RATE)
            sound = self._source(length, rng)
            resonances = [*(self.tract * f for f in VOWELS[vowel]), *(self.tract * f for f in HIGHER)]
            for centre, width in zip(resonances, WIDTHS, strict=True):
                if centre < 0.47 * RATE:
                    sound = lfilter(*resonator(centre, width), sound)
            sound /= np.sqrt(np.mean(np.square(sound)))
            first = round((start + place * each) * RATE)
            out[first : first + length] += sound * _envelope(length) * 10 ** (rng.normal(0, 2.5) / 20)
        return out

    def _source(self, length: int, rng: np.random.Generator) -> np.ndarray:
        """Return the derivative of the glottal flow with its noise, (length,)."""
        from scipy.signal import lfilter

        # The course of the pitch: it falls towards the end, and wavers slowly.
        duration = length / RATE
        wave = rng.uniform(0, 2 * np.pi)
        out = np.zeros(length)
        opened = np.zeros(length)
        time = 0.0
        while time < duration:
            course = self.pitch * (1.04 - 0.09 * time / duration + 0.012 * np.sin(2 * np.pi * 4.5 * time + wave))
            period = max(0.5, 1 + self.jitter * rng.standard_normal()) / course
            first, last = round(time * RATE), min(length, round((time + period) * RATE))
            phase = (np.arange(first, last) / RATE - time) / period
            size = max(0.2, 1 + self.shimmer * rng.standard_normal())
            out[first:last] = size * _pulse(phase)
            opened[first:last] = phase < OPENING + CLOSING
            time += period
        # Soft closing takes the pulses' high partials and leaves the noise its own: that is how breathy voices hiss.
        out = lfilter([1 - self.tilt], [1, -self.tilt], out)
        noise = rng.standard_normal(length) * (0.35 + 0.65 * opened)
        return np.asarray(out + self.breath * noise * np.sqrt(np.mean(np.square(out))))


OPENING, CLOSING = 0.40, 0.16
"""Shares of a period in which the glottis opens and closes."""


def _pulse(phase: np.ndarray) -> np.ndarray:
    """Return the derivative of Rosenberg's pulse B at phases 0..1 of a period."""
    opening = 6 * (phase / OPENING) * (1 - phase / OPENING) / OPENING
    closing = -2 * ((phase - OPENING) / CLOSING) / CLOSING
    return np.where(phase < OPENING, opening, np.where(phase < OPENING + CLOSING, closing, 0.0))


def resonator(centre: float, width: float) -> tuple[list[float], list[float]]:
    """Return the coefficients of a resonance at ``centre`` Hz, ``width`` Hz wide, of gain 1 at 0 Hz (Klatt 1980)."""
    radius = np.exp(-np.pi * width / RATE)
    first, second = 2 * radius * np.cos(2 * np.pi * centre / RATE), -radius * radius
    return [float(1 - first - second)], [1.0, float(-first), float(-second)]


def _envelope(length: int) -> np.ndarray:
    """Return 0 to 1 and back: a soft onset of 25 ms, a softer end of 50 ms."""
    edges = [0, round(0.025 * RATE), length - round(0.05 * RATE), length]
    return np.asarray(np.interp(np.arange(length), edges, [0.0, 1.0, 1.0, 0.0]))
