"""Guidance by what attention makes of a weakened view of the picture: perturbed and self-attention guidance."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.guidance_hooks import GuidancePatch, Guided
from graphexec.diffusion.images import gaussian_kernel
from graphexec.diffusion.models.hooks import Site, UNetHooks
from graphexec.diffusion.patches import patch_identity

BLUR_RADIUS = 4
SMALLEST = 4
"""Latents of no more than this many cells on a side are left alone by self-attention guidance."""


def perturbed_attention_guidance(scale: float) -> GuidancePatch:
    """Push away from the estimate whose middle self-attention looks nowhere (Ahn et al. 2024, arXiv 2403.17377).

    D + scale (D_cond - D_perturbed): in the perturbed pass the attention map of the middle block is the identity.
    """

    def identity_attention(q: Tensor, k: Tensor, v: Tensor, site: Site) -> Tensor | None:
        return v if site.place == "middle" else None

    hooks = UNetHooks(self_kernel=(identity_attention,))

    def after(guided: Guided) -> Tensor:
        if scale == 0.0:
            return guided.denoised
        return guided.denoised + scale * (guided.cond - guided.ask(0, guided.x, hooks))

    return GuidancePatch(patch_identity("perturbed-attention-guidance", scale), after=after)


def self_attention_guidance(scale: float, blur_sigma: float) -> GuidancePatch:
    """Push away from a view blurred where the model pays attention (Hong et al. 2022, arXiv 2210.00939, section 4).

    The unconditional estimate is blurred where the middle block's self-attention sums to more than 1, noised again
    with the noise it came with, and estimated once more: D + scale (D_blurred - D_again).
    """

    def after(guided: Guided) -> Tensor:
        if min(guided.denoised.shape[2:]) <= SMALLEST:
            return guided.denoised
        images, maps = len(guided.x), list[Tensor]()

        def watch(q: Tensor, k: Tensor, v: Tensor, site: Site) -> Tensor | None:
            # A batch may come in slices, and further conditions behind the first; its rows are in the order of images.
            if site.place == "middle" and site.transformer == 0 and sum(map(len, maps)) < images:
                maps.append(attention_map(q, k, site.heads))
            return None

        guided.ask(1, guided.x, UNetHooks(self_kernel=(watch,)))
        blurred = blurred_where(guided.uncond, torch.cat(maps)[:images], blur_sigma)
        again = guided.ask(1, blurred + guided.x - guided.uncond)
        return guided.denoised + scale * (blurred - again)

    identity = patch_identity("self-attention-guidance", scale, blur_sigma)
    return GuidancePatch(identity, after=after, always_uncond=True)


def attention_map(q: Tensor, k: Tensor, heads: int) -> Tensor:
    """How much attention each place receives, `(B, T)`: softmax maps averaged over heads, summed over queries."""
    batch, tokens, width = q.shape
    q, k = (t.view(batch, tokens, heads, width // heads).transpose(1, 2) for t in (q, k))
    scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
    return scores.softmax(dim=-1).mean(dim=1).sum(dim=1)


def blurred_where(estimate: Tensor, attention: Tensor, blur_sigma: float) -> Tensor:
    """An estimate `(B, C, h, w)`, blurred where the attention `(B, T)` of a coarser map is above 1."""
    height, width = estimate.shape[-2:]
    ratio = 2 ** (math.ceil(math.sqrt(height * width / attention.shape[1])) - 1).bit_length()
    coarse = (attention > 1.0).reshape(-1, 1, math.ceil(height / ratio), math.ceil(width / ratio))
    mask = functional.interpolate(coarse.to(estimate), size=(height, width))
    return gaussian_blur(estimate, blur_sigma) * mask + estimate * (1.0 - mask)


def gaussian_blur(x: Tensor, sigma: float, radius: int = BLUR_RADIUS) -> Tensor:
    """A map `(B, C, h, w)` convolved with a Gaussian of `sigma` cells that reaches `radius` cells, edges mirrored.

    With `sigma` 0 the map itself: the limit of ever narrower Gaussians.
    """
    if sigma == 0:
        return x
    kernel = gaussian_kernel(radius, sigma / radius).to(x).expand(x.shape[1], 1, -1, -1)
    return functional.conv2d(functional.pad(x, (radius,) * 4, mode="reflect"), kernel, groups=x.shape[1])
