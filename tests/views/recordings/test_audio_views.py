"""Views of sounds hear what they are for, and not what they must not contain: by simulation with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from audit_pipeline.views.recordings.sound import Sound

from .judging import chance, told_apart, view
from .microphones import RATE, digitised, noise, voice

N = 120
TOLD = 0.9


def expect(aucs: dict[str, float], heard_by: tuple[str, ...]) -> None:
    for name, auc in aucs.items():
        if name in heard_by:
            assert auc > TOLD, f"{name} should tell the groups apart: {auc:.3f}"
        else:
            assert auc < chance(N), f"{name} must not tell the groups apart: {auc:.3f}"


def recorded(rng: np.random.Generator, sound: np.ndarray, **floor: float) -> Sound:
    return Sound(digitised(sound + noise(rng, len(sound), **floor)), RATE)


def test_a_microphone_is_in_the_spectrum() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        sound = voice(rng)
        heard = lfilter([1, -0.6], [1], sound) if group else sound
        return recorded(rng, heard * 0.3 / np.abs(heard).max())

    expect(told_apart("audio", make, ("spectrum", "full", "silence"), N, 1), ("spectrum", "full"))


def test_the_colour_of_the_floor_is_in_silence_and_not_in_clipping() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        return recorded(rng, voice(rng), colour=(0.0, 0.4)[group])

    expect(told_apart("audio", make, ("silence", "clipping"), N, 2), ("silence",))


def test_the_level_of_the_floor_is_in_silence() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        return recorded(rng, voice(rng), level=(1e-3, 1.5e-3)[group])

    expect(told_apart("audio", make, ("silence", "edges"), N, 3), ("silence", "edges"))


def test_the_pitch_of_a_voice_is_not_in_silence_or_edges() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        return recorded(rng, voice(rng, pitch=(120, 200)[group]))

    expect(told_apart("audio", make, ("full", "spectrum", "silence", "edges"), N, 4), ("full", "spectrum"))


def test_how_much_is_said_is_not_in_silence() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        spoken = voice(rng, seconds=(1.5, 1.0)[group])
        return recorded(rng, np.pad(spoken, (0, round(1.5 * RATE) - len(spoken))))

    expect(told_apart("audio", make, ("full", "silence"), N, 5), ("full",))


def test_overload_is_in_clipping_and_not_in_silence() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        sound = voice(rng) + noise(rng, round(1.5 * RATE))
        limit = 0.6 * np.abs(sound).max()
        return Sound(digitised(np.clip(sound, -limit, limit) if group else sound), RATE)

    expect(told_apart("audio", make, ("clipping", "silence"), N, 6), ("clipping",))


def test_the_silence_before_is_in_edges_and_not_in_silence() -> None:
    def make(rng: np.random.Generator, group: int) -> Sound:
        lead = (0.15, 0.3)[group]
        sound = np.concatenate([np.zeros(round(lead * RATE)), voice(rng, lead=0.02)])
        return recorded(rng, sound)

    expect(told_apart("audio", make, ("edges", "silence"), N, 7), ("edges",))


def test_spectrum_does_not_change_with_loudness_and_clipping_does() -> None:
    rng = np.random.default_rng(8)
    sound = voice(rng) + noise(rng, round(1.5 * RATE))
    spectrum, clipping = view("audio", "spectrum"), view("audio", "clipping")
    loud, soft = Sound(sound, RATE), Sound(sound * 0.1, RATE)
    np.testing.assert_allclose(spectrum(loud), spectrum(soft), atol=1e-2)
    peak = clipping.columns.index("peak (dB of full scale)")
    np.testing.assert_allclose(clipping(loud)[peak] - clipping(soft)[peak], 20, atol=0.01)


def test_edges_and_the_spectrum_of_silence_do_not_change_with_loudness() -> None:
    rng = np.random.default_rng(12)
    sound = np.pad(voice(rng), (2000, 0))
    sound = sound + noise(rng, len(sound))
    for name in ("edges", "silence"):
        heard = view("audio", name)
        kept = [i for i, column in enumerate(heard.columns) if "full scale" not in column]
        loud, soft = (heard(Sound(sound * gain, RATE))[kept] for gain in (1, 0.25))
        assert np.isfinite(loud).sum() > len(kept) / 2
        np.testing.assert_allclose(loud, soft, atol=0.02)


@pytest.mark.parametrize("seconds", [0.6, 7.0, 50.0])
def test_spectrum_does_not_change_with_reversal_in_time(seconds: float) -> None:
    rng = np.random.default_rng(15)
    sound = noise(rng, round(seconds * RATE), level=0.1, colour=0.5) * np.linspace(0.1, 1, round(seconds * RATE))
    spectrum = view("audio", "spectrum")
    # Windows are not symmetric to the sample.
    np.testing.assert_allclose(spectrum(Sound(sound, RATE)), spectrum(Sound(sound[::-1], RATE)), atol=0.05)


def test_clipping_does_not_change_with_reversal_in_time() -> None:
    rng = np.random.default_rng(13)
    sound = digitised(np.clip(voice(rng) * 2 + noise(rng, round(1.5 * RATE)), -0.4, 0.3))
    clipping = view("audio", "clipping")
    np.testing.assert_allclose(clipping(Sound(sound, RATE)), clipping(Sound(sound[::-1], RATE)), rtol=1e-5, atol=1e-6)


def test_channels_are_averaged_and_their_difference_is_measured() -> None:
    rng = np.random.default_rng(14)
    left, right = 0.1 * rng.standard_normal((2, RATE))
    spectrum, clipping = view("audio", "spectrum"), view("audio", "clipping")
    both = Sound(np.stack([left, right], axis=1), RATE)
    np.testing.assert_allclose(spectrum(both), spectrum(Sound((left + right) / 2, RATE)), atol=1e-3)
    apart = clipping.columns.index("difference of the channels (dB)")
    assert abs(clipping(both)[apart] - 10 * np.log10(2)) < 0.2
    assert np.isnan(clipping(Sound(left, RATE))[apart])


def test_bits_steps_and_unused_levels_are_counted() -> None:
    rng = np.random.default_rng(9)
    clipping = view("audio", "clipping")

    def told(samples: np.ndarray) -> dict[str, float]:
        return dict(zip(clipping.columns, clipping(Sound(samples, RATE)), strict=True))

    wide = rng.normal(0, 0.2, 50_000)
    assert told(digitised(wide, 8))["bits in use"] == 8
    assert told(digitised(wide, 16))["bits in use"] == 16
    assert told(wide * 0.123)["bits in use"] == 24
    # Whole numbers stretched by 1.5 and rounded again: every third level stays empty.
    assert (
        told((np.rint(1.5 * np.rint(rng.normal(0, 20, 50_000))) / 512).astype(np.float32))[
            "share of levels in range that no sample has"
        ]
        > 0.25
    )
    assert told(digitised(wide + 0.05))["offset"] > 0.045
    full_scale = told(np.clip(wide * 5, -1, 1))
    assert full_scale["log10 share of samples at full scale"] > -1
    assert told(digitised(wide))["log10 share of samples at full scale"] < -4


def test_edges_are_measured_in_seconds() -> None:
    rng = np.random.default_rng(10)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    sound = np.concatenate([np.zeros(800), noise(rng, 1600), tone, noise(rng, 800)])
    edges = view("audio", "edges")
    row = dict(zip(edges.columns, edges(Sound(sound, RATE)), strict=True))
    assert abs(10 ** row["log seconds of leading silence"] - 0.3) < 0.05
    assert abs(10 ** row["log seconds of trailing silence"] - 0.1) < 0.05
    assert abs(10 ** row["log seconds of leading zeros"] - 0.1) < 0.002


def test_a_sound_without_a_pause_has_no_silence_and_a_silent_one_no_spectrum() -> None:
    rng = np.random.default_rng(11)
    silence, spectrum = view("audio", "silence"), view("audio", "spectrum")
    steady = Sound(rng.normal(0, 0.1, RATE), RATE)
    assert np.isnan(silence(steady)).all()
    assert np.isfinite(spectrum(steady)).sum() > 20
    assert np.isnan(spectrum(Sound(np.zeros(RATE), RATE))).all()


def test_the_spectrum_of_a_tone_is_in_its_band_and_the_same_at_every_rate() -> None:
    spectrum = view("audio", "spectrum")
    band = spectrum.columns.index("dB at 1e+03 Hz")
    for rate in (8000, 22_050, 48_000):
        row = spectrum(Sound(0.2 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate), rate))
        assert abs(row[band]) < 0.1
        assert np.nanmax(np.delete(row[:30], band)) < -20
