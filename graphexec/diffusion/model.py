"""The contract between models and samplers: what a diffusion model is asked for, and what it declares.

Model loaders (`loading`) build it, `guidance` calls it, samplers never see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from torch import Tensor

from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.diffusion.schedules import Schedule

Residuals: TypeAlias = Mapping[str, list[Tensor | None]]
"""What is added to a UNet's feature maps, by place: behind `input` blocks and the `middle`, to the skips of `output`
blocks. The last of each list belongs to the first block of its place that runs."""


@dataclass(frozen=True, slots=True)
class LatentFormat:
    """How VAE latents map to model space: `z_model = z * scale`. `channels` is the latent's channel count."""

    channels: int = 4
    scale: float = 0.18215
    downscale: int = 8

    def into_model(self, latent: Tensor) -> Tensor:
        """VAE space `(B, C, h, w)` to model space."""
        return latent * self.scale

    def out_of_model(self, latent: Tensor) -> Tensor:
        """Model space `(B, C, h, w)` to VAE space."""
        return latent / self.scale


@dataclass(frozen=True, slots=True)
class Inputs:
    """One batch for the network. All tensors share the batch size of `x`.

    `x`: `(B, C, h, w)` already scaled by the parameterization; `timestep`: `(B,)` (fractional allowed);
    `context`: `(B, T, D)`; `y`: `(B, A)` pooled vector conditioning (SDXL, unCLIP) or None; `concat`:
    `(B, C', h, w)` channels to append (inpainting models) or None; `control`: residuals by place
    (`input`, `middle`, `output`) or None; `options` is read by patches (`cond_or_uncond`, `sigmas`, ...).
    """

    x: Tensor
    timestep: Tensor
    context: Tensor
    y: Tensor | None = None
    concat: Tensor | None = None
    control: Residuals | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class Network(Protocol):
    """A diffusion network with its weights: predicts eps or v (`(B, C, h, w)`, float32) for a batch."""

    def __call__(self, inputs: Inputs) -> Tensor: ...

    def hooked(self, hooks: UNetHooks) -> Network:
        """The same network with further hooks."""


class Control(Protocol):
    """What ControlNets and adapters add to a network: residuals for one batch, or None outside their ranges."""

    def __call__(self, inputs: Inputs, sigma: float, schedule: Schedule) -> Residuals | None: ...
