"""Which encoder a name means."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from audit_pipeline.errors import SpecError, did_you_mean, shorten
from audit_pipeline.models.encoders.contract import Encoder

Medium = Literal["image", "audio"]

KINDS: dict[str, tuple[Medium, ...]] = {
    "openwakeword": ("audio",),
    "timm": ("image",),
    "torch": ("image", "audio"),
    "transformers": ("image", "audio"),
}
"""Names before the colon, and the media that each can encode."""


def get_encoder(name: str, medium: Medium, weights: str | Path | None = None) -> Encoder:
    """Return the encoder of a name, ready to encode.

    Parameters
    ----------
    name : ``timm:MODEL``, ``transformers:MODEL`` or ``transformers:FOLDER``, ``torch:PACKAGE.MODULE:FACTORY`` or
        ``openwakeword``. A factory takes no argument and returns a ``torch.nn.Module``; see :mod:`~.torch_module`.
    medium : what is encoded.
    weights : a file of tensors (safetensors, or torch's with tensors alone) for ``timm:`` and ``torch:``.

    Raises
    ------
    SpecError : no such encoder, not for this medium, its library is not installed, or its weights are not on this machine.
    """
    kind, _, rest = name.partition(":")
    if kind not in KINDS:
        raise SpecError(
            f"there is no encoder {shorten(name)}{did_you_mean(kind, KINDS)}",
            expected="timm:MODEL, transformers:MODEL, torch:PACKAGE.MODULE:FACTORY or openwakeword",
            remedy="correct the name, or leave it out for the embedding that is built in",
        )
    if medium not in KINDS[kind]:
        able = " or ".join(other for other, media in KINDS.items() if medium in media)
        raise SpecError(
            f"the encoder {name!r} is not for {medium}",
            expected=f"an encoder for {medium}: {able}",
            remedy="name one of those, or leave it out for the embedding that is built in",
        )
    if (kind == "openwakeword") == bool(rest):
        raise SpecError(
            f"the encoder {shorten(name)} is named incompletely"
            if not rest
            else f"openwakeword has one model, not {rest!r}",
            expected="timm:MODEL, transformers:MODEL, torch:PACKAGE.MODULE:FACTORY or openwakeword",
            remedy="correct the name",
        )
    if weights is not None and kind not in ("timm", "torch"):
        raise SpecError(
            f"the encoder {name!r} takes no file of weights",
            remedy="leave the weights out; for transformers name the folder that holds them instead of the model",
        )
    if kind == "timm":
        from audit_pipeline.models.encoders.timm_model import timm_encoder

        return timm_encoder(name, rest, weights)
    if kind == "transformers":
        from audit_pipeline.models.encoders.transformers_model import transformers_encoder

        return transformers_encoder(name, rest, medium)
    if kind == "torch":
        from audit_pipeline.models.encoders.torch_module import factory_encoder

        return factory_encoder(name, rest, medium, weights)
    from audit_pipeline.models.encoders.wakeword import WakewordEncoder

    return WakewordEncoder.open()
