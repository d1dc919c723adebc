"""The view ``spectrum`` of a sound: its long-term average, which shows what the microphone lets through."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.registry import audio_view
from audit_pipeline.views.recordings.sound import Sound, band_weights, third_octaves

VERSION = 2
CENTRES, EDGES = third_octaves(25, 20_000)
WEAKEST = 1e-10
"""Share of the power that a band is not below: -100 dB."""

SHARES = (0.5, 0.9, 0.99, 0.9999)
COLUMNS = (
    *(f"dB at {centre:.3g} Hz" for centre in CENTRES),
    *(f"log10 Hz below which {share:g} of the power lies" for share in SHARES),
    "dB of the upper half of all frequencies",
)


@audio_view("spectrum", version=VERSION, columns=COLUMNS)
def spectrum(sound: Sound) -> np.ndarray:
    """Average the power in third-octave bands from 25 Hz to 20 kHz over the whole sound, relative to the total.

    Of at most 36 frames of 256 ms, by Welch's method. Bands beyond half the rate were not recorded: NaN, as is silence.

    Contains: the response of microphone, room and line, low-pass filters of a codec; the speaker's voice, the kind of
    sound, hence often the label.

    Must not contain: loudness, order in time, length, words.

    Invariant to loudness and to reversal in time.
    """
    frequencies, power = sound.long_power
    total = float(power.sum())
    if total <= 1e-13:
        return np.full(len(COLUMNS), np.nan)
    shares = power / total
    bands = shares @ band_weights(frequencies, EDGES)
    upper = float(shares[len(shares) // 2 :].sum())
    running = np.cumsum(shares, dtype=np.float64)
    limits = frequencies[np.minimum(np.searchsorted(running, SHARES), len(running) - 1)]
    return np.array(
        [
            *(10 * np.log10(bands + WEAKEST)),
            *(np.log10(limit + frequencies[1]) for limit in limits),
            10 * np.log10(upper + WEAKEST),
        ]
    )
