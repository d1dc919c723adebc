"""The view ``clipping`` of a sound: how its samples use the range of numbers, and nothing of their order."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.registry import audio_view
from audit_pipeline.views.recordings.sound import Sound

VERSION = 1
LOOKED_AT = 1 << 18
"""Samples of all channels, evenly from the whole: in runs of 4,096, since clipping is known by equal neighbours."""

RUN = 4096
DEPTHS = range(4, 25)
COLUMNS = (
    "log10 share of samples at the extremes",
    "log10 share of extremes in runs of three",
    "log10 share of samples at full scale",
    "peak (dB of full scale)",
    "level (dB of full scale)",
    "crest factor (dB)",
    "offset",
    "size of the offset to the level (dB)",
    "asymmetry of the peaks (dB)",
    "bits in use",
    "log2 of the quantisation step",
    "share of levels in range that no sample has",
    "share of zeros",
    "difference of the channels (dB)",
)


@audio_view("clipping", version=VERSION, columns=COLUMNS)
def clipping(sound: Sound) -> np.ndarray:
    """Measure clipping, offset, peak, crest factor, the quantisation step and the share of its levels in use.

    Of all channels together, at most 2^18 samples. The step is 2^-(bits - 1) for the fewest bits of which every
    sample is a multiple; sounds that were scaled after recording show unused levels. A silent sound has neither.

    Contains: gain and its control, overload, the converter's offset and bits, what editing did to the numbers.

    Must not contain: the spectrum, order in time beyond neighbours, length. Loudness is a part of it.

    Invariant to reversal in time; not to loudness.
    """
    samples = _chosen(sound.samples)
    size = np.abs(samples)
    peak = float(size.max())
    mean = samples.mean(axis=0, dtype=np.float64)
    offset = float(mean[np.argmax(np.abs(mean))])
    level = float(np.sqrt(np.mean((samples - mean.astype(np.float32)) ** 2, dtype=np.float64)))
    if peak == 0:
        row = np.full(len(COLUMNS), np.nan)
        row[[3, 4, 6, 12]] = -120, -120, 0, 1
        return row
    bits = _bits(samples)
    step = 2.0 ** (1 - bits)
    high, low = float(samples.max()), float(samples.min())
    extreme = (samples >= high - step / 2) | (samples <= low + step / 2)
    runs = extreme[2:] & extreme[1:-1] & extreme[:-2]
    difference = samples[:, 0] - samples[:, -1] if samples.shape[1] > 1 else None
    apart = np.nan if difference is None else _db(float(np.sqrt(np.mean(difference**2))) / (level + 1e-9))
    return np.array(
        [
            np.log10(extreme.mean() + 1e-6),
            np.log10((runs.mean() if len(runs) else 0) + 1e-6),
            np.log10((size >= 1 - step).mean() + 1e-6),
            _db(peak),
            _db(level),
            _db(peak / (level + 1e-9)),
            offset,
            _db(abs(offset) / (level + 1e-9)),
            _db(abs(high) + 1e-6) - _db(abs(low) + 1e-6),
            bits,
            np.log2(step),
            _unused(samples, step),
            float((samples == 0).mean()),
            apart,
        ]
    )


def _db(ratio: float) -> float:
    return float(20 * np.log10(ratio + 1e-6))


def _chosen(samples: np.ndarray) -> np.ndarray:
    if samples.size <= LOOKED_AT:
        return samples
    starts = np.linspace(0, len(samples) - RUN, max(1, LOOKED_AT // (RUN * samples.shape[1]))).astype(int)
    return np.concatenate([samples[start : start + RUN] for start in starts])


def _bits(samples: np.ndarray) -> int:
    """Return the fewest bits of which every sample is a multiple of the step; 24 for what has none."""
    rest = samples.ravel()
    for bits in DEPTHS:
        # Most depths are ruled out by the first samples.
        for part in (rest[:1000], rest):
            scaled = part * np.float32(2 ** (bits - 1))
            if not np.array_equal(scaled, np.rint(scaled)):
                break
        else:
            return bits
    return DEPTHS[-1]


def _unused(samples: np.ndarray, step: float) -> float:
    """Return the share of levels between the quartiles that do not occur, where there are enough samples to fill them."""
    codes = np.rint(samples.ravel() / np.float32(step)).astype(np.int32)
    low, high = np.quantile(codes[:: 1 + len(codes) // 10_000], [0.25, 0.75]).astype(np.int64)
    between = int(high - low) + 1
    if between < 8 or between > len(codes) // 20:
        return np.nan
    inside = codes[(codes >= low) & (codes <= high)] - low
    return float(np.mean(np.bincount(inside, minlength=between) == 0))
