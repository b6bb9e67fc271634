"""Building blocks of the UNet other than attention, and the timestep embedding."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.models import layout
from graphexec.diffusion.models.layers import Conv2d, GroupNorm, Linear


def sinusoids(timestep: Tensor, width: int, longest: float = 10000.0) -> Tensor:
    """Embed numbers `(B,)` as `(B, width)` float32: cosines, then sines (Ho et al. 2020, arXiv 2006.11239)."""
    half = width // 2
    ramp = torch.arange(half, dtype=torch.float32, device=timestep.device) / half
    angles = timestep.float()[:, None] * torch.exp(-math.log(longest) * ramp)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class ResidualBlock(nn.Module):
    """Two convolutions behind group norms, the timestep embedding added between them."""

    def __init__(self, spec: layout.Residual) -> None:
        super().__init__()
        inner, outer = spec.inner, spec.outer
        self.in_layers = nn.Sequential(GroupNorm(32, inner), nn.SiLU(inplace=True), Conv2d(inner, outer, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), Linear(spec.embedding, outer))
        self.out_layers = nn.Sequential(
            GroupNorm(32, outer), nn.SiLU(inplace=True), nn.Identity(), Conv2d(outer, outer, 3, padding=1)
        )
        self.skip_connection = nn.Identity() if inner == outer else Conv2d(inner, outer, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Feature map `(B, inner, h, w)` and embedding `(B, E)`, or `(1, E)` for all, to `(B, outer, h, w)`."""
        norm, activation, convolution = self.in_layers
        h = convolution(activation(norm(x)), self.emb_layers(embedding)[:, :, None, None])
        norm, activation, _, convolution = self.out_layers
        return convolution(activation(norm(h)), self.skip_connection(x))


class Down(nn.Module):
    """Halve both sides, rounding up."""

    def __init__(self, spec: layout.Downsample) -> None:
        super().__init__()
        self.op = Conv2d(spec.channels, spec.outer, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, h, w)` to `(B, C, ceil(h / 2), ceil(w / 2))`."""
        return self.op(x)


class Up(nn.Module):
    """Enlarge to the given size by nearest neighbour, then convolve."""

    def __init__(self, spec: layout.Upsample) -> None:
        super().__init__()
        self.conv = Conv2d(spec.channels, spec.outer, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """`(B, C, h, w)` to `(B, C, *size)`; odd sizes come from the skip connection that follows."""
        return self.conv(F.interpolate(x, size=size, mode="nearest"))
