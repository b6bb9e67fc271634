"""Guidance: from a model and its conditionings to the guided denoiser that samplers call.

Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): D = D_uncond + scale (D_cond - D_uncond).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from torch import Tensor

from graphexec.diffusion.codecs import digest
from graphexec.diffusion.conditioning import Condition, opposed, resolve, with_shared_controls
from graphexec.diffusion.evaluation import Evaluator
from graphexec.diffusion.guidance_hooks import GuidancePatch, Guided
from graphexec.diffusion.inpainting import Inpainting, appended
from graphexec.diffusion.models.hooks import NO_HOOKS, UNetHooks

if TYPE_CHECKING:
    from graphexec.diffusion.model_handle import ModelHandle

Style: TypeAlias = Literal["basic", "cfg", "dual", "dual-nested"]


@dataclass(frozen=True, slots=True, eq=False)
class Guider:
    """A model with the conditionings that guide it: the value of a GUIDER socket.

    `basic`: D_pos. `cfg`: D_neg + s (D_pos - D_neg), s = `scale`. With s_2 = `middle_scale`, `dual`:
    D_neg + s_2 (D_mid - D_neg) + s (D_pos - D_mid), `dual-nested`: D_neg + s_2 (D_mid + s (D_pos - D_mid) - D_neg).
    """

    model: ModelHandle
    positive: Sequence[Any]
    negative: Sequence[Any] = ()
    scale: float = 1.0
    middle: Sequence[Any] = ()
    middle_scale: float = 1.0
    style: Style = "cfg"

    @property
    def identity(self) -> str | None:
        """A digest of what it does, or None when its model or a conditioning has none."""
        scales = [self.style, self.scale, self.middle_scale]
        return digest([self.model, list(self.positive), list(self.negative), list(self.middle), scales])

    def conditionings(self) -> list[Sequence[Any]]:
        """What the style has a use for: positive, then negative, then middle."""
        return [self.positive, self.negative, self.middle][: {"basic": 1, "cfg": 2}.get(self.style, 3)]

    def patches(self) -> list[GuidancePatch]:
        """The model's patches of guidance."""
        return [patch for patch in self.model.patches if isinstance(patch, GuidancePatch)]


def prepared(guider: Guider, latent: Tensor, mask: Tensor | None) -> list[list[Condition]]:
    """The conditions of each side for a run over a latent `(B, C, h, w)` in model space, noise mask of its shape.

    Every area gets its counterpart on the other sides, shared controls theirs.
    """
    model = guider.model
    height, width = latent.shape[-2:]
    pixels = model.latent_format.downscale
    sides = []
    for side, conditioning in enumerate(guider.conditionings()):
        conditions = []
        for entry in conditioning:
            extra = appended(entry[1], latent, mask, model.latent_format) if model.concat_channels else None
            y = model.vector(entry[1], width * pixels, height * pixels, negative=side > 0)
            conditions.append(replace(resolve(entry, model.schedule, (height, width)), y=y, concat=extra))
        sides.append(conditions)
    for side in range(len(sides)):
        for other in range(len(sides)):
            if other != side:
                sides[other] = opposed(sides[other], sides[side])
    return [sides[0], *(with_shared_controls(side, sides[0]) for side in sides[1:])]


@dataclass(frozen=True, slots=True)
class GuidedDenoiser:
    """D(x; sigma) of a guider: what samplers call. `sides` are the guider's, prepared for this run."""

    guider: Guider
    evaluator: Evaluator
    sides: Sequence[Sequence[Condition]]
    inpainting: Inpainting | None = None

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        """The guided estimate, `(B, C, h, w)`. The unconditional one is not asked for where it would not count."""
        return self.pair(x, sigma, needs_uncond=False)[0]

    def pair(self, x: Tensor, sigma: float, /, needs_uncond: bool = True) -> tuple[Tensor, Tensor]:
        """The guided and the unconditional estimate; the kept parts of an inpainting run are in the first only."""
        if self.inpainting is None:
            return self.guided(x, sigma, needs_uncond)
        mask = self.inpainting.mask_for(sigma)
        denoised, uncond = self.guided(self.inpainting.seen(x, sigma, mask), sigma, needs_uncond)
        return self.inpainting.kept(denoised, mask), uncond

    def guided(self, x: Tensor, sigma: float, needs_uncond: bool) -> tuple[Tensor, Tensor]:
        """Guidance by the guider's style, patches included."""
        needs_uncond = needs_uncond or any(patch.always_uncond for patch in self.guider.patches())
        scale, middle_scale = self.guider.scale, self.guider.middle_scale
        match self.guider.style:
            case "basic":
                (cond,) = self.evaluator.estimates(x, sigma, self.sides)
                return self.combined(x, sigma, 1.0, cond, cond.new_zeros(cond.shape))
            case "cfg":
                skips = not needs_uncond and math.isclose(scale, 1.0)
                cond, uncond = self.evaluator.estimates(x, sigma, [self.sides[0], None if skips else self.sides[1]])
                return self.combined(x, sigma, scale, cond, uncond)
            case "dual":
                cond, uncond, middle = self.evaluator.estimates(x, sigma, self.sides)
                denoised, uncond = self.combined(x, sigma, middle_scale, middle, uncond)
                return denoised + scale * (cond - middle), uncond
            case "dual-nested":
                cond, uncond, middle = self.evaluator.estimates(x, sigma, self.sides)
                text, _ = self.combined(x, sigma, scale, cond, middle)
                return uncond + middle_scale * (text - uncond), uncond

    def combined(self, x: Tensor, sigma: float, scale: float, cond: Tensor, uncond: Tensor) -> tuple[Tensor, Tensor]:
        """Classifier-free guidance of two estimates, with the patches' say: `(denoised, uncond)`."""

        def ask(side: int, x: Tensor, hooks: UNetHooks = NO_HOOKS) -> Tensor:
            return self.evaluator.hooked(hooks).estimates(x, sigma, [self.sides[side]])[0]

        guided = Guided(x, sigma, scale, cond, uncond, uncond + (cond - uncond) * scale, ask)
        patches = self.guider.patches()
        if combines := [patch.combine for patch in patches if patch.combine]:
            guided = replace(guided, denoised=combines[-1](guided))
        for patch in patches:
            if patch.after:
                guided = replace(guided, denoised=patch.after(guided))
        return guided.denoised, uncond
