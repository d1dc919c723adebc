"""Voices and microphones with known properties."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

RATE = 8000


def voice(rng: np.random.Generator, pitch: float = 140, seconds: float = 1.5, lead: float = 0.2) -> np.ndarray:
    """A few vowels with pauses between: pulses through two resonances, exactly silent elsewhere."""
    out = np.zeros(round(seconds * RATE))
    at = lead
    while at + 0.2 < seconds - 0.2:
        length = round(rng.uniform(0.15, 0.25) * RATE)
        length = min(length, len(out) - round(0.2 * RATE) - round(at * RATE))
        phase = np.cumsum(pitch * np.exp(rng.normal(0, 0.05)) / RATE * np.ones(length))
        pulses = np.diff(np.floor(phase), prepend=0)
        for frequency in (rng.uniform(400, 800), rng.uniform(1000, 2200)):
            radius = np.exp(-np.pi * 90 / RATE)
            pulses = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2], pulses)
        start = round(at * RATE)
        out[start : start + length] = pulses * np.hanning(length) ** 0.5
        at += length / RATE + rng.uniform(0.12, 0.2)
    return 0.3 * out / np.abs(out).max()


def noise(rng: np.random.Generator, n: int, level: float = 1e-3, colour: float = 0.0) -> np.ndarray:
    """Noise of a deviation; ``colour`` is the weight of the sample before."""
    white = rng.standard_normal(n + 100)
    out = lfilter([1], [1, -colour], white)[100:]
    return level * out / out.std()


def digitised(sound: np.ndarray, bits: int = 16) -> np.ndarray:
    step = 2.0 ** (1 - bits)
    return np.clip(np.rint(sound / step) * step, -1, 1 - step).astype(np.float32)
