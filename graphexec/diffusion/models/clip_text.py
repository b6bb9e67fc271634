"""CLIP text encoders in the layout of transformers: ViT-L (SD1, SDXL), OpenCLIP H (SD2) and G (SDXL)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.models.layers import Embedding, LayerNorm, Linear

WIDTH_PER_HEAD = 64


@dataclass(frozen=True, slots=True)
class TextLayout:
    """Sizes of a text encoder. `projection` is the width of the pooled output's projection, or None without one."""

    width: int
    inner: int
    layers: int
    vocabulary: int
    positions: int
    projection: int | None
    activation: Literal["quick_gelu", "gelu"]


def text_layout(shapes: Mapping[str, tuple[int, ...]], activation: Literal["quick_gelu", "gelu"]) -> TextLayout:
    """Read the layout from the shapes of an encoder's tensors. Raises KeyError when some are missing."""
    vocabulary, width = shapes["text_model.embeddings.token_embedding.weight"]
    numbers = {int(m[1]) for name in shapes if (m := re.match(r"text_model\.encoder\.layers\.(\d+)\.", name))}
    projection = shapes.get("text_projection.weight")
    return TextLayout(
        width=width,
        inner=shapes["text_model.encoder.layers.0.mlp.fc1.weight"][0],
        layers=len(numbers),
        vocabulary=vocabulary,
        positions=shapes["text_model.embeddings.position_embedding.weight"][0],
        projection=projection[0] if projection else None,
        activation=activation,
    )


class TextStates(NamedTuple):
    """`hidden`: states `(B, T, D)` behind the chosen layer; `pooled`: `(B, P)` of the first end token."""

    hidden: Tensor
    pooled: Tensor


class SelfAttention(nn.Module):
    """Causal multi-head self-attention."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // WIDTH_PER_HEAD
        self.q_proj = Linear(width, width)
        self.k_proj = Linear(width, width)
        self.v_proj = Linear(width, width)
        self.out_proj = Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, T, D)` to the same shape; a token sees itself and those before it."""
        batch, tokens, width = x.shape
        q, k, v = (
            layer(x).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out_proj(out.transpose(1, 2).reshape(batch, tokens, width))


class FeedForward(nn.Module):
    """Two linear layers; quick_gelu is x sigmoid(1.702 x) (Hendrycks & Gimpel 2016, arXiv 1606.08415)."""

    def __init__(self, spec: TextLayout) -> None:
        super().__init__()
        self.quick = spec.activation == "quick_gelu"
        self.fc1 = Linear(spec.width, spec.inner)
        self.fc2 = Linear(spec.inner, spec.width)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, D)` to the same shape."""
        h = self.fc1(x)
        return self.fc2(h * torch.sigmoid(1.702 * h) if self.quick else F.gelu(h))


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each behind a layer norm and added to its input."""

    def __init__(self, spec: TextLayout) -> None:
        super().__init__()
        self.layer_norm1 = LayerNorm(spec.width)
        self.self_attn = SelfAttention(spec.width)
        self.layer_norm2 = LayerNorm(spec.width)
        self.mlp = FeedForward(spec)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, D)` to the same shape."""
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    """Token and position embeddings."""

    def __init__(self, spec: TextLayout) -> None:
        super().__init__()
        self.token_embedding = Embedding(spec.vocabulary, spec.width)
        self.position_embedding = Embedding(spec.positions, spec.width)


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, spec: TextLayout) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(spec) for _ in range(spec.layers))


class TextModel(nn.Module):
    """Embeddings, layers and final norm, under the names that files use."""

    def __init__(self, spec: TextLayout) -> None:
        super().__init__()
        self.embeddings = Embeddings(spec)
        self.encoder = Encoder(spec)
        self.final_layer_norm = LayerNorm(spec.width)


class ClipText(nn.Module):
    """A CLIP text encoder (Radford et al. 2021, arXiv 2103.00020)."""

    def __init__(self, spec: TextLayout) -> None:
        super().__init__()
        self.layout = spec
        self.text_model = TextModel(spec)
        if spec.projection is not None:
            self.text_projection = Linear(spec.width, spec.projection, bias=False)

    def embed(self, tokens: Tensor) -> Tensor:
        """Embed tokens `(B, T)` as `(B, T, D)`, positions not yet added."""
        return self.text_model.embeddings.token_embedding(tokens)

    def forward(self, embedded: Tensor, ends: Tensor, layer: int | None, normed: bool) -> TextStates:
        """Encode embedded tokens `(B, T, D)`.

        `ends` `(B,)` is where each text's end token stands; `layer` the layer whose states are wanted, counted from
        the end if negative, None for the last; `normed` whether the final norm is applied to them.
        """
        model, wanted = self.text_model, None if layer is None else range(self.layout.layers)[layer]
        x = embedded + model.embeddings.position_embedding.weight[: embedded.shape[1]]
        hidden = x
        for number, block in enumerate(model.encoder.layers):
            x = block(x)
            if number == wanted:
                hidden = model.final_layer_norm(x) if normed else x
        x = model.final_layer_norm(x)
        pooled = x[torch.arange(x.shape[0], device=x.device), ends]
        if self.layout.projection is not None:
            pooled = self.text_projection(pooled)
        return TextStates(x if wanted is None else hidden, pooled)
