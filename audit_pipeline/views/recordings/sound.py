"""A decoded sound as the views take it: one channel, in short and in long frames, each spectrum computed once.

Bounds: of a sound longer than 30 s, six stretches of 5 s are looked at, the first, the last and four evenly between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from math import ceil, log2

import numpy as np

VERSION = 2
"""Raised whenever the prepared frames change; part of the key of every audio view."""

LEAST = 0.01
"""Seconds below which a sound is not measured."""

STRETCHES, STRETCH = 6, 5.0
"""Number and seconds of the stretches of a long sound."""

FRAME, HOP = 0.032, 0.016
LONG_FRAME, LONG_FRAMES = 0.256, 36
"""Seconds of a long frame, and the most of them."""

AT_ONCE = 1 << 16
"""Samples of frames that are transformed at a time."""

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
        """Frames (m, length) of 32 ms every 16 ms, not windowed; none lies across two stretches. Read-only."""
        length, step = _fast(FRAME * self.rate), max(1, round(HOP * self.rate))
        parts = [_sliding(stretch, length)[::step] for stretch in self.stretches]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @cached_property
    def power(self) -> np.ndarray:
        """Power (m, bins) of the short frames, in Hann windows; a bin's sum over frequencies is the mean square."""
        return _power(self.frames)

    @cached_property
    def level(self) -> np.ndarray:
        """Level (m,) of the short frames without their mean, in dB of full scale."""
        length = self.frames.shape[1]
        found = []
        for part in _parts(self.frames, length):
            apart = part - part.mean(axis=1, keepdims=True)
            found.append(np.vecdot(apart, apart) / np.float32(length))
        return decibels(np.concatenate(found))

    @cached_property
    def long_power(self) -> tuple[np.ndarray, np.ndarray]:
        """Hz of the bins, and the mean power (bins,) over at most 36 frames of 256 ms, which overlap by half where it takes that."""
        length = _fast(LONG_FRAME * self.rate)
        most = LONG_FRAMES // len(self.stretches)
        total, seen = np.zeros(length // 2 + 1), 0
        for stretch in self.stretches:
            sliding = _sliding(stretch, length)
            count = min(most, 1 + 2 * (len(sliding) - 1) // length)
            # From the first to the last sample, so that the sound played backwards has the same frames.
            places = np.linspace(0, len(sliding) - 1, count).round().astype(np.int64)
            seen += count
            for part in _parts(places, length):
                frames = sliding[part]
                total += _power(frames - frames.mean(axis=1, keepdims=True)).sum(axis=0)
        return np.fft.rfftfreq(length, 1 / self.rate), (total / seen).astype(np.float32)


def _sliding(stretch: np.ndarray, length: int) -> np.ndarray:
    """Return all frames (m, length) of a stretch; one shorter than a frame is followed by zeros, so that there always is one."""
    if len(stretch) < length:
        stretch = np.pad(stretch, (0, length - len(stretch)))
    return np.lib.stride_tricks.sliding_window_view(stretch, length)


def _parts(frames: np.ndarray, length: int) -> Iterator[np.ndarray]:
    """Yield frames (m, ...) of so many samples in parts so few that what is computed of them stays in the processor's cache."""
    count = max(1, AT_ONCE // length)
    for start in range(0, len(frames), count):
        yield frames[start : start + count]


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
    window, scale = _window(length)
    out = np.empty((len(frames), length // 2 + 1), dtype=np.float32)
    start = 0
    for part in _parts(frames, length):
        spectrum = rfft(part * window, axis=1)
        power = out[start : start + len(part)]
        np.square(spectrum.real, out=power)
        power += np.square(spectrum.imag)
        power *= scale
        start += len(part)
    return out


@lru_cache(maxsize=16)
def _window(length: int) -> tuple[np.ndarray, np.float32]:
    """Return a Hann window, and what makes the sum of the squared spectrum a mean square."""
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    return window, np.float32(2 / (length * float((window**2).sum())))


def decibels(power: np.ndarray) -> np.ndarray:
    """Return dB of full scale, not below -120."""
    return np.asarray(10 * np.log10(np.asarray(power) + FLOOR))


def band_weights(frequencies: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return weights (bins, bands) that share bins out to bands between ``edges`` (bands + 1, Hz) by the overlap of their widths.

    A band that reaches beyond the highest frequency is NaN: it was not recorded.
    """
    return _band_weights(len(frequencies), float(frequencies[1] - frequencies[0]), tuple(map(float, edges)))


@lru_cache(maxsize=32)
def _band_weights(bins: int, width: float, between: tuple[float, ...]) -> np.ndarray:
    frequencies, edges = width * np.arange(bins), np.array(between)
    low, high = frequencies - width / 2, frequencies + width / 2
    overlap = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    weights = np.maximum(overlap, 0) / width
    weights[:, edges[1:] > frequencies[-1] * (1 + 1e-6)] = np.nan
    weights = weights.astype(np.float32)
    weights.flags.writeable = False
    return weights


def third_octaves(lowest: float, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """Return centres and edges (Hz) of the third-octave bands between two centres, by the base-10 series of IEC 61260."""
    steps = np.arange(round(10 * np.log10(lowest)), round(10 * np.log10(highest)) + 1)
    return 10 ** (steps / 10), 10 ** (np.append(steps - 0.5, steps[-1] + 0.5) / 10)
