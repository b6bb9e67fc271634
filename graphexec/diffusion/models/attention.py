"""Attention layers of the UNet: multi-head attention, the gated feed-forward layer, and stacks of both."""

from __future__ import annotations

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.models.hooks import AttentionInput, AttentionKernel, AttentionOutput, Site, UNetHooks
from graphexec.diffusion.models.layers import Conv2d, GroupNorm, LayerNorm, Linear
from graphexec.diffusion.models.layout import Transformer


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Softmax attention (Vaswani et al. 2017, arXiv 1706.03762) of `(B, T, D)` queries over `(B, S, D)` keys."""
    batch, tokens, width = q.shape
    q, k, v = (t.view(batch, -1, heads, width // heads).transpose(1, 2) for t in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)


class Attention(nn.Module):
    """Multi-head attention from `width` channels over `context` channels."""

    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = Linear(width, width, bias=False)
        self.to_k = Linear(context, width, bias=False)
        self.to_v = Linear(context, width, bias=False)
        self.to_out = nn.Sequential(Linear(width, width))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, kernels: tuple[AttentionKernel, ...], site: Site) -> Tensor:
        """Tokens `(B, T, width)`; `kernels` may take the place of softmax attention."""
        q, k, v = self.to_q(q), self.to_k(k), self.to_v(v)
        for kernel in kernels:
            out = kernel(q, k, v, site)
            if out is not None:
                return self.to_out(out)
        return self.to_out(attention(q, k, v, self.heads))


class GatedProjection(nn.Module):
    """GEGLU (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.proj = Linear(inner, 2 * outer)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, inner)` to `(B, T, outer)`."""
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    """A gated layer four times as wide, and back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedProjection(width, 4 * width), nn.Identity(), Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, width)` to the same shape."""
        return self.net(x)


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

    def forward(self, x: Tensor, context: Tensor, hooks: UNetHooks, site: Site) -> Tensor:
        """Tokens `(B, T, width)` and text states `(B, S, context)` to tokens."""
        site = replace(site, heads=self.attn1.heads)
        n = self.norm1(x)
        q, k, v = _inputs(hooks.self_input, n, n, site)
        x = x + _outputs(hooks.self_output, self.attn1(q, k, v, hooks.self_kernel, site), site)
        q, k, v = _inputs(hooks.cross_input, self.norm2(x), context, site)
        x = x + _outputs(hooks.cross_output, self.attn2(q, k, v, hooks.cross_kernel, site), site)
        return x + self.ff(self.norm3(x))


def _inputs(hooks: tuple[AttentionInput, ...], q: Tensor, kv: Tensor, site: Site) -> tuple[Tensor, Tensor, Tensor]:
    k, v = kv, kv
    for hook in hooks:
        q, k, v = hook(q, k, v, site)
    return q, k, v


def _outputs(hooks: tuple[AttentionOutput, ...], out: Tensor, site: Site) -> Tensor:
    for hook in hooks:
        out = hook(out, site)
    return out


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

    def forward(self, x: Tensor, context: Tensor, hooks: UNetHooks, site: Site) -> Tensor:
        """Feature map `(B, C, h, w)` to the same shape."""
        batch, _, height, width = x.shape
        h = self.norm(x)
        if self.linear:
            h = self.proj_in(h.flatten(2).transpose(1, 2))
        else:
            h = self.proj_in(h).flatten(2).transpose(1, 2)
        for number, block in enumerate(self.transformer_blocks):
            place = replace(site, transformer=number, depth=site.depth + number, height=height, width=width)
            h = block(h, context, hooks, place)
        if self.linear:
            h = self.proj_out(h).transpose(1, 2).reshape(batch, -1, height, width)
        else:
            h = self.proj_out(h.transpose(1, 2).reshape(batch, -1, height, width))
        return x + h
