"""Where and how a network trains: one thread of the processor, or a graphics card with what makes it fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Placement:
    """A device and the way of computing that goes with it.

    Networks are not compiled: for so small a network, and at most 1,500 steps a fold, compiling takes several times as long as
    the training that it would speed up.

    Parameters
    ----------
    device : as torch names it.
    half : whether products are computed in bfloat16 (automatic mixed precision; weights and sums stay float32).
    """

    device: str = "cpu"
    half: bool = False

    @classmethod
    def here(cls) -> Placement:
        """Return the first CUDA card with mixed precision, or the processor with float32."""
        import torch

        return cls("cuda", half=True) if torch.cuda.is_available() else cls()

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Compute in this way: mixed precision if asked, and only algorithms of cuDNN that repeat themselves."""
        import torch

        repeatable = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)
        # A cache of weights in bfloat16 would outlive the steps that change the weights.
        mixed = torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.half, cache_enabled=False)
        with repeatable, mixed:
            yield
