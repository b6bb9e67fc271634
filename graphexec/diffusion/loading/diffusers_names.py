"""The names that the diffusers library gives the tensors of a UNet, derived from its layout."""

from __future__ import annotations

from collections.abc import Iterator

from graphexec.diffusion.models.layout import Block, Downsample, Residual, Transformer, UNetLayout, Upsample

ENDS = {
    "input_blocks.0.0.": "conv_in.",
    "time_embed.0.": "time_embedding.linear_1.",
    "time_embed.2.": "time_embedding.linear_2.",
    "label_emb.0.0.": "add_embedding.linear_1.",
    "label_emb.0.2.": "add_embedding.linear_2.",
    "out.0.": "conv_norm_out.",
    "out.2.": "conv_out.",
}
RESIDUAL = {
    "in_layers.0.": "norm1.",
    "in_layers.2.": "conv1.",
    "emb_layers.1.": "time_emb_proj.",
    "out_layers.0.": "norm2.",
    "out_layers.3.": "conv2.",
    "skip_connection.": "conv_shortcut.",
}


def unet_prefixes(layout: UNetLayout) -> dict[str, str]:
    """Prefixes of tensor names in the native layout and what diffusers has in their place."""
    found = dict(ENDS)
    for native, theirs, residual in _layers(layout):
        if residual:
            found |= {f"{native}.{ours}": f"{theirs}.{name}" for ours, name in RESIDUAL.items()}
        else:
            found[f"{native}."] = f"{theirs}."
    return found


def diffusers_name(name: str, prefixes: dict[str, str]) -> str | None:
    """The name of a tensor in diffusers, from that in the native layout and `unet_prefixes`; None if it has none."""
    for length in range(len(name), 0, -1):
        if name[length - 1] == "." and name[:length] in prefixes:
            return prefixes[name[:length]] + name[length:]
    return None


def _layers(layout: UNetLayout) -> Iterator[tuple[str, str, bool]]:
    """Native and diffusers' prefix of every layer, and whether it is a residual block."""
    level = number = 0
    for index, block in enumerate(layout.input[1:], start=1):
        place = f"down_blocks.{level}"
        yield from _block(block, f"input_blocks.{index}", place, number)
        number += 1
        if isinstance(block[0], Downsample):
            level, number = level + 1, 0
    seen = {Residual: 0, Transformer: 0}
    for i, layer in enumerate(layout.middle):
        name = "resnets" if isinstance(layer, Residual) else "attentions"
        kind = type(layer)
        yield f"middle_block.{i}", f"mid_block.{name}.{seen[kind]}", kind is Residual
        seen[kind] += 1
    level = number = 0
    for index, block in enumerate(layout.output):
        yield from _block(block, f"output_blocks.{index}", f"up_blocks.{level}", number)
        number += 1
        if isinstance(block[-1], Upsample):
            level, number = level + 1, 0


def _block(block: Block, native: str, place: str, number: int) -> Iterator[tuple[str, str, bool]]:
    for i, layer in enumerate(block):
        ours = f"{native}.{i}"
        match layer:
            case Residual():
                yield ours, f"{place}.resnets.{number}", True
            case Transformer():
                yield ours, f"{place}.attentions.{number}", False
            case Downsample():
                yield f"{ours}.op", f"{place}.downsamplers.0.conv", False
            case Upsample():
                yield f"{ours}.conv", f"{place}.upsamplers.0.conv", False
            case _:
                pass
