"""FreeU: backbone features strengthened and skip connections filtered in the decoder of the UNet."""

from __future__ import annotations

import torch
from torch import Tensor

from graphexec.diffusion.models.hooks import Site, UNetHooks
from graphexec.diffusion.patches import HookPatch, patch_identity

LOW_FREQUENCIES = 1
"""Half the side of the square of lowest frequencies that the filter scales."""


def freeu(model_channels: int, b: tuple[float, float], s: tuple[float, float], version: int) -> HookPatch:
    """FreeU (Si et al. 2023, arXiv 2309.11497, section 3.2) of `version` 1 or 2.

    `b` and `s` hold the factors of backbone and skip for the stages of 4 and of 2 times `model_channels`. Version 2
    strengthens a place in proportion to the mean of its features, brought to 0..1 over the map.
    """
    factors = {4 * model_channels: (b[0], s[0]), 2 * model_channels: (b[1], s[1])}

    def merge(h: Tensor, skip: Tensor, site: Site) -> tuple[Tensor, Tensor]:
        if h.shape[1] not in factors:
            return h, skip
        backbone, low = factors[h.shape[1]]
        half = h.shape[1] // 2
        factor = backbone if version == 1 else (backbone - 1.0) * mean_map(h) + 1.0
        return torch.cat([h[:, :half] * factor, h[:, half:]], dim=1), scale_low(skip, low)

    return HookPatch(patch_identity("freeu", version, list(b), list(s)), UNetHooks(output_block=(merge,)))


def mean_map(h: Tensor) -> Tensor:
    """The mean over channels `(B, 1, h, w)`, brought to 0..1 over each map."""
    mean = h.mean(dim=1, keepdim=True)
    low, high = mean.amin(dim=(2, 3), keepdim=True), mean.amax(dim=(2, 3), keepdim=True)
    return (mean - low) / (high - low)


def scale_low(skip: Tensor, factor: float) -> Tensor:
    """A feature map `(B, C, h, w)` with its lowest frequencies scaled by `factor`."""
    spectrum = torch.fft.fftshift(torch.fft.fftn(skip.float(), dim=(-2, -1)), dim=(-2, -1))
    row, column = skip.shape[-2] // 2, skip.shape[-1] // 2
    gain = torch.ones(skip.shape[-2:], device=skip.device)
    gain[row - LOW_FREQUENCIES : row + LOW_FREQUENCIES, column - LOW_FREQUENCIES : column + LOW_FREQUENCIES] = factor
    filtered: Tensor = torch.fft.ifftn(torch.fft.ifftshift(spectrum * gain, dim=(-2, -1)), dim=(-2, -1)).real
    return filtered.to(skip.dtype)
