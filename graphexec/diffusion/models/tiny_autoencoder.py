"""TAESD, a tiny autoencoder for drafts, in its author's key layout (github.com/madebyollin/taesd)."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.models.layers import Conv2d

WIDTH = 64
BLOCKS = 3


class Block(nn.Module):
    """Three convolutions added to the input."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            Conv2d(inner, outer, 3, padding=1),
            nn.ReLU(),
            Conv2d(outer, outer, 3, padding=1),
            nn.ReLU(),
            Conv2d(outer, outer, 3, padding=1),
        )
        self.skip = nn.Identity() if inner == outer else Conv2d(inner, outer, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inner, h, w)` to `(B, outer, h, w)`."""
        return F.relu(self.conv(x) + self.skip(x))


class Clamp(nn.Module):
    """Keep latents within -3..3, softly."""

    def forward(self, x: Tensor) -> Tensor:
        """3 tanh(x / 3)."""
        return (x / 3).tanh() * 3


def encoder(channels: int = 4) -> nn.Sequential:
    """Pixels `(B, 3, H, W)` in 0..1 to a latent in model space, `(B, channels, H / 8, W / 8)`."""
    layers: list[nn.Module] = [Conv2d(3, WIDTH, 3, padding=1), Block(WIDTH, WIDTH)]
    for _ in range(3):
        layers.append(Conv2d(WIDTH, WIDTH, 3, padding=1, stride=2, bias=False))
        layers += [Block(WIDTH, WIDTH) for _ in range(BLOCKS)]
    return nn.Sequential(*layers, Conv2d(WIDTH, channels, 3, padding=1))


def decoder(channels: int = 4) -> nn.Sequential:
    """A latent in model space, `(B, channels, h, w)`, to pixels `(B, 3, 8 h, 8 w)` in 0..1, not clamped."""
    layers: list[nn.Module] = [Clamp(), Conv2d(channels, WIDTH, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        layers += [Block(WIDTH, WIDTH) for _ in range(BLOCKS)]
        layers += [nn.Upsample(scale_factor=2), Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False)]
    return nn.Sequential(*layers, Block(WIDTH, WIDTH), Conv2d(WIDTH, 3, 3, padding=1))


@dataclass(frozen=True, slots=True)
class TinyAutoencoder:
    """Encoder and decoder behind the interface of `Autoencoder`: pixels in -1..1, latents in VAE space.

    `scale` maps VAE space to model space, which the networks were trained on.
    """

    encoder: nn.Sequential
    decoder: nn.Sequential
    scale: float

    def encode(self, pixels: Tensor) -> Tensor:
        """`(B, 3, H, W)` to `(B, C, H / 8, W / 8)`."""
        latent: Tensor = self.encoder(pixels * 0.5 + 0.5)
        return latent / self.scale

    def decode(self, latent: Tensor) -> Tensor:
        """`(B, C, h, w)` to `(B, 3, 8 h, 8 w)`."""
        pixels: Tensor = self.decoder(latent * self.scale)
        return pixels * 2 - 1
