"""Planes keep what a network could learn from, in bytes of one size: checked on pictures and sounds with known content."""

from __future__ import annotations

import numpy as np
import pytest

from audit_pipeline.views.recordings.mel import mel_weights
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.planes import PICTURE_SHAPE, SOUND_SHAPE, plane
from audit_pipeline.views.recordings.sound import Sound

from .microphones import RATE, digitised, noise, voice


@pytest.mark.parametrize("shape", [(64, 64), (8, 8), (9, 700, 3), (480, 640, 3), (1024, 1030, 1)])
def test_pictures_of_every_size_become_one(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).random(shape)
    seen = plane(Picture(pixels))
    assert seen.shape == PICTURE_SHAPE
    assert seen.dtype == np.uint8
    assert seen.mean() / 255 == pytest.approx(pixels.mean(), abs=0.01)


def test_a_picture_of_the_planes_size_is_left_as_it_is() -> None:
    levels = np.random.default_rng(1).integers(0, 256, (64, 64, 3))
    assert np.array_equal(plane(Picture(levels / 255)), levels)


def test_areas_are_averaged_and_sides_squeezed() -> None:
    levels = np.random.default_rng(2).integers(0, 256, (64, 64))
    tall = np.kron(levels, np.ones((4, 2))) / 255
    seen = plane(Picture(tall))
    assert np.array_equal(seen, np.repeat(levels[:, :, None], 3, axis=2))


def test_few_steps_of_many_are_stretched_and_a_dim_picture_is_not() -> None:
    twelve_bits = np.random.default_rng(3).integers(0, 4096, (64, 64))
    stretched = plane(Picture(twelve_bits / 65535))
    assert len(np.unique(stretched)) > 200
    assert np.corrcoef(stretched[:, :, 0].ravel(), twelve_bits.ravel())[0, 1] > 0.999
    dim = np.linspace(0.1, 0.2, 64 * 64).reshape(64, 64)
    assert plane(Picture(dim)).max() == round(0.2 * 255)
    assert (plane(Picture(np.full((64, 64), 0.5))) == 128).all()


@pytest.mark.parametrize("seconds", [0.02, 0.5, 3.0, 70.0])
@pytest.mark.parametrize("rate", [4000, 44100])
def test_sounds_of_every_length_and_rate_become_one(seconds: float, rate: int) -> None:
    seen = plane(Sound(np.random.default_rng(4).normal(0, 0.1, round(seconds * rate)), rate))
    assert seen.shape == SOUND_SHAPE
    assert seen.dtype == np.uint8
    assert seen.max() == 255
    heard = min(128, max(1, round(seconds / 0.016) - 1))
    assert (seen[2, :heard] > 0).all()
    assert (seen[:, heard + 1 :] == 0).all()
    assert ((seen[-8:] == 0).all()) == (rate < 16000)


def test_a_tone_is_where_it_belongs() -> None:
    time = np.arange(RATE) / RATE
    for frequency in (100.0, 440.0, 3000.0):
        seen = plane(Sound(0.5 * np.sin(2 * np.pi * frequency * time), RATE))
        loudest = int(seen[:, 20, 0].argmax())
        weights = np.nan_to_num(mel_weights(1025, RATE, 64))
        middle = np.linspace(0, RATE / 2, 1025) @ weights[:, loudest] / weights[:, loudest].sum()
        assert abs(middle - frequency) < max(35, 0.06 * frequency)


def test_a_gain_changes_no_plane_and_a_floor_does() -> None:
    rng = np.random.default_rng(5)
    spoken = voice(rng)
    quiet, loud = (spoken + noise(rng, len(spoken), level) for level in (1e-4, 1e-2))
    apart = np.abs(plane(Sound(quiet, RATE)).astype(int) - plane(Sound(0.1 * quiet, RATE)).astype(int))
    assert apart.max() <= 1
    assert plane(Sound(loud, RATE)).mean() > plane(Sound(quiet, RATE)).mean() + 20


def test_leading_silence_is_kept_in_short_and_in_long_sounds() -> None:
    rng = np.random.default_rng(6)
    for seconds in (1.5, 20.0):
        spoken = voice(rng, seconds=seconds, lead=seconds / 4)
        seen = plane(Sound(digitised(spoken + noise(rng, len(spoken))), RATE)).max(axis=(0, 2)).astype(int)
        frames = min(128, round(seconds / 0.016))
        assert seen[frames // 4 :].max() - seen[: frames // 5].max() > 60


def test_what_cannot_be_measured_is_black() -> None:
    for nothing in (np.zeros((4, 4)), np.full((64, 64), np.nan)):
        assert not plane(Picture(nothing)).any()
    for silence in (np.zeros(RATE), np.full(RATE, np.nan), np.zeros(3)):
        seen = plane(Sound(silence, RATE))
        assert seen.shape == SOUND_SHAPE
        assert not seen.any()
