"""The layers of the small convolutional network. Imports torch: import this module inside functions."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (16, 32, 64)
"""Channels of the stages, each of which halves both sides."""

FIRST, NEXT = 5, 3
"""Pixels of a filter's side in the first stage and in the others."""


class SmallCNN(nn.Module):
    """Three strided convolutions that are also shown how a plane differs from its surroundings at every scale.

    What makes few steps and few records enough, each found on faint blobs in noise, which a plain stack of convolutions does
    not find among 600 planes:

    - each stage is handed the local contrast (a Laplacian pyramid, Burt and Adelson 1983) of the plane at its resolution;
    - places are pooled with learned weights (a global depthwise convolution, Chen et al. 2018) that start as the mean, so that
      something that is always at the same place can be learned, and by the maximum, for what is somewhere;
    - the means of the early stages, which see texture and noise, go to the last layer as well.

    Batch normalisation, and not by group: the latter would take brightness and contrast out of each plane.

    Parameters
    ----------
    channels : of a plane.
    height, width : of a plane, multiples of 8.
    classes : columns of the result.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        stages, contrasts = [], []
        inputs = channels
        for position, outputs in enumerate(WIDTHS):
            side = NEXT if position else FIRST
            stages.append(
                nn.Sequential(
                    nn.Conv2d(inputs, outputs, side, stride=2, padding=side // 2, bias=False),
                    nn.BatchNorm2d(outputs),
                    nn.ReLU(),
                )
            )
            contrasts.append(nn.BatchNorm2d(channels, affine=False))
            inputs = outputs + channels
        self.stages, self.contrasts = nn.ModuleList(stages), nn.ModuleList(contrasts)
        shrunk = 2 ** len(WIDTHS)
        self.places = nn.Conv2d(inputs, inputs, (height // shrunk, width // shrunk), groups=inputs, bias=False)
        pooled = sum(WIDTHS[:-1]) + 2 * inputs
        self.balance = nn.BatchNorm1d(pooled)
        self.head = nn.Linear(pooled, classes)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Return logits (b, classes) of planes (b, c, h, w)."""
        found, pooled = planes, []
        for stage, contrast in zip(self.stages, self.contrasts, strict=True):
            found = stage(found)
            pooled.append(found.mean(dim=(2, 3)))
            planes = functional.avg_pool2d(planes, 2)
            around = functional.avg_pool2d(planes, 3, stride=1, padding=1, count_include_pad=False)
            found = torch.cat([found, contrast(planes - around)], dim=1)
        pooled[-1] = self.places(found).flatten(1)
        pooled.append(found.flatten(2).amax(dim=2))
        return self.head(self.balance(torch.cat(pooled, dim=1)))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Set every weight anew, from this generator alone: He et al. 2015; the last layer starts by saying nothing."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.reset_running_stats()
                if module.affine:
                    module.weight.fill_(1)
                    module.bias.zero_()
            elif isinstance(module, nn.Conv2d) and module is not self.places:
                inputs = module.weight[0].numel()
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator) * math.sqrt(2 / inputs))
        self.places.weight.fill_(1 / self.places.weight[0].numel())
        self.head.weight.zero_()
        self.head.bias.zero_()


def small_cnn(shape: tuple[int, int, int], classes: int, seed: int) -> SmallCNN:
    """Return a network for planes (h, w, c) on the processor; torch's global generator is left alone."""
    height, width, channels = shape
    # Layers draw weights from the global generator as they are made; without memory there is nothing to draw for.
    with torch.device("meta"):
        network = SmallCNN(channels, height, width, classes)
    network = network.to_empty(device="cpu").to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    network.initialise(torch.Generator().manual_seed(seed))
    return network
