"""``transformers:MODEL``: models for images or sounds by that library, from a folder or the local cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from audit_pipeline.errors import SpecError
from audit_pipeline.models.encoders.libraries import first_line, needed
from audit_pipeline.models.encoders.torch_encoder import ImageInput, SoundInput, TorchEncoder, torch_encoder


def transformers_encoder(name: str, model: str, medium: str) -> TorchEncoder:
    """Return the encoder: the mean of the last hidden state over tokens, places or times.

    Images are prepared by the size, means and deviations of the model's own settings, without its processor (which would need
    torchvision); sounds by its feature extractor. No code of the model's folder is run.

    Raises
    ------
    SpecError : the library is not installed, or model or settings are not on this machine.
    """
    library = needed("transformers", name, "encoders")
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        network = library.AutoModel.from_pretrained(model, **local)
        network = getattr(network, "vision_model", network) if medium == "image" else network
        if hasattr(network, "get_encoder") and getattr(network.config, "is_encoder_decoder", False):
            network = network.get_encoder()
        settings = _settings(library, model)
        extractor = library.AutoFeatureExtractor.from_pretrained(model, **local) if medium == "audio" else None
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise SpecError(
            f"the encoder {name!r} cannot be loaded from this machine, and an audit downloads nothing: {first_line(error)}",
            remedy=f"fetch it once with `hf download {model}`, or name a folder that save_pretrained wrote of model and"
            " processor",
        ) from error
    given = SoundInput(int(extractor.sampling_rate), _prepared(extractor)) if extractor else _image_input(settings)
    decides = json.dumps([settings, network.config.to_dict()], sort_keys=True, default=str)
    return torch_encoder(name, network, given, ("transformers",), decides)


def _settings(library: Any, model: str) -> dict[str, Any]:
    """Return the content of ``preprocessor_config.json``."""
    found = library.utils.cached_file(model, "preprocessor_config.json", local_files_only=True)
    return dict(json.loads(Path(found).read_text(encoding="utf-8")))


def _image_input(settings: dict[str, Any]) -> ImageInput:
    size = settings.get("crop_size") or settings.get("size") or 224
    if isinstance(size, int):
        size = {"height": size, "width": size}
    side = size.get("shortest_edge", 224)
    mean = settings.get("image_mean") or (0.0,) * 3
    deviation = settings.get("image_std") or (1.0,) * 3
    return ImageInput(
        int(size.get("height", side)),
        int(size.get("width", side)),
        tuple(map(float, mean)),
        tuple(map(float, deviation)),
    )


def _prepared(extractor: Any) -> Any:
    """Return the function from (samples,) to what the model is given: samples or a spectrogram."""

    def prepare(samples: np.ndarray) -> np.ndarray:
        found = extractor(samples, sampling_rate=extractor.sampling_rate, return_tensors="np")
        return np.asarray(found["input_values" if "input_values" in found else "input_features"])

    return prepare
