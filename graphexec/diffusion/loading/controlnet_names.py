"""The names that diffusers gives the tensors of ControlNets and T2I-Adapters, and those of the native layouts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphexec.diffusion.loading.diffusers_names import diffusers_name, unet_prefixes
from graphexec.diffusion.models.layout import Block, Convolution, Downsample, Residual, Transformer, UNetLayout

RESIDUAL, TRANSFORMER = Residual(0, 0, 0), Transformer(0, 0, 0, 0, 0, False)


def controlnet_names(names: Iterable[str]) -> dict[str, str]:
    """The native name of every tensor of a ControlNet in the layout of diffusers; others are left out."""
    known = list(names)
    prefixes = {theirs: ours for ours, theirs in unet_prefixes(_encoder(known)).items()}
    prefixes |= {"controlnet_cond_embedding.conv_in.": "input_hint_block.0."}
    prefixes |= {"controlnet_mid_block.": "middle_block_out.0."}
    for number in range(_count(known, r"controlnet_down_blocks\.(\d+)\.")):
        prefixes[f"controlnet_down_blocks.{number}."] = f"zero_convs.{number}.0."
    convolutions = _count(known, r"controlnet_cond_embedding\.blocks\.(\d+)\.")
    for number in range(convolutions):
        prefixes[f"controlnet_cond_embedding.blocks.{number}."] = f"input_hint_block.{2 * number + 2}."
    prefixes["controlnet_cond_embedding.conv_out."] = f"input_hint_block.{2 * convolutions + 2}."
    renamed = {name: diffusers_name(name, prefixes) for name in known}
    return {name: ours for name, ours in renamed.items() if ours is not None}


def adapter_names(names: Iterable[str]) -> dict[str, str]:
    """The native name of every tensor of a T2I-Adapter, in whichever layout it is."""
    known = list(names)
    per_level = _count(known, r"adapter\.body\.0\.resnets\.(\d+)\.")
    found = {}
    for name in known:
        short = name.removeprefix("adapter.")
        if per_level and (m := re.fullmatch(r"body\.(\d+)\.(?:resnets\.(\d+)\.)?(.+)", short)):
            short = f"body.{int(m[1]) * per_level + int(m[2] or 0)}.{m[3]}"
        found[name] = short
    return found


def _encoder(names: list[str]) -> UNetLayout:
    """Which kinds of layers a diffusers encoder has, in order; widths are not told."""
    blocks: list[Block] = [(Convolution(0, 0),)]
    for level in range(_count(names, r"down_blocks\.(\d+)\.")):
        attended = any(name.startswith(f"down_blocks.{level}.attentions.") for name in names)
        resnets = _count(names, rf"down_blocks\.{level}\.resnets\.(\d+)\.")
        blocks += [(RESIDUAL, TRANSFORMER) if attended else (RESIDUAL,)] * resnets
        if any(name.startswith(f"down_blocks.{level}.downsamplers.") for name in names):
            blocks.append((Downsample(0, 0),))
    attended = any(name.startswith("mid_block.attentions.") for name in names)
    middle = (RESIDUAL, TRANSFORMER, RESIDUAL) if attended else (RESIDUAL, RESIDUAL)
    return UNetLayout(0, 0, 0, 0, 0, None, tuple(blocks), middle, ())


def _count(names: Iterable[str], pattern: str) -> int:
    """How many different numbers stand at the group of a pattern."""
    return len({m[1] for name in names if (m := re.match(pattern, name))})
