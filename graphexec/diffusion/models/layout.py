"""The structure of a UNet, read off the names and shapes of its tensors: one value for every family and size."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

CHANNELS_PER_HEAD = 64  # SD2 and SDXL
HEADS = 8  # SD1


@dataclass(frozen=True, slots=True)
class Convolution:
    """A 3x3 convolution."""

    inner: int
    outer: int


@dataclass(frozen=True, slots=True)
class Residual:
    """A residual block that takes the timestep embedding."""

    inner: int
    outer: int
    embedding: int


@dataclass(frozen=True, slots=True)
class Transformer:
    """A stack of `depth` transformer blocks over all places; `linear`: its projections are linear layers."""

    channels: int
    inner: int
    depth: int
    heads: int
    context: int
    linear: bool


@dataclass(frozen=True, slots=True)
class Downsample:
    """A convolution with stride 2."""

    channels: int
    outer: int


@dataclass(frozen=True, slots=True)
class Upsample:
    """Doubling by nearest neighbour, then a convolution."""

    channels: int
    outer: int


Layer: TypeAlias = Convolution | Residual | Transformer | Downsample | Upsample
Block: TypeAlias = tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class UNetLayout:
    """A whole UNet. `vector` is the width of the pooled conditioning y, or None; `context` that of the text states."""

    channels_in: int
    channels_out: int
    model_channels: int
    embedding: int
    context: int
    vector: int | None
    input: tuple[Block, ...]
    middle: Block
    output: tuple[Block, ...]


def unet_layout(shapes: Shapes) -> UNetLayout:
    """Read the layout from the shapes of a UNet's tensors (names without prefix).

    Raises KeyError or ValueError for shapes that are no UNet of this kind.
    """
    input_blocks = _blocks(shapes, "input_blocks")
    output_blocks = _blocks(shapes, "output_blocks") if "out.2.weight" in shapes else ()
    middle = tuple(_layers(shapes, "middle_block")) if any(n.startswith("middle_block.") for n in shapes) else ()
    first = shapes["input_blocks.0.0.weight"]
    contexts = {layer.context for block in (*input_blocks, middle) for layer in block if isinstance(layer, Transformer)}
    if len(contexts) != 1:
        raise ValueError(f"one context width expected, found {sorted(contexts)}")
    vector = shapes.get("label_emb.0.0.weight")
    return UNetLayout(
        channels_in=first[1],
        channels_out=shapes["out.2.weight"][0] if "out.2.weight" in shapes else 0,
        model_channels=shapes["time_embed.0.weight"][1],
        embedding=shapes["time_embed.0.weight"][0],
        context=contexts.pop(),
        vector=vector[1] if vector else None,
        input=input_blocks,
        middle=middle,
        output=output_blocks,
    )


def _blocks(shapes: Shapes, place: str) -> tuple[Block, ...]:
    """The blocks of `input_blocks` or `output_blocks`, which must be numbered without gaps."""
    numbers = {int(m[1]) for name in shapes if (m := re.match(rf"{place}\.(\d+)\.", name))}
    if numbers != set(range(len(numbers))):
        raise ValueError(f"{place} are numbered {sorted(numbers)}")
    return tuple(tuple(_layers(shapes, f"{place}.{number}")) for number in range(len(numbers)))


def _layers(shapes: Shapes, block: str) -> list[Layer]:
    """The layers of one block, in order."""
    parts: defaultdict[int, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for name, shape in shapes.items():
        if m := re.fullmatch(rf"{re.escape(block)}\.(\d+)\.(.+)", name):
            parts[int(m[1])][m[2]] = shape
    return [_layer(parts[number]) for number in sorted(parts)]


def _layer(part: Shapes) -> Layer:
    """Tell a layer by the names of its tensors."""
    if "in_layers.2.weight" in part:
        outer, inner = part["in_layers.2.weight"][:2]
        return Residual(inner, outer, part["emb_layers.1.weight"][1])
    if "proj_in.weight" in part:
        inner, channels = part["proj_in.weight"][:2]
        linear = len(part["proj_in.weight"]) == 2
        depth = len({m[1] for name in part if (m := re.match(r"transformer_blocks\.(\d+)\.", name))})
        context = part["transformer_blocks.0.attn2.to_k.weight"][1]
        heads = inner // CHANNELS_PER_HEAD if linear else HEADS
        return Transformer(channels, inner, depth, heads, context, linear)
    if "op.weight" in part:
        return Downsample(part["op.weight"][1], part["op.weight"][0])
    if "conv.weight" in part:
        return Upsample(part["conv.weight"][1], part["conv.weight"][0])
    if "weight" in part:
        return Convolution(part["weight"][1], part["weight"][0])
    raise ValueError(f"a layer of no known kind: {', '.join(sorted(part)[:3])}")
