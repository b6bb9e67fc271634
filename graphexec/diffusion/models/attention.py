"""Attention layers of the UNet: multi-head attention, the gated feed-forward layer, and stacks of both."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.models.hooks import AttentionInput, AttentionKernel, AttentionOutput, Site, UNetHooks
from graphexec.diffusion.models.layers import Conv2d, GatedLinear, GroupNorm, LayerNorm, Linear, ordered
from graphexec.diffusion.models.layout import Transformer
from graphexec.diffusion.models.text_states import TextStates, per_text

KEYS = 16
"""The numbers in a vector register, of which attention takes whole ones."""


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Softmax attention (Vaswani et al. 2017, arXiv 1706.03762) of `(B, T, D)` queries over `(B, S, D)` keys."""
    batch, tokens, width = q.shape
    k, v, mask = aligned(k, v)
    q, k, v = (t.view(batch, -1, heads, width // heads).transpose(1, 2) for t in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).reshape(batch, tokens, width)


def aligned(k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """Keys and values `(B, S, D)` with masked ones appended, and the mask, where that makes attention faster.

    In bf16 on processors: torch handles 80 keys in half the time of a prompt's 77.
    """
    missing = -k.shape[1] % KEYS
    if not missing or k.dtype != torch.bfloat16 or k.device.type != "cpu":
        return k, v, None
    mask = F.pad(k.new_zeros(k.shape[1]), (0, missing), value=-math.inf)
    return F.pad(k, (0, 0, 0, missing)), F.pad(v, (0, 0, 0, missing)), mask[None, None, None]


class Attention(nn.Module):
    """Multi-head attention from `width` channels over `context` channels."""

    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = Linear(width, width, bias=False)
        self.to_k = Linear(context, width, bias=False)
        self.to_v = Linear(context, width, bias=False)
        self.to_out = nn.Sequential(Linear(width, width))

    def projected(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values `(B, S, width)` of what is looked at, `(B, S, context)`."""
        return self.to_k(k), self.to_v(v)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, kernels: tuple[AttentionKernel, ...], site: Site) -> Tensor:
        """Tokens `(B, T, width)` over projected keys and values, before the last projection.

        `kernels` may take the place of softmax attention.
        """
        q = self.to_q(q)
        for kernel in kernels:
            out = kernel(q, k, v, site)
            if out is not None:
                return out
        return attention(q, k, v, self.heads)

    def added(self, to: Tensor, mixed: Tensor, hooks: tuple[AttentionOutput, ...], site: Site) -> Tensor:
        """What `forward` gave, projected, changed by hooks and added to tokens."""
        (project,) = self.to_out
        if not hooks:
            return project(mixed, to)
        out = project(mixed)
        for hook in hooks:
            out = hook(out, site)
        return to + out.to(to.dtype)


class GatedProjection(nn.Module):
    """The place of the gated layer in files: it has the name `proj` there."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.proj = GatedLinear(inner, outer)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., inner)` to `(..., outer)`."""
        return self.proj(x)


PIECE = 4096
"""Bytes of a column of the tokens that go through the gated layer at a time: 2,048 in bf16.

Of more, the hidden layer does not stay in the processor's caches; with fewer, products do not pay for their weights.
"""


class FeedForward(nn.Module):
    """A gated layer four times as wide, and back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedProjection(width, 4 * width), nn.Identity(), Linear(4 * width, width))

    def forward(self, x: Tensor, to: Tensor) -> Tensor:
        """`(B, T, width)` to the same shape, added to such tokens. Each goes for itself, so they go in pieces."""
        gated, _, last = self.net
        tokens = x.flatten(0, 1)
        pieces = math.ceil(len(tokens) * x.element_size() / PIECE)
        parts = zip(tokens.chunk(pieces), to.flatten(0, 1).chunk(pieces), strict=True)
        return torch.cat([last(gated(piece), old) for piece, old in parts]).view_as(x)


class TransformerBlock(nn.Module):
    """Self-attention, cross-attention and feed-forward, each behind a layer norm and added to its input."""

    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.attn1 = Attention(width, width, heads)
        self.ff = FeedForward(width)
        self.attn2 = Attention(width, context, heads)
        self.norm1 = LayerNorm(width)
        self.norm2 = LayerNorm(width)
        self.norm3 = LayerNorm(width)

    def forward(self, x: Tensor, text: TextStates, hooks: UNetHooks, site: Site) -> Tensor:
        """Tokens `(B, T, width)` and text states `(N, S, context)` to tokens `(N, T, width)`."""
        site = replace(site, heads=self.attn1.heads)
        n = self.norm1(x)
        q, k, v = _inputs(hooks.self_input, n, n, site)
        k, v = self.attn1.projected(k, v)
        x = self.attn1.added(x, self.attn1(q, k, v, hooks.self_kernel, site), hooks.self_output, site)
        x = per_text(x, len(text.states))
        q, k, v = _inputs(hooks.cross_input, self.norm2(x), text.states, site)
        unchanged = k is text.states and v is text.states
        k, v = text.projected(self.attn2) if unchanged else self.attn2.projected(k, v)
        x = self.attn2.added(x, self.attn2(q, k, v, hooks.cross_kernel, site), hooks.cross_output, site)
        return self.ff(self.norm3(x), x)


def _inputs(hooks: tuple[AttentionInput, ...], q: Tensor, kv: Tensor, site: Site) -> tuple[Tensor, Tensor, Tensor]:
    k, v = kv, kv
    for hook in hooks:
        q, k, v = hook(q, k, v, site)
    return q, k, v


def feature_map(tokens: Tensor, like: Tensor) -> Tensor:
    """Tokens `(B, h w, C)` as a map `(B, C, h, w)` of the size and the order in memory of `like`."""
    return ordered(tokens.transpose(1, 2).reshape(len(tokens), -1, *like.shape[-2:]), like)


class SpatialTransformer(nn.Module):
    """Transformer blocks over the places of a feature map, added to it (Rombach et al. 2022, arXiv 2112.10752)."""

    def __init__(self, layout: Transformer) -> None:
        super().__init__()
        channels, inner = layout.channels, layout.inner
        self.linear = layout.linear
        self.norm = GroupNorm(32, channels, eps=1e-6)
        self.proj_in = Linear(channels, inner) if layout.linear else Conv2d(channels, inner, 1)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(inner, layout.context, layout.heads) for _ in range(layout.depth)
        )
        self.proj_out = Linear(inner, channels) if layout.linear else Conv2d(inner, channels, 1)

    def forward(self, x: Tensor, text: TextStates, hooks: UNetHooks, site: Site) -> Tensor:
        """Feature map `(B, C, h, w)` to the same shape, or to a map for each text where there are more of these."""
        height, width = x.shape[-2:]
        h = self.norm(x)
        if self.linear:
            h = self.proj_in(h.flatten(2).transpose(1, 2))
        else:
            h = self.proj_in(h).flatten(2).transpose(1, 2).contiguous()
        for number, block in enumerate(self.transformer_blocks):
            place = replace(site, transformer=number, depth=site.depth + number, height=height, width=width)
            h = block(h, text, hooks, place)
        x = per_text(x, len(h))
        if self.linear:
            return feature_map(self.proj_out(h), x).add_(x)
        return self.proj_out(feature_map(h, x), x)
