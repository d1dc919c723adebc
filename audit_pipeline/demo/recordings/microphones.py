"""Two microphones: speakers with and without a voice disorder, recorded at once from close by and from across the room.

After the recordings of Maier et al. (2009): 51 speakers, each recorded at the same time by a clip-on microphone and by one at
2.5 m, so that whatever differs between the two sounds of one utterance is the microphone's and the room's. That study had
no fault; the broken design here is what happens when the clinic records its patients in its room and the healthy
are recorded with a headset.

Generating model, for speaker *s* with a hoarse voice or none (h_s)::

    pitch, tract_s     by sex (by quota in both groups): 118 Hz and 17.5 cm, 205 Hz and 15 cm, each +- 10 %, +- 3 %
    jitter_s           log-normal about .5 % (healthy) or 1.6 % (hoarse), with a spread of 40 % so that the groups overlap;
    shimmer_s          in the same way about 4 % or 8 %;
    breath_s           and about -21 dB or -11 dB
    utterance          five vowels in an order drawn anew, 1.6 s, by the source-filter model; each vowel +- 2.5 dB
    close              .25 m from the mouth, off its axis; presence peak; hiss of the amplifier
    far                2.5 m away on the room's other side: echoes reach it louder than the voice's direct sound; noise of the room
    recorded           gain set by hand for each device: the same level +- 2 dB, whoever speaks

==========  ========  ========================  ========================
design      speakers  hoarse speakers           healthy speakers
==========  ========  ========================  ========================
broken      51        far microphone only       close microphone only
repaired    51        both, the same words      both, the same words
==========  ========  ========================  ========================

In the broken design microphone and disorder are one variable. In the repaired one every speaker is heard through
both, so that the microphone cannot stand in for the disorder: the two are independent by design, and 51 speakers are enough
to say so.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.demo.recordings.rooms import ROOM, Microphone, impulse_response
from audit_pipeline.demo.recordings.storing import store
from audit_pipeline.demo.recordings.voices import RATE, VOWELS, Voice

if TYPE_CHECKING:
    import pandas as pd

SEED = 2_009
SPEAKERS = {False: 51, True: 51}
UTTERANCES = {False: 3, True: 3}
"""Speakers, half of them hoarse, and utterances of each, by ``repaired``."""

SECONDS = 1.6
LEVEL = -26.0
"""dB of full scale of the speech."""

CLOSE = Microphone(distance=0.25, noise=44.0, slope=0.1, low=90.0, lift=5.0)
FAR = Microphone(distance=2.5, noise=36.0, slope=0.5, low=50.0, lift=0.0)
MICROPHONES = (("close", CLOSE), ("far", FAR))
FOLDER = "voices"


def recordings(
    *, repaired: bool, speakers: int | None = None, seed: int = SEED
) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Record the speakers; the module's docstring gives the model.

    Parameters
    ----------
    speakers : how many; by default as many as the design has.

    Returns
    -------
    The table ``recording, speaker, microphone, hoarse`` (yes or no), and the WAV files by name.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    speakers = speakers or SPEAKERS[repaired]
    hoarse = rng.permutation(np.arange(speakers) < speakers // 2)
    female = np.zeros(speakers, dtype=bool)
    for group in (hoarse, ~hoarse):
        female[rng.permutation(np.flatnonzero(group))[::2]] = True
    rows: list[tuple[str, str, str]] = []
    sounds: list[bytes] = []
    for speaker in range(speakers):
        voice = _voice(rng, hoarse=bool(hoarse[speaker]), female=bool(female[speaker]))
        heard_by = (0, 1) if repaired else (int(hoarse[speaker]),)
        impulses = _places(rng, heard_by)
        for _ in range(UTTERANCES[repaired]):
            words = "".join(rng.permutation(list(VOWELS)))
            speech = 10 ** (rng.normal(0, 2.0) / 20) * voice.say(words, SECONDS, rng)
            for number in heard_by:
                name, microphone = MICROPHONES[number]
                sound = microphone.record(speech, impulses[number], rng)
                sounds.append(_wav(_levelled(sound, rng)))
                rows.append((f"S{speaker + 1:03d}", name, "yes" if hoarse[speaker] else "no"))
    # Numbers of files say nothing of who is in them.
    order = rng.permutation(len(rows))
    names = [f"{number:04d}.wav" for number in range(1, len(rows) + 1)]
    table = pd.DataFrame([rows[i] for i in order], columns=["speaker", "microphone", "hoarse"])
    table.insert(0, "recording", [f"{FOLDER}/{name}" for name in names])
    return table, {name: sounds[i] for name, i in zip(names, order, strict=True)}


def _voice(rng: np.random.Generator, *, hoarse: bool, female: bool) -> Voice:
    def about(middle: float) -> float:
        return float(middle * np.exp(0.4 * rng.standard_normal()))

    return Voice(
        pitch=(205.0 if female else 118.0) * float(np.exp(0.10 * rng.standard_normal())),
        tract=(1.17 if female else 1.0) * float(np.exp(0.03 * rng.standard_normal())),
        jitter=about(0.016 if hoarse else 0.005),
        shimmer=about(0.08 if hoarse else 0.04),
        breath=about(0.27 if hoarse else 0.09),
        tilt=float(rng.uniform(0.25, 0.5)),
    )


def _places(rng: np.random.Generator, heard_by: Iterable[int]) -> dict[int, np.ndarray]:
    """Return the impulse response to each microphone that is on, for where this speaker sits and turns."""
    mouth = np.array([1.5, ROOM[1] / 2, 1.2]) + rng.uniform(-0.15, 0.15, 3)
    out = {}
    for number in heard_by:
        angle = rng.uniform(-0.5, 0.5)
        way = np.array([np.cos(angle), np.sin(angle), rng.uniform(-0.1, 0.3)])
        away = MICROPHONES[number][1].distance * way / np.linalg.norm(way)
        out[number] = impulse_response(mouth, mouth + away)
    return out


def _levelled(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the sound at the level to which somebody has turned the gain."""
    level = 10 * np.log10(np.mean(np.square(sound)))
    return np.clip(sound * 10 ** ((LEVEL + rng.normal(0, 2.0) - level) / 20), -0.99, 0.99)


def _wav(sound: np.ndarray) -> bytes:
    """Return a WAV file of 16 bits, one channel, 16 kHz."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, sound, RATE, format="WAV", subtype="PCM_16")
    return out.getvalue()


def write_data(path: Path, *, repaired: bool) -> None:
    """Write the table as CSV, and the sounds into the folder ``voices`` beside it."""
    table, files = recordings(repaired=repaired)
    store(path, table, FOLDER, files)


def spec_text(*, repaired: bool) -> str:
    """Return the spec of either design as YAML."""
    name, told = (
        ("microphones_repaired", "Everybody was recorded at once by a close microphone and by one at 2.5 m.")
        if repaired
        else ("microphones", "Hoarse speakers were recorded across the room, healthy ones from close by.")
    )
    return f"""\
# {told}
name: {name}
data: microphones.csv
audio: recording
label: hoarse
subject: speaker
# Which microphone was on must not influence a diagnosis.
nuisance: [microphone]
# Quick. `baselines: [linear, cnn]` trains a network on the sounds as well.
baselines: [linear]
"""
