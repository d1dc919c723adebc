"""Networks that encoders are made of by name, and some that are none."""

from __future__ import annotations

import torch
from torch import nn


class Colours(nn.Module):
    """The means of the channels: (n, 3) of (n, 3, 16, 24)."""

    input_size = (16, 24)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert images.shape[1:] == (3, 16, 24)
        return images.mean(dim=(2, 3))


class Loudness(nn.Module):
    """Mean and deviation of the samples, and their number."""

    sample_rate = 8000

    def forward(self, sounds: torch.Tensor) -> torch.Tensor:
        return torch.stack([sounds.mean(1), sounds.std(1), torch.full((len(sounds),), float(sounds.shape[1]))], dim=1)


class Wrong(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean()


def convolution() -> nn.Module:
    """Weights at random; an answer of (n, 5, h, w)."""
    layer = nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.BatchNorm2d(5))
    layer.input_size = 32  # type: ignore[assignment]
    layer.mean, layer.std = [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]  # type: ignore[assignment]
    return layer


def nothing() -> str:
    return "no network"
