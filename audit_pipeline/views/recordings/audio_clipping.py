"""The view ``clipping`` of a sound: how its samples use the range of numbers, and nothing of their order."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.registry import audio_view
from audit_pipeline.views.recordings.sound import Sound

VERSION = 2
LOOKED_AT = 1 << 17
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

    Of all channels together, at most 2^17 samples. The step is 2^-(bits - 1) for the fewest bits of which every
    sample is a multiple; sounds that were scaled after recording show unused levels. A silent sound has neither.

    Contains: gain and its control, overload, the converter's offset and bits, what editing did to the numbers.

    Must not contain: the spectrum, order in time beyond neighbours, length. Loudness is a part of it.

    Invariant to reversal in time; not to loudness.
    """
    samples = _chosen(sound.samples)
    high, low = float(samples.max()), float(samples.min())
    peak = max(high, -low)
    # A product, since numpy averages over rows of a few channels slowly.
    mean = np.full(len(samples), 1 / len(samples), dtype=np.float32) @ samples
    offset = float(mean[np.argmax(np.abs(mean))])
    apart_from_mean = (samples - mean).ravel()
    level = float(np.sqrt(apart_from_mean @ apart_from_mean / len(apart_from_mean)))
    if peak == 0:
        row = np.full(len(COLUMNS), np.nan)
        row[[3, 4, 6, 12]] = -120, -120, 0, 1
        return row
    codes, bits = _codes(samples)
    step = 2.0 ** (1 - bits)
    extreme = (samples >= high - step / 2) | (samples <= low + step / 2)
    runs = extreme[2:] & extreme[1:-1] & extreme[:-2]
    difference = samples[:, 0] - samples[:, -1] if samples.shape[1] > 1 else None
    apart = np.nan if difference is None else _db(float(np.sqrt(np.mean(difference**2))) / (level + 1e-9))
    return np.array(
        [
            np.log10(extreme.mean() + 1e-6),
            np.log10((runs.mean() if len(runs) else 0) + 1e-6),
            np.log10(
                (np.count_nonzero(samples >= 1 - step) + np.count_nonzero(samples <= step - 1)) / samples.size + 1e-6
            ),
            _db(peak),
            _db(level),
            _db(peak / (level + 1e-9)),
            offset,
            _db(abs(offset) / (level + 1e-9)),
            _db(abs(high) + 1e-6) - _db(abs(low) + 1e-6),
            bits,
            np.log2(step),
            _unused(codes),
            1 - np.count_nonzero(samples) / samples.size,
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


def _codes(samples: np.ndarray) -> tuple[np.ndarray, int]:
    """Return samples in steps of the fewest bits of which every one is a multiple, and these bits; 24 for what has none."""
    finest = DEPTHS[-1]
    scaled = samples.ravel() * np.float32(2 ** (finest - 1))
    codes = scaled.astype(np.int32)
    # A bit that is set in none of the numbers, nor any below it, is not in use.
    used = int(np.bitwise_or.reduce(codes))
    if not np.array_equal(codes.astype(np.float32), scaled) or used == 0:
        return codes, finest
    spare = min((used & -used).bit_length() - 1, finest - DEPTHS[0])
    return codes >> spare, finest - spare


def _unused(codes: np.ndarray) -> float:
    """Return the share of levels between the quartiles that do not occur, where there are enough samples to fill them."""
    low, high = np.quantile(codes[:: 1 + len(codes) // 10_000], [0.25, 0.75]).astype(np.int64)
    between = int(high - low) + 1
    if between < 8 or between > len(codes) // 20:
        return np.nan
    inside = codes[(codes >= low) & (codes <= high)] - low
    return float(np.mean(np.bincount(inside, minlength=between) == 0))
