"""Deep shrink: features made smaller inside the UNet while the noise is high, so that large pictures stay whole."""

from __future__ import annotations

from torch import Tensor

from graphexec.diffusion.models.hooks import Site, UNetHooks
from graphexec.diffusion.patches import HookPatch, patch_identity
from graphexec.diffusion.resample import resize
from graphexec.diffusion.schedules import Schedule


def add_downscale(
    schedule: Schedule,
    block: int,
    factor: float,
    window: tuple[float, float],
    after_skip: bool,
    methods: tuple[str, str],
) -> HookPatch:
    """Shrink the features by `factor` at input block `block`, and enlarge them again where a skip is larger.

    Active between two fractions of the sampling range (`window`). `methods` are those of shrinking and enlarging;
    `after_skip` leaves the block's own skip connection in full size. (Kohya Deep Shrink, 2023; no paper.)
    """
    high, low = (schedule.percent_to_sigma(fraction) for fraction in window)
    shrink_method, enlarge_method = methods

    def shrink(h: Tensor, site: Site) -> Tensor:
        if site.block != block or not low <= float(site.options["sigmas"][0]) <= high:
            return h
        height, width = h.shape[-2:]
        return resize(h, round(width / factor), round(height / factor), shrink_method, "disabled")

    def enlarge(h: Tensor, skip: Tensor, site: Site) -> tuple[Tensor, Tensor]:
        if h.shape[-2] != skip.shape[-2]:
            h = resize(h, skip.shape[-1], skip.shape[-2], enlarge_method, "disabled")
        return h, skip

    shrinking = UNetHooks(input_block_after_skip=(shrink,)) if after_skip else UNetHooks(input_block=(shrink,))
    identity = patch_identity("add-downscale", block, factor, list(window), after_skip, list(methods))
    return HookPatch(identity, shrinking + UNetHooks(output_block=(enlarge,)))
