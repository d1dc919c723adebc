"""Encoders by name: real networks on real recordings; what is missing or wrong is said with a remedy."""

from __future__ import annotations

import os
import pickle
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest
import torch

from audit_pipeline.errors import SpecError
from audit_pipeline.models.encoders import get_encoder
from audit_pipeline.models.encoders.wakeword import EMBEDDED
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound

from ..views.recordings.judging import cross_fitted_auc
from ..views.recordings.microphones import RATE, noise, voice

HERE = "torch:tests.models.networks"


def pictures(n: int) -> list[Picture]:
    rng = np.random.default_rng(0)
    return [Picture(rng.integers(0, 256, (40 + 8 * i, 60, 3 if i % 2 else 1), dtype=np.uint8)) for i in range(n)]


def spoken(pitch: float, seed: int, rate: int = RATE, level: float = 1e-3) -> Sound:
    rng = np.random.default_rng(seed)
    sound = voice(rng, pitch)
    return Sound(np.repeat(sound + noise(rng, len(sound), level), rate // RATE), rate)


def test_a_network_for_images_is_given_what_it_asks_for() -> None:
    encoder = get_encoder(f"{HERE}:Colours", "image")
    red = np.zeros((100, 80, 3), dtype=np.uint8)
    red[:, :, 0] = 204
    rows = encoder.encode([Picture(red), Picture(np.full((20, 20), 0.25)), Picture(np.zeros((3, 3)))])
    assert encoder.dimensions == 3
    assert rows.dtype == np.float32
    assert rows[0] == pytest.approx([0.8, 0, 0], abs=1e-6)
    assert rows[1] == pytest.approx([0.25] * 3, abs=1e-6)
    assert np.isnan(rows[2]).all()
    assert encoder.encode([]).shape == (0, 3)


def test_a_network_for_sounds_is_given_one_rate() -> None:
    encoder = get_encoder(f"{HERE}:Loudness", "audio")
    tone = 0.5 * np.sin(2 * np.pi * 300 * np.arange(44100) / 44100)
    rows = encoder.encode([Sound(tone, 44100), Sound(np.full(22050, 0.1), 44100), Sound(np.full(8000, np.nan), 8000)])
    assert rows[0] == pytest.approx([0, 0.5 / np.sqrt(2), 8000], abs=0.01)
    assert rows[1, 2] == 4000
    assert np.isnan(rows[2]).all()


def test_rows_do_not_depend_on_what_is_encoded_together() -> None:
    encoder, given = get_encoder(f"{HERE}:convolution", "image"), pictures(7)
    rows = encoder.encode(given)
    assert rows.shape == (7, 5)
    assert np.array_equal(rows[3:], encoder.encode(given[3:]))
    assert len(np.unique(rows[:, 0])) == 7


def test_what_is_drawn_at_random_is_drawn_alike_and_nothing_else_is_moved() -> None:
    state = torch.get_rng_state()
    first = get_encoder(f"{HERE}:convolution", "image")
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    again = get_encoder(f"{HERE}:convolution", "image")
    assert first.version == again.version
    assert np.array_equal(first.encode(pictures(2)), again.encode(pictures(2)))
    assert first.version != get_encoder(f"{HERE}:Colours", "image").version


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_weights_from_a_file_are_used_and_change_the_version(tmp_path: Path, suffix: str) -> None:
    from .networks import convolution

    state = convolution().state_dict()
    state["0.weight"] = torch.zeros_like(state["0.weight"])
    state["0.bias"] = torch.arange(5.0)
    file = tmp_path / f"weights.{suffix}"
    if suffix == "pt":
        torch.save({"state_dict": state}, file)
    else:
        pytest.importorskip("safetensors.torch").save_file(state, file)
    encoder = get_encoder(f"{HERE}:convolution", "image", file)
    assert encoder.encode(pictures(1))[0] == pytest.approx(np.arange(5), abs=1e-3)
    assert encoder.version != get_encoder(f"{HERE}:convolution", "image").version


class Harmful:
    """What a pickle could run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["AUDIT_TEST_HARM"],)


def test_objects_in_a_file_of_weights_are_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harm = tmp_path / "harm"
    monkeypatch.setenv("AUDIT_TEST_HARM", str(harm))
    for name, write in (
        ("torch.pt", torch.save),
        ("plain.pkl", lambda value, file: file.write_bytes(pickle.dumps(value))),
    ):
        write({"0.weight": Harmful()}, tmp_path / name)
        with pytest.raises(SpecError, match="cannot be read as tensors"):
            get_encoder(f"{HERE}:convolution", "image", tmp_path / name)
    assert not harm.exists()
    # The file would have done it.
    pickle.loads((tmp_path / "plain.pkl").read_bytes())
    assert harm.exists()


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    for tensors, said in (
        ({"other": torch.zeros(3)}, "it lacks"),
        ({"0.weight": torch.zeros(5, 3, 3, 3)}, "it lacks 0.bias"),
    ):
        torch.save(tensors, file)
        with pytest.raises(SpecError, match=said):
            get_encoder(f"{HERE}:convolution", "image", file)
    torch.save([1, 2], file)
    with pytest.raises(SpecError, match="something else than tensors"):
        get_encoder(f"{HERE}:convolution", "image", file)
    with pytest.raises(SpecError, match="no such file"):
        get_encoder(f"{HERE}:convolution", "image", tmp_path / "none.pt")


@pytest.mark.parametrize(
    ("name", "medium", "said"),
    [
        ("tim:resnet18", "image", "did you mean 'timm'"),
        ("timm:resnet18", "audio", "is not for audio"),
        ("openwakeword", "image", "is not for image"),
        ("openwakeword:large", "audio", "has one model"),
        ("torch:", "image", "incompletely"),
        ("torch:tests.models.networks", "image", "PACKAGE.MODULE:FACTORY"),
        ("torch:no.such.module:make", "image", "cannot be imported"),
        (f"{HERE}:Colour", "image", "did you mean 'Colours'"),
        (f"{HERE}:nothing", "image", "a torch.nn.Module"),
        (f"{HERE}:Wrong", "image", r"returns \(\) for 1 recordings"),
        (f"{HERE}:Colours", "audio", "cannot take an input"),
    ],
)
def test_what_is_wrong_with_a_name_is_said(name: str, medium: str, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        get_encoder(name, medium)  # type: ignore[arg-type]
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "medium", "library", "extra"),
    [
        ("timm:resnet18", "image", "timm", "timm"),
        ("transformers:some/model", "audio", "transformers", "encoders"),
        ("openwakeword", "audio", "onnxruntime", "wakeword"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_command(
    name: str, medium: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SpecError, match=f"needs the library {library}") as caught:
        get_encoder(name, medium)  # type: ignore[arg-type]
    assert caught.value.remedy == f"pip install 'audit-pipeline[{extra}]'"


def installed(library: str) -> bool:
    try:
        version(library)
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(not installed("openwakeword"), reason="openwakeword is not installed")
def test_openwakeword_hears_a_noisy_room_and_says_the_same_twice() -> None:
    n = 40
    label = np.arange(n) % 2
    sounds = [spoken(140, seed, level=0.05 if y else 1e-3) for seed, y in enumerate(label)]
    encoder = get_encoder("openwakeword", "audio")
    rows = encoder.encode(sounds)
    assert rows.shape == (n, encoder.dimensions) == (n, 2 * EMBEDDED)
    assert cross_fitted_auc(rows.astype(np.float64), label) > 0.9
    again = get_encoder("openwakeword", "audio")
    assert again.version == encoder.version
    assert np.array_equal(again.encode(sounds[7:9]), rows[7:9])


@pytest.mark.skipif(not installed("openwakeword"), reason="openwakeword is not installed")
def test_openwakeword_embeds_what_its_own_code_embeds() -> None:
    utilities = pytest.importorskip("openwakeword.utils")
    sound = spoken(140, 7, 16_000)
    levels = np.rint(np.clip(sound.samples[:, 0], -1, 1) * 32767).astype(np.int16)
    theirs = utilities.AudioFeatures()._get_embeddings(levels)
    ours = get_encoder("openwakeword", "audio").encode([sound])[0]
    assert ours[:EMBEDDED] == pytest.approx(theirs.mean(axis=0), abs=1e-3)
    assert ours[EMBEDDED:] == pytest.approx(theirs.std(axis=0), abs=1e-3)


@pytest.mark.skipif(not installed("openwakeword"), reason="openwakeword is not installed")
def test_openwakeword_takes_sounds_of_every_length() -> None:
    encoder = get_encoder("openwakeword", "audio")
    rng = np.random.default_rng(1)
    sounds = [Sound(rng.normal(0, 0.1, round(seconds * 22_050)), 22_050) for seconds in (0.02, 0.5, 2.0, 40.0)]
    rows = encoder.encode([*sounds, Sound(np.zeros(3), 8000)])
    assert np.isfinite(rows[:-1]).all()
    assert np.isnan(rows[-1]).all()


@pytest.mark.skipif(not installed("transformers"), reason="transformers is not installed")
def test_transformers_from_a_local_folder(tmp_path: Path) -> None:
    import json

    from transformers import ViTConfig, ViTModel, Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(0)
    ViTModel(ViTConfig(image_size=32, patch_size=8, **small)).save_pretrained(tmp_path / "seen")
    (tmp_path / "seen" / "preprocessor_config.json").write_text(
        json.dumps({"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )
    Wav2Vec2Model(
        Wav2Vec2Config(
            **small,
            conv_dim=(8, 8),
            conv_kernel=(10, 8),
            conv_stride=(5, 4),
            num_feat_extract_layers=2,
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
        )
    ).save_pretrained(tmp_path / "heard")
    Wav2Vec2FeatureExtractor(sampling_rate=8000).save_pretrained(tmp_path / "heard")
    seen = get_encoder(f"transformers:{tmp_path / 'seen'}", "image")
    rows = seen.encode(pictures(3))
    assert rows.shape == (3, 16)
    assert np.isfinite(rows).all()
    assert len(np.unique(rows[:, 0])) == 3
    heard = get_encoder(f"transformers:{tmp_path / 'heard'}", "audio")
    assert np.isfinite(heard.encode([spoken(110, 0), spoken(220, 1)])).all()
    assert seen.version == get_encoder(f"transformers:{tmp_path / 'seen'}", "image").version
    with pytest.raises(SpecError, match="downloads nothing"):
        get_encoder("transformers:nobody/has-this-model", "image")


@pytest.mark.skipif(not installed("timm"), reason="timm is not installed")
def test_timm_with_weights_from_a_file(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", exc_type=(ImportError, RuntimeError))  # type: ignore[arg-type]
    from safetensors.torch import save_file

    torch.manual_seed(0)
    whole = timm.create_model("resnet10t", pretrained=False)
    save_file(whole.state_dict(), tmp_path / "weights.safetensors")
    encoder = get_encoder("timm:resnet10t", "image", tmp_path / "weights.safetensors")
    rows = encoder.encode(pictures(2))
    assert rows.shape == (2, 512)
    assert not np.array_equal(rows[0], rows[1])
    with pytest.raises(SpecError, match="downloads nothing"):
        get_encoder("timm:resnet10t", "image")
    with pytest.raises(SpecError, match="did you mean"):
        get_encoder("timm:resnet10", "image", tmp_path / "weights.safetensors")
