"""UNets and autoencoders saved by diffusers: where each tensor of the native layout stands in such a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from graphexec.diffusion.loading.diffusers_names import diffusers_name, unet_prefixes
from graphexec.diffusion.loading.parts import Source
from graphexec.diffusion.models.layout import (
    Block,
    Convolution,
    Downsample,
    Residual,
    Transformer,
    UNetLayout,
    Upsample,
)

UNET_MARK = "down_blocks.0.resnets.0.conv1.weight"
AUTOENCODER_MARK = "decoder.up_blocks.0.resnets.0.conv1.weight"

RESIDUAL, TRANSFORMER = Residual(0, 0, 0), Transformer(0, 0, 0, 0, 0, False)
DOWN, UP = Downsample(0, 0), Upsample(0, 0)

ATTENTION = {
    "group_norm": "norm",
    **dict.fromkeys(("to_q", "query"), "q"),
    **dict.fromkeys(("to_k", "key"), "k"),
    **dict.fromkeys(("to_v", "value"), "v"),
    **dict.fromkeys(("to_out.0", "proj_attn"), "proj_out"),
}


def unet_sources(names: Iterable[str]) -> dict[str, Source]:
    """Where the tensors of a UNet stand, by their native names; tensors of no known name are left out."""
    known = list(names)
    prefixes = {theirs: ours for ours, theirs in unet_prefixes(skeleton(known)).items()}
    renamed = {diffusers_name(name, prefixes): name for name in known}
    return {ours: Source(name) for ours, name in renamed.items() if ours is not None}


def skeleton(names: Sequence[str]) -> UNetLayout:
    """Which kinds of layers a UNet of diffusers has, in order; widths are not told."""
    down: list[Block] = [(Convolution(0, 0),)]
    for level in range(_count(names, r"down_blocks\.(\d+)\.")):
        down += _level(names, f"down_blocks.{level}")
        down += [(DOWN,)] if _any(names, f"down_blocks.{level}.downsamplers.") else []
    up: list[Block] = []
    for level in range(_count(names, r"up_blocks\.(\d+)\.")):
        *first, last = _level(names, f"up_blocks.{level}")
        up += [*first, (*last, UP) if _any(names, f"up_blocks.{level}.upsamplers.") else last]
    middle: list[Residual | Transformer] = [RESIDUAL] * _count(names, r"mid_block\.resnets\.(\d+)\.")
    middle[1:1] = [TRANSFORMER] * _count(names, r"mid_block\.attentions\.(\d+)\.")
    return UNetLayout(0, 0, 0, 0, 0, None, tuple(down), tuple(middle), tuple(up))


def _level(names: Sequence[str], place: str) -> list[Block]:
    """The blocks of one level: a residual block each, with attention where the file has it."""
    blocks = range(_count(names, rf"{re.escape(place)}\.resnets\.(\d+)\."))
    return [(RESIDUAL, TRANSFORMER) if _any(names, f"{place}.attentions.{i}.") else (RESIDUAL,) for i in blocks]


def autoencoder_sources(names: Iterable[str]) -> dict[str, Source]:
    """Where the tensors of an autoencoder stand, by their native names. Linear layers become 1x1 convolutions."""
    known = list(names)
    levels = _count(known, r"decoder\.up_blocks\.(\d+)\.")
    found = {}
    for name in known:
        ours = _autoencoder_name(name, levels)
        found[ours] = Source(name, kernel=".attn_1." in ours and ".norm." not in ours)
    return found


def _autoencoder_name(name: str, levels: int) -> str:
    """The native name of an autoencoder's tensor; levels of the decoder count the other way round."""
    name = name.replace("conv_norm_out.", "norm_out.").replace("conv_shortcut.", "nin_shortcut.")
    name = name.replace("downsamplers.0.", "downsample.").replace("upsamplers.0.", "upsample.")
    if m := re.fullmatch(r"(encoder|decoder)\.(?:down|up)_blocks\.(\d+)\.(?:resnets\.(\d+)\.)?(.+)", name):
        side, level = ("down", int(m[2])) if m[1] == "encoder" else ("up", levels - 1 - int(m[2]))
        block = "" if m[3] is None else f"block.{m[3]}."
        return f"{m[1]}.{side}.{level}.{block}{m[4]}"
    if m := re.fullmatch(r"(encoder|decoder)\.mid_block\.resnets\.(\d+)\.(.+)", name):
        return f"{m[1]}.mid.block_{int(m[2]) + 1}.{m[3]}"
    if m := re.fullmatch(r"(encoder|decoder)\.mid_block\.attentions\.0\.(.+)\.(weight|bias)", name):
        return f"{m[1]}.mid.attn_1.{ATTENTION.get(m[2], m[2])}.{m[3]}"
    return name


def _any(names: Iterable[str], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in names)


def _count(names: Iterable[str], pattern: str) -> int:
    """How many different numbers stand at the group of a pattern."""
    return len({m[1] for name in names if (m := re.match(pattern, name))})
