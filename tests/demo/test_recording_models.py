"""What recorded cases are simulated with: each model shows the quantities of its physics."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audit_pipeline.dataset.media import read_header
from audit_pipeline.demo.recordings.camera import Camera, demosaiced, tone
from audit_pipeline.demo.recordings.drawing import ellipse, filled, wobble
from audit_pipeline.demo.recordings.jpeg import Encoder, own_tables
from audit_pipeline.demo.recordings.quotas import by_quota, crossed
from audit_pipeline.demo.recordings.rooms import SOUND, Microphone, impulse_response
from audit_pipeline.demo.recordings.storing import store
from audit_pipeline.demo.recordings.textures import texture
from audit_pipeline.demo.recordings.voices import RATE, Voice

HEALTHY = Voice(pitch=120.0, tract=1.0, jitter=0.004, shimmer=0.03, breath=0.05, tilt=0.3)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("slope", [0.5, 1.0, 1.5])
def test_the_spectrum_of_a_texture_falls_as_it_is_told(slope: float) -> None:
    fields = [texture(rng(seed), 128, 128, slope=slope) for seed in range(20)]
    power = np.mean([np.abs(np.fft.fft2(field)) ** 2 for field in fields], axis=0)
    frequency = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :])
    used = (frequency > 0.02) & (frequency < 0.4)

    fitted, _ = np.polyfit(np.log(frequency[used]), np.log(power[used]), 1)

    # Power is amplitude squared. Of 10,000 frequencies, 20 fields each: a standard error of about .005.
    assert fitted == pytest.approx(-2 * slope, abs=0.05)
    assert np.mean(fields) == pytest.approx(0, abs=1e-9)
    assert np.std(fields[0]) == pytest.approx(1)


def test_a_stretched_texture_is_longer_down_than_across() -> None:
    field = texture(rng(), 128, 128, slope=1.0, stretch=4.0)
    down, across = (np.mean(np.diff(field, axis=axis) ** 2) for axis in (0, 1))
    assert down < across / 2


def test_an_ellipse_fills_its_area_and_a_wobble_has_its_deviation() -> None:
    mask = filled(64, 64, [ellipse((32, 32), (20, 10), 0.4)])
    assert mask.sum() == pytest.approx(np.pi * 200, rel=0.03)
    assert wobble(rng(), 0.1, count=400).std() == pytest.approx(0.1, rel=0.1)


def test_a_sensor_is_known_again_by_its_noise_and_a_twin_is_not() -> None:
    grey = np.full((64, 64, 3), 0.4)

    def remains(sensor: int, seed: int) -> np.ndarray:
        taken = Camera(sensor=sensor, uneven=0.02).take(grey, rng(seed)).astype(float)[..., 1]
        return (taken - taken.mean()).ravel()

    one, again, twin = remains(1, 1), remains(1, 2), remains(2, 3)

    # The pattern's variance is (.02 x .4)^2, that of the noise .4 / 8,000 + .004^2. Of 4,096 pixels, with neighbours' noise
    # shared by the mosaic, the standard error is about .025.
    assert np.corrcoef(one, again)[0, 1] == pytest.approx(6.4 / (6.4 + 6.6), abs=0.075)
    assert abs(np.corrcoef(one, twin)[0, 1]) < 0.1


def test_photon_noise_grows_with_the_root_of_light() -> None:
    camera = Camera(sensor=1, uneven=0.0, read=0.0, well=2_000, mosaic=False)
    variances = []
    for light in (0.1, 0.4):
        shown = [camera.take(np.full((64, 64, 3), light), rng(seed)) / 255 for seed in range(8)]
        slope = (tone(np.array(light + 1e-4)) - tone(np.array(light - 1e-4))) / 2e-4
        variances.append(np.var(shown) / float(slope) ** 2)
    assert variances[1] / variances[0] == pytest.approx(4, rel=0.05)
    assert variances[0] == pytest.approx(0.1 / 2_000, rel=0.1)


def test_demosaicing_keeps_an_even_colour_and_the_pixels_that_were_measured() -> None:
    colour = np.array([0.2, 0.5, 0.7])
    raw = np.full((8, 8), colour[1])
    raw[::2, ::2], raw[1::2, 1::2] = colour[0], colour[2]
    assert demosaiced(raw) == pytest.approx(np.broadcast_to(colour, (8, 8, 3)))

    noise = rng().random((8, 8))
    out = demosaiced(noise)
    assert np.array_equal(out[::2, ::2, 0], noise[::2, ::2])
    assert np.array_equal(out[::2, 1::2, 1], noise[::2, 1::2])
    assert np.array_equal(out[1::2, 1::2, 2], noise[1::2, 1::2])


def test_tables_and_quality_stand_in_the_header(tmp_path: Path) -> None:
    pixels = (rng().random((32, 32, 3)) * 255).astype(np.uint8)
    told = []
    for name, encoder in (("a", Encoder(quality=88)), ("b", Encoder(tables=own_tables(2.0, 0.5), subsampling="4:4:4"))):
        (tmp_path / f"{name}.jpg").write_bytes(encoder.encode(pixels))
        facts = read_header(tmp_path / f"{name}.jpg")
        told.append([facts[field].value for field in ("jpeg_standard", "jpeg_subsampling")])
        if name == "a":
            assert facts["jpeg_quality"].value == 88
        else:
            assert facts["jpeg_tables_sum"].value == sum(map(sum, own_tables(2.0, 0.5)))
    assert told == [["standard", "4:2:0"], ["own", "4:4:4"]]


@pytest.mark.parametrize("distance", [0.5, 2.5])
def test_direct_sound_arrives_after_its_way_and_weaker_by_it(distance: float) -> None:
    mouth = np.array([1.5, 2.0, 1.2])
    response = impulse_response(mouth, mouth + np.array([distance, 0, 0]))

    first = int(np.flatnonzero(response > 0.1 / distance)[0])
    assert first == pytest.approx(distance / SOUND * RATE, abs=1)
    assert response[first : first + 2].sum() == pytest.approx(1 / distance, rel=0.02)


def test_echoes_outweigh_the_voice_across_the_room_and_die_away_in_half_a_second() -> None:
    mouth = np.array([1.5, 2.0, 1.2])
    near, far = (impulse_response(mouth, mouth + np.array([distance, 0.1, 0.1])) for distance in (0.25, 2.5))

    def direct_to_echoes(response: np.ndarray, distance: float) -> float:
        split = round(distance / SOUND * RATE) + 40
        return 10 * np.log10(np.sum(response[:split] ** 2) / np.sum(response[split:] ** 2))

    assert direct_to_echoes(near, 0.25) > 5
    assert direct_to_echoes(far, 2.5) < -5
    left = 10 * np.log10(np.cumsum(far[::-1] ** 2)[::-1] / np.sum(far**2))
    # Schroeder's integral from -5 to -20 dB, four times as long for 60.
    assert 0.3 < 4 * (np.argmax(left < -20) - np.argmax(left < -5)) / RATE < 0.7


def test_a_voice_has_its_pitch_and_resonances_and_is_silent_at_both_ends() -> None:
    speech = HEALTHY.say("a", 1.0, rng())
    vowel = speech[RATE // 2 - 4096 : RATE // 2 + 4096]
    spectrum = np.abs(np.fft.rfft(vowel * np.hanning(8192))) ** 2
    frequency = np.fft.rfftfreq(8192, 1 / RATE)
    correlation = np.fft.irfft(spectrum)

    lags = np.arange(RATE // 300, RATE // 75)
    assert RATE / lags[np.argmax(correlation[lags])] == pytest.approx(120, rel=0.06)
    # The vowel [a] has its first two resonances at 730 and 1,090 Hz, and little around 1,700 Hz.
    assert (
        spectrum[(frequency > 600) & (frequency < 1250)].mean()
        > 20 * spectrum[(frequency > 1500) & (frequency < 1900)].mean()
    )
    assert np.abs(speech[: RATE // 10]).max() == 0
    assert np.abs(speech[-RATE // 10 :]).max() == 0


def test_hoarseness_puts_noise_between_the_partials() -> None:
    hoarse = Voice(pitch=120.0, tract=1.0, jitter=0.04, shimmer=0.2, breath=0.4, tilt=0.3)

    def periodicity(voice: Voice) -> float:
        found = []
        for seed in range(6):
            part = voice.say("a", 1.0, rng(seed))[6000:8000]
            power = np.abs(np.fft.rfft(part, 4096)) ** 2
            correlation = np.fft.irfft(power)
            found.append(correlation[RATE // 150 : RATE // 90].max() / correlation[0])
        return float(np.mean(found))

    assert periodicity(HEALTHY) > periodicity(hoarse) + 0.1


def test_a_microphones_noise_has_its_level() -> None:
    microphone = Microphone(distance=1.0, noise=30.0, slope=0.0, low=1.0, lift=0.0)
    silence = microphone.record(np.zeros(RATE), np.ones(1), rng())
    assert 10 * np.log10(np.mean(silence**2)) == pytest.approx(-30, abs=0.3)


def test_quotas_are_exact_in_random_order() -> None:
    rows = by_quota(crossed({0: 0.8, 1: 0.2}, 20), rng())
    assert pd.crosstab(rows[:, 1], rows[:, 0]).to_numpy().tolist() == [[2, 8], [8, 2]]
    assert rows.tolist() != by_quota(crossed({0: 0.8, 1: 0.2}, 20), rng(1)).tolist()
    with pytest.raises(ValueError, match="no whole number"):
        crossed({0: 0.5}, 3)
    with pytest.raises(ValueError, match="2 levels"):
        crossed({0: 0.5, 1: 0.5}, 5)


def test_a_failed_write_leaves_the_older_recordings_as_they_were(tmp_path: Path) -> None:
    table = pd.DataFrame({"photo": ["photos/a.jpg"]})
    store(tmp_path / "t.csv", table, "photos", {"a.jpg": b"old"})

    with pytest.raises(TypeError):
        store(tmp_path / "t.csv", table, "photos", {"a.jpg": b"new", "b.jpg": io.BytesIO(b"no bytes")})  # type: ignore[dict-item]

    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "t.csv"]
