"""The view ``silence`` of a sound: its noise floor, from the quietest frames and never from what was recorded."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.registry import audio_view
from audit_pipeline.views.recordings.sound import Sound, band_weights, decibels, third_octaves

VERSION = 2
CENTRES, EDGES = third_octaves(63, 16_000)
PAUSE = 12.0
"""dB by which the quiet frames must lie below the loud ones: otherwise the sound has no pause to look at."""

QUIETEST, LOUDEST = 0.1, 0.9
SPREAD = 3.0
"""dB around the floor's level, within which a frame counts as floor."""

GUARD = 2
"""Frames on both sides that must be as quiet."""

ENOUGH, MOST = 3, 64
"""Frames of a floor that are enough, and as many as are looked at, evenly."""

DEAD = -110.0
"""dB of full scale, above which no frame is of equal samples, whatever the rounding."""

COLUMNS = (
    "level of the floor (dB of full scale)",
    "share of frames of equal samples",
    "variation of the floor (dB)",
    "flatness of the floor (dB)",
    "kurtosis of the floor",
    "correlation of neighbouring samples",
    *(f"floor at {centre:.3g} Hz (dB)" for centre in CENTRES),
)


@audio_view("silence", version=VERSION, columns=COLUMNS)
def silence(sound: Sound) -> np.ndarray:
    """Describe the noise floor: level, steadiness, distribution, and spectrum relative to its level.

    The floor are the frames of 32 ms within 3 dB of the level around which the quietest tenth lies, with two such
    neighbours on both sides: no onset or end of a sound is in them. Frames of equal samples (digital silence) are counted and not measured.
    Where the floor lies less than 12 dB below the loud frames, the sound has no pause, and everything is NaN.

    Contains: noise of the room, the microphone and its amplifier, hum, noise gates, the silence of an editor.

    Must not contain: speech or any other sound above the floor, how loud it is against the floor, its length or rhythm. What
    is as soft as the floor (breath, the end of reverberation) can remain in it.

    The spectrum is invariant to loudness; the level is not.
    """
    level = sound.level
    # Only what has hardly a level can be of equal samples.
    dead = level <= DEAD
    dead[dead] = np.ptp(sound.frames[dead], axis=1) == 0
    share_dead = float(dead.mean())
    nothing = np.full(len(COLUMNS), np.nan)
    if (~dead).sum() < ENOUGH:
        nothing[1] = share_dead
        return nothing
    alive = level[~dead]
    quiet, loud = np.quantile(alive, [QUIETEST, LOUDEST])
    if loud - quiet < PAUSE:
        return nothing
    low = ~dead & (level <= quiet + SPREAD)
    for _ in range(2):
        # A tenth of all frames is another part of the floor where more is said; its middle is the same. The middle is a
        # frame's own level, so that there is always one frame around it.
        middle = np.quantile(level[low], 0.5, method="lower")
        low = ~dead & (np.abs(level - middle) <= SPREAD)
    alone = low.copy()
    for guard in range(1, GUARD + 1):
        calm = low | dead
        alone[guard:] &= calm[:-guard]
        alone[:-guard] &= calm[guard:]
    chosen = alone if alone.sum() >= ENOUGH else low
    if chosen.sum() < ENOUGH:
        return nothing
    chosen = _some(np.flatnonzero(chosen))
    frames = sound.frames[chosen]
    frames = frames - frames.mean(axis=1, keepdims=True)
    variance = np.maximum(frames.var(axis=1), 1e-14)
    # What follows is a median over frames of something measured in each, so that their number has no part in it.
    power = sound.power[chosen] / variance[:, None]
    bands = np.median(10 * np.log10(power @ band_weights(sound.frequencies, EDGES) + 1e-8), axis=0)
    inner = power[:, 2:-1] + 1e-8
    flatness = 10 * np.median(np.log10(inner).mean(axis=1) - np.log10(inner.mean(axis=1)))
    squares = frames * frames
    kurtosis = float(np.median((squares * squares).mean(axis=1) / variance**2))
    neighbours = float(np.median((frames[:, 1:] * frames[:, :-1]).mean(axis=1) / variance))
    floor = decibels(variance)
    return np.array(
        [
            float(np.median(floor)),
            share_dead,
            float(floor.std()),
            float(flatness),
            kurtosis,
            neighbours,
            *bands,
        ]
    )


def _some(places: np.ndarray) -> np.ndarray:
    return places if len(places) <= MOST else places[np.linspace(0, len(places) - 1, MOST).astype(np.int64)]
