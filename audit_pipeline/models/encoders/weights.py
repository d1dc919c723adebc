"""Weights of a network: read from a file as tensors and nothing else, put in place, and told apart by a digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit_pipeline.errors import SpecError
from audit_pipeline.models.encoders.libraries import needed

if TYPE_CHECKING:
    import torch


def read_weights(path: Path, encoder: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a file by their names.

    ``*.safetensors`` by that library; others by ``torch.load(weights_only=True)``, which builds no objects but tensors.

    Raises
    ------
    SpecError : no such file, or not one of tensors.
    """
    import torch

    if not path.is_file():
        raise SpecError("there is no such file of weights", file=path, remedy="correct the path of the weights")
    try:
        if path.suffix == ".safetensors":
            found = needed("safetensors.torch", encoder, "encoders").load_file(path, device="cpu")
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except SpecError:
        raise
    except Exception as error:  # what a reader of hostile bytes raises is not to be foreseen
        raise SpecError(
            "the file of weights cannot be read as tensors",
            file=path,
            expected="a safetensors file, or one that torch.save wrote of a state_dict",
            remedy="save model.state_dict() and not the model itself; objects in a file are never loaded",
        ) from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise SpecError(
            "the file of weights holds something else than tensors by their names",
            file=path,
            remedy="save model.state_dict()",
        )
    return found


def put_in(module: torch.nn.Module, tensors: dict[str, torch.Tensor], file: Path, without: Sequence[str] = ()) -> None:
    """Set every weight of a module.

    Parameters
    ----------
    without : what the tensors may have and the module lacks begins with one of these (its last layer).

    Raises
    ------
    SpecError : names or shapes differ.
    """
    known = module.state_dict()
    lacking = sorted(set(known) - set(tensors))
    beyond = sorted(name for name in set(tensors) - set(known) if not name.startswith(tuple(f"{w}." for w in without)))
    other = sorted(name for name in set(known) & set(tensors) if known[name].shape != tensors[name].shape)
    for names, said in ((lacking, "lacks"), (beyond, "has, and the model does not,"), (other, "has in another shape")):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise SpecError(
                f"the file of weights does not fit the model: it {said} {', '.join(names[:3])}{more}",
                file=file,
                remedy="name the weights of this very model",
            )
    module.load_state_dict({name: tensors[name] for name in known})


def contents(module: torch.nn.Module) -> Iterator[str | bytes]:
    """Yield names, types, shapes and bytes of all weights, for a digest."""
    import torch

    for name, value in module.state_dict().items():
        yield f"{name} {value.dtype} {tuple(value.shape)}"
        # As bytes, for numpy does not know every type of torch.
        yield (
            value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
        )
