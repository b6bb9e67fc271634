"""Noise: of a run's start, of ancestral steps (a stream) and of SDE steps (a Brownian path)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from graphexec.diffusion.samplers.base import SamplerSpec, StepNoise

Revision: TypeAlias = Literal["comfyui", "comfyui-0.5"]
"""Whose step noise: current ComfyUI's (since 0.6), or that of the versions before."""

SEEDS = 2**64


def generator(seed: int, device: torch.device | None = None) -> torch.Generator:
    """A generator of its own for a seed in 0 .. 2^64 - 1; larger ones start over."""
    return torch.Generator(device or torch.device("cpu")).manual_seed(seed % SEEDS)


def initial_noise(shape: Sequence[int], seed: int, batch_index: Sequence[int] | None = None) -> Tensor:
    """Standard normal noise `(B, C, h, w)` float32, drawn on the CPU so that every device sees the same.

    With `batch_index` (B numbers), item k is the `batch_index[k]`-th of single draws, whatever else is in the batch;
    without, the batch is one draw.
    """
    source = generator(seed)
    if batch_index is None:
        return torch.randn(tuple(shape), generator=source)
    draws = [torch.randn((1, *shape[1:]), generator=source) for _ in range(max(batch_index) + 1)]
    return torch.cat([draws[index] for index in batch_index])


def fresh_noise(like: Tensor, seed: int) -> Tensor:
    """Noise of x's shape that is not the start's: the draw of seed + 1."""
    return torch.randn(like.shape, generator=generator(seed + 1)).to(like)


class NoiseStream:
    """The step noise of ancestral samplers: each call is the next draw of one generator.

    On the CPU the generator has seed + 1, because seed itself gives the start's noise again; before ComfyUI 0.6 it
    had seed all the same. On an accelerator it is the device's generator, with seed. `skip` draws are passed over,
    so that a run can go on where it was left; `drawn` counts.
    """

    def __init__(self, like: Tensor, seed: int, revision: Revision = "comfyui", skip: int = 0) -> None:
        repeats_start = like.device.type == "cpu" and revision == "comfyui"
        self.like = like
        self.source = generator(seed + 1 if repeats_start else seed, like.device)
        self.drawn = 0
        for _ in range(skip):
            self(0.0, 0.0)

    def __call__(self, sigma: float, sigma_next: float, /) -> Tensor:
        """The next draw, of x's shape, dtype and device."""
        self.drawn += 1
        like = self.like
        return torch.randn(like.shape, generator=self.source, dtype=like.dtype, device=like.device)


class BrownianNoise:
    """The step noise of SDE samplers: increments of one Brownian path over sigma, of unit variance.

    (W(sigma') - W(sigma)) / sqrt(|sigma' - sigma|), W a Brownian tree over the run's positive levels (Li et al. 2020,
    arXiv 2001.01328, section 4): the same path whatever levels are asked for, in whatever order.
    """

    def __init__(self, like: Tensor, sigmas: Sequence[float], seed: int, device: torch.device) -> None:
        self.like, self.seed, self.device = like, seed, device
        self.ends = min(sigma for sigma in sigmas if sigma > 0), max(sigmas)
        self.tree: Callable[[float, float], Tensor] | None = None

    def __call__(self, sigma: float, sigma_next: float, /) -> Tensor:
        """The increment between two levels, of x's shape, dtype and device."""
        if self.tree is None:
            import torchsde

            start = torch.zeros_like(self.like, device=self.device)
            self.tree = torchsde.BrownianTree(self.ends[0], start, self.ends[1], entropy=self.seed)
        low, high = sorted((sigma, sigma_next))
        # The tree knows its times to 1e-6; asked with more digits it warns that they lie beyond its rounded ends.
        path = self.tree(round(low, 6), round(high, 6)).to(self.like)
        return path * math.copysign((high - low) ** -0.5, sigma_next - sigma)


class PartedNoise:
    """The step noise of a batch of equal parts: each draws as if it were alone. `drawn` counts, as a stream does."""

    def __init__(self, parts: Sequence[StepNoise]) -> None:
        self.parts = parts

    @property
    def drawn(self) -> int:
        """How many draws each part has made."""
        return int(getattr(self.parts[0], "drawn", 0))

    def __call__(self, sigma: float, sigma_next: float, /) -> Tensor:
        """The next draw of all parts, of x's shape, dtype and device."""
        return torch.cat([part(sigma, sigma_next) for part in self.parts])


def step_noise(
    spec: SamplerSpec, x: Tensor, sigmas: Sequence[float], seed: int, revision: Revision = "comfyui", skip: int = 0
) -> StepNoise | None:
    """The step noise that a sampler's row declares, or None."""
    match spec.noise:
        case "stream":
            return NoiseStream(x, seed, revision, skip)
        case "brownian":
            return BrownianNoise(x, sigmas, seed, x.device if spec.brownian_device == "model" else torch.device("cpu"))
    return None
