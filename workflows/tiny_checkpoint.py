#!/usr/bin/env python3
"""Write a small checkpoint of seeded random weights in the single-file layout of Stable Diffusion 1.

    python workflows/tiny_checkpoint.py models/checkpoints/tiny.safetensors

It has the structure of the real thing with few channels, so every node works on it in seconds on a CPU. Nobody
trained it: its pictures are coloured noise, the same on every machine. Needs numpy and safetensors only.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Shapes: TypeAlias = Iterator[tuple[str, tuple[int, ...]]]

QUIET = (
    "conv_out.",
    "out.2.",
    "proj_out.",
    "to_out.0.",
    "out_layers.3.",
    "out_proj.",
    "mlp.fc2.",
    "mlp.c_proj.",
    "ff.net.2.",
)
"""The last layer of every residual branch: drawn smaller, so that depth does not blow the signal up."""

NOT_TABLES = ("time_embed", "label_emb", "emb_layers")
MARK = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
"""The bias whose spread tells v-prediction from noise prediction, in the families that have both."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a checkpoint is: channels of the UNet and the VAE by level, width and layers of the text encoder."""

    unet: tuple[int, ...] = (32, 32, 64, 64)
    vae: tuple[int, ...] = (32, 32, 64, 64)
    text: int = 64
    layers: int = 2
    latent_inputs: int = 4


def shapes(size: Size) -> Shapes:
    """Yield the name and shape of every tensor."""
    for name, shape in _unet(size):
        yield f"model.diffusion_model.{name}", shape
    for name, shape in _vae(size.vae):
        yield f"first_stage_model.{name}", shape
    for name, shape in _text(size):
        yield f"cond_stage_model.transformer.text_model.{name}", shape


def tensor(name: str, shape: Sequence[int], salt: str = "") -> NDArray[np.float16]:
    """Draw one tensor from its own Philox stream, keyed by the tensor's name.

    Vectors lie around 0 or 1, tables have the spread 0.1, matrices 1 / sqrt(fan in), as in a fresh network.
    """
    key = int.from_bytes(hashlib.sha256((salt + name).encode()).digest()[:16], "little")
    noise = np.random.Generator(np.random.Philox(key=key)).standard_normal(shape, dtype=np.float32)
    if len(shape) <= 1:
        return (float(name.endswith("weight")) + (0.2 if name.endswith(MARK) else 0.05) * noise).astype(np.float16)
    if "emb" in name and not any(part in name for part in NOT_TABLES):
        return (0.1 * noise).astype(np.float16)
    gain = 0.4 if any(part in name for part in QUIET) and not name.endswith("out.2.weight") else 1.0
    fan_in = shape[0] if "text_projection" in name else math.prod(shape[1:])
    return (gain * noise / math.sqrt(fan_in)).astype(np.float16)


