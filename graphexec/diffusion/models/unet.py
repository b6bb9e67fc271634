"""The UNet of SD1, SD2 and SDXL in the native key layout, built from a `UNetLayout` (arXiv 2112.10752, 2307.01952)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models import layout
from graphexec.diffusion.models.attention import SpatialTransformer
from graphexec.diffusion.models.blocks import Down, ResidualBlock, Up, sinusoids
from graphexec.diffusion.models.hooks import NO_HOOKS, Place, Site, UNetHooks
from graphexec.diffusion.models.layers import Conv2d, GroupNorm, Linear
from graphexec.diffusion.models.text_states import TextStates, per_text
from graphexec.errors import NodeError


def layer_module(spec: layout.Layer) -> nn.Module:
    """The module of a layer."""
    match spec:
        case layout.Convolution(inner, outer):
            return Conv2d(inner, outer, 3, padding=1)
        case layout.Residual():
            return ResidualBlock(spec)
        case layout.Transformer():
            return SpatialTransformer(spec)
        case layout.Downsample():
            return Down(spec)
        case layout.Upsample():
            return Up(spec)


def block_module(block: layout.Block) -> nn.ModuleList:
    """The modules of a block, in order."""
    return nn.ModuleList(layer_module(layer) for layer in block)


def block_modules(blocks: Iterable[layout.Block]) -> nn.ModuleList:
    """The modules of several blocks."""
    return nn.ModuleList(block_module(block) for block in blocks)


def embedding_module(inner: int, outer: int) -> nn.Sequential:
    """The two-layer network behind the timestep and vector embeddings."""
    return nn.Sequential(Linear(inner, outer), nn.SiLU(), Linear(outer, outer))


class Encoder(nn.Module):
    """The half of a UNet that ControlNets copy: embeddings, input blocks and middle."""

    def __init__(self, spec: layout.UNetLayout) -> None:
        super().__init__()
        self.layout = spec
        self.time_embed = embedding_module(spec.model_channels, spec.embedding)
        if spec.vector is not None:
            self.label_emb = nn.Sequential(embedding_module(spec.vector, spec.embedding))
        self.input_blocks = block_modules(spec.input)
        self.middle_block = block_module(spec.middle)

    def embed(self, inputs: Inputs) -> Tensor:
        """The embedding `(B, E)` of timestep and vector conditioning."""
        embedding = self.time_embed(sinusoids(inputs.timestep, self.layout.model_channels).to(inputs.x.dtype))
        if self.layout.vector is None:
            return embedding
        if inputs.y is None:
            raise ValueError("this UNet needs a vector conditioning y")
        return embedding + self.label_emb(inputs.y)


class UNet(Encoder):
    """Predicts eps or v for a noised latent. Calling it is `diffusion.model.Network` plus hooks."""

    def __init__(self, spec: layout.UNetLayout) -> None:
        super().__init__(spec)
        channels = spec.model_channels
        self.output_blocks = block_modules(spec.output)
        last = Conv2d(channels, spec.channels_out, 3, padding=1)
        self.out = nn.Sequential(GroupNorm(32, channels), nn.SiLU(inplace=True), last)

    def forward(self, inputs: Inputs, hooks: UNetHooks = NO_HOOKS, text: TextStates | None = None) -> Tensor:
        """Predict `(N, C, h, w)` for N contexts; all tensors of `inputs` have the weights' dtype except the timestep.

        Without hooks and control, the other inputs may be there once for several groups of contexts. `text` is what is
        known of the context from earlier steps.
        """
        x = inputs.x if inputs.concat is None else torch.cat([inputs.x, inputs.concat], dim=1)
        walk = Walk(self.embed(inputs), inputs, hooks, text)
        control = {place: list(residuals) for place, residuals in (inputs.control or {}).items()}
        h, skips = x, []
        for number, block in enumerate(self.input_blocks):
            site = walk.site("input", number, h)
            h = _add(walk.through(block, h, site), control, "input")
            for hook in hooks.input_block:
                h = hook(h, site)
            skips.append(h)
            for hook in hooks.input_block_after_skip:
                h = hook(h, site)
        site = walk.site("middle", 0, h)
        h = _add(walk.through(self.middle_block, h, site), control, "middle")
        for feature_hook in hooks.middle_block:
            h = feature_hook(h, site)
        for number, block in enumerate(self.output_blocks):
            site = walk.site("output", number, h)
            skip = _add(skips.pop(), control, "output")
            for merge_hook in hooks.output_block:
                h, skip = merge_hook(h, skip, site)
            size = skips[-1].shape[-2:] if skips else None
            h = walk.through(block, torch.cat([h, per_text(skip, len(h))], dim=1), site, size)
        return self.out(h)


class Walk:
    """One pass through the blocks: what they all read, and how many transformer blocks were met."""

    def __init__(self, embedding: Tensor, inputs: Inputs, hooks: UNetHooks, text: TextStates | None = None) -> None:
        self.embedding, self.inputs, self.hooks = embedding, inputs, hooks
        self.text = text or TextStates(inputs.context)
        self.depth = 0

    def site(self, place: Place, block: int, h: Tensor) -> Site:
        height, width = h.shape[-2:]
        size = tuple(self.inputs.x.shape[-2:])
        return Site(
            place,
            block,
            depth=self.depth,
            height=height,
            width=width,
            latent_size=(size[0], size[1]),
            options=self.inputs.options,
        )

    def through(self, block: nn.Module, h: Tensor, site: Site, size: Sequence[int] | None = None) -> Tensor:
        """The feature map behind a block; an upsampling layer enlarges to `size`, or to twice its input's."""
        for layer in block.children():
            match layer:
                case ResidualBlock():
                    h = layer(h, self.embedding if len(self.embedding) == 1 else per_text(self.embedding, len(h)))
                case SpatialTransformer():
                    h = layer(h, self.text, self.hooks, site)
                    self.depth += len(layer.transformer_blocks)
                case Up():
                    h = layer(h, tuple(size) if size else (2 * h.shape[-2], 2 * h.shape[-1]))
                case _:
                    h = layer(h)
        return h


def _add(h: Tensor, control: Mapping[str, list[Tensor | None]], place: str) -> Tensor:
    """Add the next residual of a control at this place, if there is one. Residuals are taken from the end.

    One of another size is left out: ComfyUI leaves it out as well where a patch shrinks the features. Raises NodeError
    for one of other channels, which was made for another model.
    """
    waiting = control.get(place)
    residual = waiting.pop() if waiting else None
    if residual is None:
        return h
    if residual.shape[1] != h.shape[1]:
        raise NodeError(
            f"a ControlNet or adapter for another model family: {residual.shape[1]} channels where {h.shape[1]} are"
        )
    return h + residual.to(h) if residual.shape[2:] in (h.shape[2:], (1, 1)) else h
