"""Sounds: a site that shows in the microphone's response, the noise floor or the silence before the voice."""

from __future__ import annotations

import numpy as np

from benchmarks.truth.case import Case, family
from benchmarks.truth.families.recorded_images import CELLS, NULL_SIZES, SIZES
from benchmarks.truth.recordings.cases import sound_case
from benchmarks.truth.recordings.sounds import Trace


@family("Sounds: the site's microphone has a response", kind="alternative", cells=CELLS, sizes=SIZES, medium="audio")
def audio_microphone(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """Responses that fall and rise by 3 dB from 100 Hz to 4 kHz, with a natural deviation of 2 dB."""
    return sound_case(rng, n, "microphone", v, **how)


@family("Sounds: the site is noisier", kind="alternative", cells=CELLS, sizes=SIZES, medium="audio")
def audio_floor(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """Noise floors that differ by 4 dB, with a natural deviation of 3 dB."""
    return sound_case(rng, n, "floor", v, **how)


@family(
    "Sounds: the site records longer before the voice", kind="alternative", cells=CELLS, sizes=SIZES, medium="audio"
)
def audio_silence(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """Silences of .14 and .18 s on average, with a natural deviation of .03 s; all sounds last a second."""
    return sound_case(rng, n, "silence", v, **how)


READABLE: tuple[Trace, ...] = ("microphone", "floor", "silence")


@family(
    "Sounds: one edge at most",
    kind="null",
    cells=[
        *({"trace": trace, "v": 0.0} for trace in READABLE),
        {"trace": "none", "v": 0.5},
        {"trace": "none", "v": 0.0},
    ],
    sizes=NULL_SIZES,
    medium="audio",
)
def audio_nulls(rng: np.random.Generator, n: int, trace: Trace, v: float) -> Case:
    """The traces of the families above; all sounds show the label."""
    return sound_case(rng, n, trace, v)


@family(
    "Sounds: one edge at most, five of a speaker",
    kind="null",
    cells=[{"trace": "microphone", "v": 0.0}, {"trace": "none", "v": 0.5}],
    sizes=(300,),
    medium="audio",
)
def audio_grouped(rng: np.random.Generator, n: int, trace: Trace, v: float) -> Case:
    """Label and site belong to the speaker, whose sounds share half of their natural variance."""
    return sound_case(rng, n, trace, v, per=5)
