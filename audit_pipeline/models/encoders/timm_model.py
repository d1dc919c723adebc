"""``timm:MODEL``: networks for images by Wightman's library, with weights from a file or the local cache."""

from __future__ import annotations

from pathlib import Path

from audit_pipeline.errors import SpecError, did_you_mean
from audit_pipeline.models.encoders.libraries import needed
from audit_pipeline.models.encoders.torch_encoder import ImageInput, TorchEncoder, torch_encoder
from audit_pipeline.models.encoders.weights import put_in, read_weights


def timm_encoder(name: str, model: str, weights: str | Path | None) -> TorchEncoder:
    """Return the encoder: the network without its last layer, size and standardisation as it was trained with.

    The library imports torchvision by itself, whose release must go with torch's.

    Raises
    ------
    SpecError : the library or the weights are not there, or it knows no such model.
    """
    timm = needed("timm", name, "timm")
    if not timm.is_model(model.partition(".")[0]):
        raise SpecError(
            f"timm knows no model {model!r}{did_you_mean(model, timm.list_models())}",
            remedy="timm.list_models() lists what there is",
        )
    network = timm.create_model(model, pretrained=False, num_classes=0)
    trained = network.pretrained_cfg
    file = Path(weights) if weights is not None else _cached(name, trained.get("hf_hub_id"))
    last = trained.get("classifier") or ()
    put_in(network, read_weights(file, name), file, (last,) if isinstance(last, str) else tuple(last))
    _, height, width = trained["input_size"]
    given = ImageInput(height, width, tuple(trained["mean"]), tuple(trained["std"]))
    return torch_encoder(name, network, given, ("timm",))


def _cached(name: str, repository: str | None) -> Path:
    hub = needed("huggingface_hub", name, "timm")
    if repository:
        found = hub.try_to_load_from_cache(repository, "model.safetensors")
        if isinstance(found, str):
            return Path(found)
    raise SpecError(
        f"the weights of the encoder {name!r} are not on this machine, and an audit downloads nothing",
        remedy=f"fetch them once with `hf download {repository} model.safetensors`, or name a file of weights"
        if repository
        else "name a file of weights",
    )
