"""The places where patches reach into guidance, and what they are shown there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from graphexec.diffusion.models.hooks import NO_HOOKS, UNetHooks
from graphexec.diffusion.schedules import Schedule


class Ask(Protocol):
    """Evaluates one side (0 the conditional, 1 the unconditional) again: at another x, or with hooks in the UNet."""

    def __call__(self, side: int, x: Tensor, hooks: UNetHooks = NO_HOOKS) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Guided:
    """One guided evaluation. All tensors `(B, C, h, w)` in model space; `uncond` is zero where it was not asked for.

    `denoised` is what guidance made of `cond` and `uncond` so far.
    """

    x: Tensor
    sigma: float
    scale: float
    cond: Tensor
    uncond: Tensor
    denoised: Tensor
    ask: Ask


class Combine(Protocol):
    """Takes the place of classifier-free guidance: returns the guided estimate."""

    def __call__(self, guided: Guided) -> Tensor: ...


class MaskAt(Protocol):
    """Changes the noise mask `(B, C, h, w)` by level; `sigmas` are those of the run."""

    def __call__(self, mask: Tensor, sigma: float, sigmas: Sequence[float], schedule: Schedule) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class GuidancePatch:
    """A patch of guidance: `combine` replaces it (the last patch that has one counts), `after` changes its result.

    `always_uncond` asks for the unconditional estimate at scale 1 too.
    """

    identity: str | None
    combine: Combine | None = None
    after: Combine | None = None
    mask_at: MaskAt | None = None
    always_uncond: bool = False
