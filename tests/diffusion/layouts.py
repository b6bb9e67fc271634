"""Layouts of published UNets, written down from their papers and configurations, full-size and tiny."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from graphexec.diffusion.models.layout import (
    Block,
    Convolution,
    Downsample,
    Layer,
    Residual,
    Transformer,
    UNetLayout,
    Upsample,
)
from graphexec.diffusion.models.unet import UNet


@dataclass(frozen=True)
class Config:
    """A UNet as its training configuration says it. `depths` are by residual block on the way down, `depths_out` on
    the way up from the lowest level; `middle` None means no attention in the middle, -1 no middle at all.
    """

    channels: int
    multiples: tuple[int, ...]
    blocks: int
    depths: tuple[int, ...]
    depths_out: tuple[int, ...]
    middle: int | None
    context: int
    linear: bool
    vector: int | None = None
    channels_in: int = 4

    def layout(self) -> UNetLayout:
        embedding, width = 4 * self.channels, self.channels
        down: list[Block] = [(Convolution(self.channels_in, width),)]
        skips, depths = [width], list(self.depths)
        for level, multiple in enumerate(self.multiples):
            for _ in range(self.blocks):
                outer = multiple * self.channels
                down.append((Residual(width, outer, embedding), *self._transformer(outer, depths.pop(0))))
                width = outer
                skips.append(width)
            if level < len(self.multiples) - 1:
                down.append((Downsample(width, width),))
                skips.append(width)
        up: list[Block] = []
        depths = list(self.depths_out)
        middle = self._middle(width, embedding)
        for level, multiple in reversed(list(enumerate(self.multiples))):
            for number in range(self.blocks + 1):
                outer = multiple * self.channels
                block: list[Layer] = [Residual(width + skips.pop(), outer, embedding)]
                block += self._transformer(outer, depths.pop(0))
                block += [Upsample(outer, outer)] if level and number == self.blocks else []
                up.append(tuple(block))
                width = outer
        return UNetLayout(
            self.channels_in, 4, self.channels, embedding, self.context, self.vector, tuple(down), middle, tuple(up)
        )

    def _transformer(self, width: int, depth: int) -> list[Layer]:
        heads = width // 64 if self.linear else 8
        return [Transformer(width, width, depth, heads, self.context, self.linear)] if depth else []

    def _middle(self, width: int, embedding: int) -> Block:
        block = Residual(width, width, embedding)
        if self.middle == -1:
            return ()
        return (block,) if self.middle is None else (block, *self._transformer(width, self.middle), block)


ONES, ONES_OUT = (1, 1, 1, 1, 1, 1, 0, 0), (0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1)
SDXL_OUT = (10, 10, 10, 2, 2, 2, 0, 0, 0)
REFINER, REFINER_OUT = (0, 0, 4, 4, 4, 4, 0, 0), (0, 0, 0, 4, 4, 4, 4, 4, 4, 0, 0, 0)
FULL = {
    "sd1": Config(320, (1, 2, 4, 4), 2, ONES, ONES_OUT, 1, 768, False),
    "sd1-inpaint": Config(320, (1, 2, 4, 4), 2, ONES, ONES_OUT, 1, 768, False, channels_in=9),
    "sd2": Config(320, (1, 2, 4, 4), 2, ONES, ONES_OUT, 1, 1024, True),
    "sdxl": Config(320, (1, 2, 4), 2, (0, 0, 2, 2, 10, 10), SDXL_OUT, 10, 2048, True, 2816),
    "sdxl-refiner": Config(384, (1, 2, 4, 4), 2, REFINER, REFINER_OUT, 4, 1280, True, 2560),
    "ssd-1b": Config(320, (1, 2, 4), 2, (0, 0, 2, 2, 4, 4), (4, 4, 10, 2, 1, 1, 0, 0, 0), None, 2048, True, 2816),
    "vega": Config(320, (1, 2, 4), 2, (0, 0, 1, 1, 2, 2), (2, 2, 2, 1, 1, 1, 0, 0, 0), None, 2048, True, 2816),
    "koala-700m": Config(320, (1, 2, 4), 1, (0, 2, 5), (5, 5, 2, 2, 0, 0), -1, 2048, True, 2816),
    "koala-1b": Config(320, (1, 2, 4), 1, (0, 2, 6), (6, 6, 2, 2, 0, 0), 6, 2048, True, 2816),
}


def tiny(name: str) -> UNetLayout:
    """A published layout with few channels; the widths tell the same family."""
    config = FULL[name]
    shrunk = {**config.__dict__, "channels": 64 if config.linear else 32, "context": 128}
    if config.vector is not None:
        shrunk["vector"] = 128 + (5 if name == "sdxl-refiner" else 6) * 256
    return Config(**shrunk).layout()


def meta(module: type[nn.Module], *args: object) -> nn.Module:
    """A module without memory."""
    with torch.device("meta"):
        return module(*args)


def drawn(module: nn.Module, prefix: str = "", dtype: torch.dtype = torch.float16, seed: int = 0) -> dict[str, Tensor]:
    """Random tensors for a module made by `meta`, by the names they have in a file."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, parameter in module.state_dict().items():
        noise = torch.randn(parameter.shape, generator=generator)
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 100
        one = 1.0 if parameter.ndim == 1 and name.endswith("weight") else 0.0
        tensors[prefix + name] = (one + noise / fan_in**0.5).to(dtype)
    return tensors


@cache
def drawn_unet(name: str) -> dict[str, Tensor]:
    """The tensors of a tiny UNet, without prefix."""
    return drawn(meta(UNet, tiny(name)))


def write_unet(path: Path, name: str, prefix: str = "model.diffusion_model.", **extra: Tensor) -> Path:
    """Write a tiny UNet of a published layout; `extra` tensors go into the file as they are."""
    save_file({**{prefix + key: tensor for key, tensor in drawn_unet(name).items()}, **extra}, path)
    return path
