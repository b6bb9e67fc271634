"""RescaleCFG: guidance in v-space whose spread is brought back to that of the conditional prediction."""

from __future__ import annotations

import math

from torch import Tensor

from graphexec.diffusion.guidance_hooks import GuidancePatch, Guided
from graphexec.diffusion.patches import patch_identity


def rescaled_guidance(multiplier: float) -> GuidancePatch:
    """Guidance rescaled by a share of `multiplier` in 0..1 (Lin et al. 2023, arXiv 2305.08891, section 3.4).

    For every item of the batch, v_cfg = v_u + s (v_c - v_u), v_res = v_cfg std(v_c) / std(v_cfg), and the guided
    prediction is multiplier v_res + (1 - multiplier) v_cfg.
    """

    def combine(guided: Guided) -> Tensor:
        # With x = x0 + sigma eps, v = (x / (sigma^2 + 1) - x0) sqrt(sigma^2 + 1) / sigma.
        root = math.sqrt(guided.sigma**2 + 1.0)
        centre = guided.x / root**2
        cond, uncond = ((centre - estimate) * root / guided.sigma for estimate in (guided.cond, guided.uncond))
        v = uncond + guided.scale * (cond - uncond)
        same_spread = v * (_spread(cond) / _spread(v))
        mixed = multiplier * same_spread + (1.0 - multiplier) * v
        return centre - mixed * guided.sigma / root

    return GuidancePatch(patch_identity("rescale-cfg", multiplier), combine=combine)


def _spread(v: Tensor) -> Tensor:
    return v.std(dim=(1, 2, 3), keepdim=True)
