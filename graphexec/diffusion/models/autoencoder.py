"""The KL autoencoder of SD1, SD2 and SDXL in the native key layout (Rombach et al. 2022, arXiv 2112.10752)."""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.memory import HEAP_BLOCK, give_back
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout, Level
from graphexec.diffusion.models.layers import Conv2d, GroupNorm, ordered


def norm(channels: int) -> nn.GroupNorm:
    """The group norm used throughout."""
    return GroupNorm(32, channels, eps=1e-6)


def activated(norm: nn.GroupNorm, x: Tensor) -> Tensor:
    """SiLU of the normed map, written over the latter: maps of full size are the most that a decoder holds."""
    return F.silu(norm(x), inplace=True)


class ResidualBlock(nn.Module):
    """Two convolutions behind group norms, added to the input."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.norm1 = norm(inner)
        self.conv1 = Conv2d(inner, outer, 3, padding=1)
        self.norm2 = norm(outer)
        self.conv2 = Conv2d(outer, outer, 3, padding=1)
        if inner != outer:
            self.nin_shortcut = Conv2d(inner, outer, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inner, h, w)` to `(B, outer, h, w)`."""
        h = self.conv1(activated(self.norm1, x))
        h = activated(self.norm2, h)  # what it was made of is free before the convolution takes place for its result
        return self.conv2(h, self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttentionBlock(nn.Module):
    """Single-head self-attention over all places, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.q = Conv2d(channels, channels, 1)
        self.k = Conv2d(channels, channels, 1)
        self.v = Conv2d(channels, channels, 1)
        self.proj_out = Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, h, w)` to the same shape."""
        h = self.norm(x)
        q, k, v = (layer(h).flatten(2).transpose(1, 2)[:, None] for layer in (self.q, self.k, self.v))
        out = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2)
        return ordered(self.proj_out(out.reshape(x.shape), x), x)


class Down(nn.Module):
    """Halve both sides; the padding is at the right and the bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, h, w)` to `(B, C, h / 2, w / 2)`."""
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Up(nn.Module):
    """Double both sides by nearest neighbour, then convolve."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, h, w)` to `(B, C, 2 h, 2 w)`."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class LevelModule(nn.Module):
    """The blocks of one resolution, with attention behind those that have it, then a change of resolution."""

    def __init__(self, spec: Level, resample: str) -> None:
        super().__init__()
        self.block = nn.ModuleList(ResidualBlock(inner, outer) for inner, outer in spec.blocks)
        self.attn = nn.ModuleList(AttentionBlock(spec.blocks[-1][1]) for _ in range(spec.attentions))
        self.resample = resample if spec.resampled else None
        if self.resample:
            self.add_module(resample, (Down if resample == "downsample" else Up)(spec.blocks[-1][1]))

    def steps(self) -> Iterator[nn.Module]:
        """The level's modules in order, from one map to the next.

        Who runs them holds one map; a `forward` of the level would have its caller hold the level's first all along.
        """
        for number, block in enumerate(self.block):
            yield block
            if number < len(self.attn):
                yield self.attn[number]
        if self.resample:
            yield self.get_submodule(self.resample)


class Middle(nn.Module):
    """Two residual blocks around attention, at the lowest resolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1 = ResidualBlock(channels, channels)
        self.attn_1 = AttentionBlock(channels)
        self.block_2 = ResidualBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, h, w)` to the same shape."""
        return self.block_2(self.attn_1(self.block_1(x)))


class Encoder(nn.Module):
    """Pixels to the moments of a latent's distribution."""

    def __init__(self, spec: AutoencoderLayout) -> None:
        super().__init__()
        first, last = spec.down[0].blocks[0][0], spec.down[-1].blocks[-1][1]
        self.conv_in = Conv2d(3, first, 3, padding=1)
        levels = [LevelModule(level, "downsample") for level in spec.down]
        self.down = nn.ModuleList(levels)
        self.steps = [step for level in levels for step in level.steps()]
        self.mid = Middle(last)
        self.norm_out = norm(last)
        self.conv_out = Conv2d(last, spec.moments, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, 3, H, W)` to `(B, moments, H / 8, W / 8)`."""
        x = self.conv_in(x)
        for step in self.steps:
            x = step(x)
        return self.conv_out(activated(self.norm_out, self.mid(x)))


class Decoder(nn.Module):
    """A latent to pixels. Levels are numbered from the highest resolution and run from the lowest."""

    def __init__(self, spec: AutoencoderLayout) -> None:
        super().__init__()
        first, last = spec.up[-1].blocks[0][0], spec.up[0].blocks[-1][1]
        self.conv_in = Conv2d(spec.channels, first, 3, padding=1)
        self.mid = Middle(first)
        levels = [LevelModule(level, "upsample") for level in spec.up]
        self.up = nn.ModuleList(levels)
        self.steps = [step for level in reversed(levels) for step in level.steps()]
        self.norm_out = norm(last)
        self.conv_out = Conv2d(last, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, h, w)` to `(B, 3, 8 h, 8 w)`."""
        x, in_heap = self.mid(self.conv_in(x)), True
        for step in self.steps:
            x = step(x)
            if in_heap and x.nbytes >= HEAP_BLOCK:
                give_back()  # the places of smaller maps are of no use to those from here on
                in_heap = False
        return self.conv_out(activated(self.norm_out, x))


class Autoencoder(nn.Module):
    """Encoder and decoder with the 1x1 convolutions around the latent. Pixels are in -1..1."""

    def __init__(self, spec: AutoencoderLayout) -> None:
        super().__init__()
        self.encoder = Encoder(spec)
        self.decoder = Decoder(spec)
        self.quant_conv = Conv2d(spec.moments, spec.moments, 1)
        self.post_quant_conv = Conv2d(spec.channels, spec.channels, 1)

    def encode(self, pixels: Tensor) -> Tensor:
        """`(B, 3, H, W)` to the mean of the latent's distribution, `(B, C, H / 8, W / 8)`."""
        mean: Tensor = self.quant_conv(self.encoder(pixels)).chunk(2, dim=1)[0]
        return mean

    def decode(self, latent: Tensor) -> Tensor:
        """`(B, C, h, w)` to `(B, 3, 8 h, 8 w)`."""
        return self.decoder(self.post_quant_conv(latent))
