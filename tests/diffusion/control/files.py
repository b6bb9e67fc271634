"""Tiny ControlNets and T2I-Adapters: their tensors by native names."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.controlnet import ControlNet, ControlNetLayout
from tests.diffusion.layouts import drawn, drawn_unet, meta, tiny

PICTURE = (3, 16, 16, 32, 32, 96, 96, 256)
WIDTHS = (32, 64, 128, 128)


def control_layout(name: str) -> ControlNetLayout:
    unet = tiny(name)
    return ControlNetLayout(replace(unet, output=(), channels_out=0), (*PICTURE, unet.model_channels))


@cache
def controlnet_tensors(name: str) -> dict[str, Tensor]:
    """A ControlNet of tiny channels with weights of its own."""
    return drawn(meta(ControlNet, control_layout(name)), dtype=torch.float32, seed=3)


def copied_tensors(name: str) -> dict[str, Tensor]:
    """A ControlNet that passes on what the UNet of `drawn_unet` computes: its encoder, and identities behind it."""
    tensors = {key: torch.zeros_like(tensor) for key, tensor in controlnet_tensors(name).items()}
    tensors |= {key: tensor.float() for key, tensor in drawn_unet(name).items() if key in tensors}
    for key, tensor in tensors.items():
        if key.startswith(("zero_convs", "middle_block_out")) and key.endswith("weight"):
            tensors[key] = torch.eye(tensor.shape[0])[:, :, None, None]
    return tensors


def adapter_tensors(colours: int = 3, xl: bool = False, per_level: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """A full adapter, as the paper's authors publish them."""
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}

    def convolution(name: str, inner: int, outer: int, kernel: int) -> None:
        noise = torch.randn(outer, inner, kernel, kernel, generator=generator)
        found[f"{name}.weight"] = noise / (inner * kernel**2) ** 0.5
        found[f"{name}.bias"] = torch.randn(outer, generator=generator) / 10

    convolution("conv_in", colours * (16 if xl else 8) ** 2, WIDTHS[0], 3)
    for level, width in enumerate(WIDTHS):
        for number in range(per_level):
            place, inner = f"body.{level * per_level + number}", WIDTHS[level - 1] if level and not number else width
            if inner != width:
                convolution(f"{place}.in_conv", inner, width, 1)
            convolution(f"{place}.block1", width, width, 3)
            convolution(f"{place}.block2", width, width, 1)
    return found


def light_adapter_tensors(depth: int = 4) -> dict[str, Tensor]:
    """A light adapter."""
    layers = nn.ModuleDict()
    for level, width in enumerate(WIDTHS):
        inner, few = (WIDTHS[level - 1] if level else 3 * 64), width // 4
        layers[f"body.{level}.in_conv".replace(".", "/")] = nn.Conv2d(inner, few, 1)
        layers[f"body.{level}.out_conv".replace(".", "/")] = nn.Conv2d(few, width, 1)
        for number in range(depth):
            for block in ("block1", "block2"):
                layers[f"body.{level}.body.{number}.{block}".replace(".", "/")] = nn.Conv2d(few, few, 3)
    return {key.replace("/", "."): tensor.detach() for key, tensor in layers.state_dict().items()}


def write(path: Path, tensors: dict[str, Tensor], prefix: str = "") -> Path:
    save_file({prefix + key: tensor.contiguous() for key, tensor in tensors.items()}, path)
    return path


def batch(name: str, size: int = 2, height: int = 8, width: int = 16, conditions: int = 1) -> Inputs:
    """Random inputs for a tiny UNet."""
    generator = torch.Generator().manual_seed(1)
    spec = tiny(name)
    return Inputs(
        x=torch.randn(size, 4, height, width, generator=generator),
        timestep=torch.linspace(20.0, 900.0, size),
        context=torch.randn(size, 7, spec.context, generator=generator),
        y=None if spec.vector is None else torch.randn(size, spec.vector, generator=generator),
        options={"cond_or_uncond": list(range(conditions))},
    )