def write(path: Path, size: Size, salt: str = "") -> None:
    """Write a checkpoint, through a neighbouring file, so that an interrupted write leaves nothing."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".part")
    save_file({name: tensor(name, shape, salt) for name, shape in shapes(size)}, aside, metadata={"format": "pt"})
    aside.replace(path)


def _layer(name: str, *shape: int, bias: bool = True) -> Shapes:
    yield f"{name}.weight", shape
    if bias:
        yield f"{name}.bias", shape[:1]


def _residual(name: str, inputs: int, outputs: int, time: int) -> Shapes:
    yield from _layer(f"{name}.in_layers.0", inputs)
    yield from _layer(f"{name}.in_layers.2", outputs, inputs, 3, 3)
    yield from _layer(f"{name}.emb_layers.1", outputs, time)
    yield from _layer(f"{name}.out_layers.0", outputs)
    yield from _layer(f"{name}.out_layers.3", outputs, outputs, 3, 3)
    if inputs != outputs:
        yield from _layer(f"{name}.skip_connection", outputs, inputs, 1, 1)


def _transformer(name: str, channels: int, context: int) -> Shapes:
    yield from _layer(f"{name}.norm", channels)
    yield from _layer(f"{name}.proj_in", channels, channels, 1, 1)
    block = f"{name}.transformer_blocks.0"
    for attention, source in (("attn1", channels), ("attn2", context)):
        yield from _layer(f"{block}.{attention}.to_q", channels, channels, bias=False)
        yield from _layer(f"{block}.{attention}.to_k", channels, source, bias=False)
        yield from _layer(f"{block}.{attention}.to_v", channels, source, bias=False)
        yield from _layer(f"{block}.{attention}.to_out.0", channels, channels)
    yield from _layer(f"{block}.ff.net.0.proj", 8 * channels, channels)
    yield from _layer(f"{block}.ff.net.2", channels, 4 * channels)
    for norm in ("norm1", "norm2", "norm3"):
        yield from _layer(f"{block}.{norm}", channels)
    yield from _layer(f"{name}.proj_out", channels, channels, 1, 1)


def _unet(size: Size) -> Shapes:
    """Levels of two residual blocks; all but the lowest attend to the text."""
    base, time, last = size.unet[0], 4 * size.unet[0], len(size.unet) - 1
    yield from _layer("time_embed.0", time, base)
    yield from _layer("time_embed.2", time, time)
    yield from _layer("input_blocks.0.0", base, size.latent_inputs, 3, 3)
    channels, index, skips = base, 1, [base]
    for level, width in enumerate(size.unet):
        for _ in range(2):
            yield from _residual(f"input_blocks.{index}.0", channels, width, time)
            channels = width
            if level < last:
                yield from _transformer(f"input_blocks.{index}.1", channels, size.text)
            skips.append(channels)
            index += 1
        if level < last:
            yield from _layer(f"input_blocks.{index}.0.op", channels, channels, 3, 3)
            skips.append(channels)
            index += 1
    yield from _residual("middle_block.0", channels, channels, time)
    yield from _transformer("middle_block.1", channels, size.text)
    yield from _residual("middle_block.2", channels, channels, time)
    for index in range(3 * len(size.unet)):
        level = last - index // 3
        yield from _residual(f"output_blocks.{index}.0", channels + skips.pop(), size.unet[level], time)
        channels = size.unet[level]
        if level < last:
            yield from _transformer(f"output_blocks.{index}.1", channels, size.text)
        if index % 3 == 2 and level:
            yield from _layer(f"output_blocks.{index}.{2 if level < last else 1}.conv", channels, channels, 3, 3)
    yield from _layer("out.0", base)
    yield from _layer("out.2", 4, base, 3, 3)


def _vae(widths: tuple[int, ...]) -> Shapes:
    """An encoder with two blocks a level, a decoder with three."""
    channels, last, top = widths[0], len(widths) - 1, widths[-1]
    yield from _layer("encoder.conv_in", channels, 3, 3, 3)
    for level, width in enumerate(widths):
        for block in range(2):
            yield from _plain_residual(f"encoder.down.{level}.block.{block}", channels, width)
            channels = width
        if level < last:
            yield from _layer(f"encoder.down.{level}.downsample.conv", width, width, 3, 3)
    yield from _middle("encoder", top, 8, top)
    yield from _layer("decoder.conv_in", top, 4, 3, 3)
    for level, width in reversed(list(enumerate(widths))):
        for block in range(3):
            yield from _plain_residual(f"decoder.up.{level}.block.{block}", channels, width)
            channels = width
        if level:
            yield from _layer(f"decoder.up.{level}.upsample.conv", width, width, 3, 3)
    yield from _middle("decoder", top, 3, channels)
    yield from _layer("quant_conv", 8, 8, 1, 1)
    yield from _layer("post_quant_conv", 4, 4, 1, 1)


def _middle(part: str, width: int, outputs: int, last: int) -> Shapes:
    """The middle of the encoder or decoder, and its output layers with `last` channels."""
    yield from _plain_residual(f"{part}.mid.block_1", width, width)
    yield from _layer(f"{part}.mid.attn_1.norm", width)
    for projection in ("q", "k", "v", "proj_out"):
        yield from _layer(f"{part}.mid.attn_1.{projection}", width, width, 1, 1)
    yield from _plain_residual(f"{part}.mid.block_2", width, width)
    yield from _layer(f"{part}.norm_out", last)
    yield from _layer(f"{part}.conv_out", outputs, last, 3, 3)


def _plain_residual(name: str, inputs: int, outputs: int) -> Shapes:
    yield from _layer(f"{name}.norm1", inputs)
    yield from _layer(f"{name}.conv1", outputs, inputs, 3, 3)
    yield from _layer(f"{name}.norm2", outputs)
    yield from _layer(f"{name}.conv2", outputs, outputs, 3, 3)
    if inputs != outputs:
        yield from _layer(f"{name}.nin_shortcut", outputs, inputs, 1, 1)


def _text(size: Size) -> Shapes:
    """CLIP's text encoder over its 49,408 tokens in windows of 77."""
    width = size.text
    yield "embeddings.token_embedding.weight", (49408, width)
    yield "embeddings.position_embedding.weight", (77, width)
    for index in range(size.layers):
        layer = f"encoder.layers.{index}"
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from _layer(f"{layer}.self_attn.{projection}", width, width)
        yield from _layer(f"{layer}.mlp.fc1", 4 * width, width)
        yield from _layer(f"{layer}.mlp.fc2", width, 4 * width)
        yield from _layer(f"{layer}.layer_norm1", width)
        yield from _layer(f"{layer}.layer_norm2", width)
    yield from _layer("final_layer_norm", width)


def main(arguments: list[str]) -> None:
    """Write the file that the one argument names, unless it is there already."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit(__doc__)
    path = Path(arguments[0])
    if not path.exists():
        write(path, Size())
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB of random weights")


if __name__ == "__main__":
    main(sys.argv[1:])
