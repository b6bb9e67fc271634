"""Differential diffusion: a soft mask becomes the step from which each place may change."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from graphexec.diffusion.guidance_hooks import GuidancePatch
from graphexec.diffusion.patches import patch_identity
from graphexec.diffusion.schedules import Schedule, sigma_min


def differential_diffusion(strength: float = 1.0) -> GuidancePatch:
    """Let a place change once the share of timesteps left falls to its mask value (Levin & Fried 2023, 2306.00950).

    `strength` below 1 blends the binary mask with the soft one.
    """

    def mask_at(mask: Tensor, sigma: float, sigmas: Sequence[float], schedule: Schedule) -> Tensor:
        first, last = sigmas[0], max(sigmas[-1], sigma_min(schedule))
        now, start, end = (float(schedule.timestep(torch.tensor(level))) for level in (sigma, first, last))
        binary = (mask >= (now - end) / (start - end)).to(mask)
        return binary if strength == 1.0 else strength * binary + (1.0 - strength) * mask

    return GuidancePatch(patch_identity("differential-diffusion", strength), mask_at=mask_at)
