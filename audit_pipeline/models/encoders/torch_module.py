"""``torch:PACKAGE.MODULE:FACTORY``: any network of the user's own."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from audit_pipeline.errors import SpecError, did_you_mean
from audit_pipeline.models.encoders.torch_encoder import ImageInput, SoundInput, TorchEncoder, torch_encoder
from audit_pipeline.models.encoders.weights import put_in, read_weights

if TYPE_CHECKING:
    import torch

SIDE = 224
RATE = 16_000


def factory_encoder(name: str, place: str, medium: str, weights: str | Path | None) -> TorchEncoder:
    """Return the encoder whose network a factory makes.

    The network is given images (n, 3, height, width) in 0..1, of the size in its attribute ``input_size`` (height, width; 224
    by default), less its ``mean`` and divided by its ``std`` if it has them; or sounds (1, samples) in -1..1, at most 30 s,
    at its ``sample_rate`` (16,000 by default). What its factory draws at random is always drawn alike.

    Raises
    ------
    SpecError : it cannot be imported, made, or filled with the weights.
    """
    module, source = _made(name, place)
    if weights is not None:
        put_in(module, read_weights(Path(weights), name), Path(weights))
    given: ImageInput | SoundInput
    if medium == "image":
        height, width = _pair(getattr(module, "input_size", SIDE))
        mean, deviation = getattr(module, "mean", (0.0,) * 3), getattr(module, "std", (1.0,) * 3)
        given = ImageInput(height, width, tuple(map(float, mean)), tuple(map(float, deviation)))
    else:
        given = SoundInput(int(getattr(module, "sample_rate", RATE)))
    return torch_encoder(name, module, given, (), source)


def _made(name: str, place: str) -> tuple[torch.nn.Module, bytes]:
    """Return the network, and the source of the module that makes it."""
    import torch

    path, _, factory = place.partition(":")
    if not path or not factory:
        raise SpecError(
            f"the encoder {name!r} is named incompletely",
            expected="torch:PACKAGE.MODULE:FACTORY",
            remedy="name the module that can be imported and, after a colon, its function that returns the network",
        )
    try:
        module = importlib.import_module(path)
    except ImportError as error:
        raise SpecError(
            f"the module {path!r} of the encoder {name!r} cannot be imported: {error}",
            remedy="install the package that holds it, or put its folder on PYTHONPATH",
        ) from error
    make = getattr(module, factory, None)
    if not callable(make):
        raise SpecError(
            f"the module {path!r} has no function {factory!r}{did_you_mean(factory, vars(module))}",
            remedy="correct the encoder's name",
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = make()
    if not isinstance(made, torch.nn.Module):
        raise SpecError(
            f"{place} returns {type(made).__name__}", expected="a torch.nn.Module", remedy="let it return the network"
        )
    file = getattr(module, "__file__", None)
    return made, Path(file).read_bytes() if file and Path(file).is_file() else b""


def _pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of a side, a pair, or (channels, height, width)."""
    if isinstance(size, int):
        return size, size
    height, width = size[-2:]
    return int(height), int(width)
