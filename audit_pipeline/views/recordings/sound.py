"""A decoded sound as the views take it: one channel, in short and in long frames, each spectrum computed once.

Bounds: of a sound longer than 30 s, six stretches of 5 s are looked at, the first, the last and four evenly between them.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from math import ceil, log2

import numpy as np

VERSION = 1
"""Raised whenever the prepared frames change; part of the key of every audio view."""

LEAST = 0.01
"""Seconds below which a sound is not measured."""

STRETCHES, STRETCH = 6, 5.0
"""Number and seconds of the stretches of a long sound."""

FRAME, HOP = 0.032, 0.016
LONG_FRAME = 0.256

FLOOR = 1e-12
"""Power added to every band: -120 dB of full scale, below the rounding of 16 bits and above that of float32."""


class Sound:
    """A sound and what the views share of it.

    Parameters
    ----------
    samples : (n,) or (n, channels), floats in -1..1.
    rate : samples a second.
    """

    def __init__(self, samples: np.ndarray, rate: float) -> None:
        samples = np.asarray(samples, dtype=np.float32)
        if samples.ndim == 1:
            samples = samples[:, None]
        if samples.ndim != 2:
            raise ValueError(f"a sound is (samples,) or (samples, channels); this has shape {samples.shape}")
        if not rate > 0:
            raise ValueError(f"a sound has a positive rate in Hz, not {rate}")
        self.samples = samples
        self.rate = float(rate)

    @property
    def seconds(self) -> float:
        """The duration of the whole sound."""
        return len(self.samples) / self.rate

    @cached_property
    def measurable(self) -> bool:
        """Whether there are at least 10 ms, all of them numbers."""
        return self.seconds >= LEAST and self.samples.shape[1] > 0 and bool(np.isfinite(self.samples.sum()))

    @cached_property
    def stretches(self) -> list[np.ndarray]:
        """The channels' mean, whole or in stretches in their order."""
        length = round(STRETCH * self.rate)
        if len(self.samples) <= STRETCHES * length:
            return [_mono(self.samples)]
        starts = np.linspace(0, len(self.samples) - length, STRETCHES).astype(int)
        return [_mono(self.samples[start : start + length]) for start in starts]

    @cached_property
    def frequencies(self) -> np.ndarray:
        """Hz of the bins of ``power``."""
        return np.fft.rfftfreq(_fast(FRAME * self.rate), 1 / self.rate)

    @cached_property
    def frames(self) -> np.ndarray:
        """Frames (m, length) of 32 ms every 16 ms, not windowed; none lies across two stretches."""
        return self._cut(FRAME, HOP)

    @cached_property
    def power(self) -> np.ndarray:
        """Power (m, bins) of the short frames, in Hann windows; a bin's sum over frequencies is the mean square."""
        return _power(self.frames)

    @cached_property
    def level(self) -> np.ndarray:
        """Level (m,) of the short frames without their mean, in dB of full scale."""
        return decibels(self.frames.var(axis=1))

    @cached_property
    def long_power(self) -> tuple[np.ndarray, np.ndarray]:
        """Hz of the bins, and the mean power (bins,) over frames of 256 ms that overlap by half."""
        frames = self._cut(LONG_FRAME, LONG_FRAME / 2)
        frames = frames - frames.mean(axis=1, keepdims=True)
        return np.fft.rfftfreq(frames.shape[1], 1 / self.rate), _power(frames).mean(axis=0)

    def _cut(self, frame: float, hop: float) -> np.ndarray:
        length, step = _fast(frame * self.rate), max(1, round(hop * self.rate))
        parts = []
        for stretch in self.stretches:
            # A sound shorter than a frame is followed by zeros: there is always one frame.
            padded = np.pad(stretch, (0, max(0, length - len(stretch))))
            parts.append(np.lib.stride_tricks.sliding_window_view(padded, length)[::step])
        return np.concatenate(parts)


def _mono(samples: np.ndarray) -> np.ndarray:
    channels = samples.shape[1]
    # A product, since numpy's mean over a short axis takes several times as long.
    return samples[:, 0] if channels == 1 else samples @ np.full(channels, 1 / channels, dtype=np.float32)


@lru_cache(maxsize=64)
def _fast(length: float) -> int:
    """Return the least even length, from this on, without prime factors above 5: others take a transform many times as long."""
    wanted = max(8, round(length))
    threes = (2 * 3**b * 5**c for b in range(9) for c in range(6))
    return min(odd * 2 ** max(0, ceil(log2(wanted / odd))) for odd in threes)


def _power(frames: np.ndarray) -> np.ndarray:
    from scipy.fft import rfft

    length = frames.shape[1]
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    spectrum = rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power *= np.float32(2 / (length * float((window**2).sum())))
    return power


def decibels(power: np.ndarray) -> np.ndarray:
    """Return dB of full scale, not below -120."""
    return np.asarray(10 * np.log10(np.asarray(power) + FLOOR))


def band_weights(frequencies: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return weights (bins, bands) that share bins out to bands between ``edges`` (bands + 1, Hz) by the overlap of their widths.

    A band that reaches beyond the highest frequency is NaN: it was not recorded.
    """
    width = frequencies[1] - frequencies[0]
    low, high = frequencies - width / 2, frequencies + width / 2
    overlap = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    weights = np.maximum(overlap, 0) / width
    weights[:, edges[1:] > frequencies[-1] * (1 + 1e-6)] = np.nan
    return weights.astype(np.float32)


def third_octaves(lowest: float, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """Return centres and edges (Hz) of the third-octave bands between two centres, by the base-10 series of IEC 61260."""
    steps = np.arange(round(10 * np.log10(lowest)), round(10 * np.log10(highest)) + 1)
    return 10 ** (steps / 10), 10 ** (np.append(steps - 0.5, steps[-1] + 0.5) / 10)
