"""An encoder made of a torch network and what it wants to be given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.errors import SpecError
from audit_pipeline.models.encoders import inputs
from audit_pipeline.models.encoders.contract import digest, filled
from audit_pipeline.models.encoders.libraries import first_line, versions
from audit_pipeline.models.encoders.weights import contents
from audit_pipeline.models.placement import Placement
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound

if TYPE_CHECKING:
    import torch

ON_CARD = 64
"""Images that a graphics card is given at a time. A processor is given one: sums over several differ in the last bits with their
number, and a row must not depend on which files happened to be looked at together."""


@dataclass(frozen=True)
class ImageInput:
    """Images of one size.

    Parameters
    ----------
    height, width : pixels.
    mean, deviation : by channel, of values in 0..1; what the network was trained with.
    """

    height: int
    width: int
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    deviation: tuple[float, ...] = (1.0, 1.0, 1.0)

    def __call__(self, batch: Sequence[Picture]) -> np.ndarray:
        """Return (n, 3, height, width) float32."""
        mean, deviation = (np.array(part, dtype=np.float32)[:, None, None] for part in (self.mean, self.deviation))
        return np.asarray((inputs.images(batch, self.height, self.width) - mean) / deviation)


@dataclass(frozen=True)
class SoundInput:
    """Sounds at one rate, one at a time, since their lengths differ.

    Parameters
    ----------
    rate : samples a second.
    prepared : from (samples,) to what the network is given, with a first axis of 1; None for samples as they are.
    """

    rate: int
    prepared: Callable[[np.ndarray], np.ndarray] | None = None

    def __call__(self, sound: Sound) -> np.ndarray:
        """Return (1, samples), or what the network wants instead, float32."""
        # At least a quarter of a second, or strided convolutions find nothing to stand on.
        samples = np.concatenate(inputs.stretches(sound, self.rate))
        samples = np.pad(samples, (0, max(0, self.rate // 4 - len(samples))))
        return samples[None] if self.prepared is None else np.asarray(self.prepared(samples), dtype=np.float32)


@dataclass(frozen=True)
class TorchEncoder:
    """A network in evaluation mode, and what it is given."""

    name: str
    version: str
    dimensions: int
    module: torch.nn.Module
    given: ImageInput | SoundInput
    device: str

    def encode(self, batch: Sequence[Picture | Sound]) -> np.ndarray:
        """Return (n, dimensions) float32; NaN for recordings that cannot be measured."""
        import torch

        torch.set_num_threads(1)
        known = [recording for recording in batch if recording.measurable]
        rows = [_rows(self.name, self.module, part, self.device) for part in _parts(self.given, known, self.device)]
        return filled(batch, self.dimensions, np.concatenate(rows) if rows else np.empty((0, self.dimensions)))


def torch_encoder(
    name: str, module: torch.nn.Module, given: ImageInput | SoundInput, libraries: Sequence[str], *more: str | bytes
) -> TorchEncoder:
    """Return the encoder of a network, after one trial that finds the number of columns.

    Parameters
    ----------
    libraries : whose releases decide the numbers, beside torch.
    more : what else decides them.
    """
    device = Placement.here().device
    module = module.eval().to(device)
    shown = repr(given) if isinstance(given, ImageInput) else str(given.rate)
    decides = [name, device, shown, str(inputs.VERSION), *versions("torch", *libraries), *more]
    blank: Picture | Sound
    if isinstance(given, ImageInput):
        blank = Picture(np.full((given.height, given.width, 3), 0.5, dtype=np.float32))
    else:
        blank = Sound(np.zeros(given.rate, dtype=np.float32), given.rate)
    row = _rows(name, module, next(_parts(given, [blank], device)), device)
    return TorchEncoder(name, digest([*decides, *contents(module)]), row.shape[1], module, given, device)


def _parts(given: ImageInput | SoundInput, known: Sequence[Any], device: str) -> Iterator[np.ndarray]:
    if isinstance(given, SoundInput):
        return (given(sound) for sound in known)
    size = 1 if device == "cpu" else ON_CARD
    return (given(known[start : start + size]) for start in range(0, len(known), size))


def _rows(name: str, module: torch.nn.Module, part: np.ndarray, device: str) -> np.ndarray:
    """Return (b, d) float32 from what a network says of a part.

    (b, d) is taken as it is; places of (b, d, h, w) and tokens or times of (b, t, d) are averaged. Of transformers' outputs it
    is the last hidden state.
    """
    import torch

    try:
        with torch.inference_mode():
            found = module(torch.from_numpy(np.ascontiguousarray(part)).to(device))
    except Exception as error:  # it may be anybody's network
        raise SpecError(
            f"the encoder {name!r} cannot take an input of the shape {part.shape}: {first_line(error)}",
            remedy="let its forward take images (n, 3, height, width) or sounds (n, samples), float32; input_size and"
            " sample_rate of the module say which",
        ) from error
    found = getattr(found, "last_hidden_state", found)
    if not isinstance(found, torch.Tensor) or found.ndim not in (2, 3, 4) or len(found) != len(part):
        said = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise SpecError(
            f"the encoder {name!r} returns {said} for {len(part)} recordings",
            expected="a tensor of (n, d), (n, tokens, d) or (n, d, height, width)",
            remedy="let its forward return the embedding",
        )
    found = found.float()
    if found.ndim == 4:
        found = found.mean(dim=(2, 3))
    elif found.ndim == 3:
        found = found.mean(dim=1)
    return np.asarray(found.cpu().numpy())
