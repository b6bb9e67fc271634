"""Inpainting: keeping what a noise mask does not select, and the extra channels of inpainting models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from graphexec.diffusion.guidance_hooks import MaskAt
from graphexec.diffusion.model import LatentFormat
from graphexec.diffusion.parameterization import noised
from graphexec.diffusion.resample import match_batch, resize
from graphexec.diffusion.schedules import Schedule

BLANK = (0.8223, -0.6876, 0.6364, 0.1380)
"""The model-space latent of a grey image, which inpainting models were trained to see in place of what is masked."""


def fitted_mask(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """A noise mask `(M, H, W)` or `(M, 1, H, W)` of any size as `(B, C, h, w)`: resized bilinearly, repeated."""
    mask = mask.reshape(-1, 1, *mask.shape[-2:]).float()
    mask = functional.interpolate(mask, size=tuple(shape[2:]), mode="bilinear")
    return match_batch(mask.repeat(1, shape[1], 1, 1), shape[0])


@dataclass(frozen=True, slots=True)
class Inpainting:
    """What a run keeps: `latent` and `noise` `(B, C, h, w)` in model space, `mask` 1 where sampling may change.

    `sigmas` are those of the run; `mask_at` lets patches change the mask by level.
    """

    latent: Tensor
    noise: Tensor
    mask: Tensor
    sigmas: tuple[float, ...]
    schedule: Schedule
    mask_at: MaskAt | None = None

    def mask_for(self, sigma: float) -> Tensor:
        """The mask at a level."""
        return self.mask if self.mask_at is None else self.mask_at(self.mask, sigma, self.sigmas, self.schedule)

    def seen(self, x: Tensor, sigma: float, mask: Tensor) -> Tensor:
        """What the model sees: x, with the latent noised to the level in the kept parts."""
        return x * mask + noised(self.latent, self.noise, sigma, from_noise=False) * (1.0 - mask)

    def kept(self, denoised: Tensor, mask: Tensor) -> Tensor:
        """The estimate, with the latent in the kept parts."""
        return denoised * mask + self.latent * (1.0 - mask)


def appended(options: Mapping[str, Any], latent: Tensor, mask: Tensor | None, latent_format: LatentFormat) -> Tensor:
    """The channels `(B, 5, h, w)` that an inpainting model sees besides x: the mask and the masked image's latent.

    Taken from the conditioning (`concat_mask`, `concat_latent_image` in VAE space) or from the run's noise mask
    `(B, C, h, w)` and `latent` (model space); without any mask all is masked and the image is grey. (Rombach et al.
    2022, arXiv 2112.10752, section 4.5.)
    """
    mask = options.get("concat_mask", mask)
    if mask is None:
        blank = latent.new_tensor(BLANK)[None, :, None, None].expand_as(latent)
        return torch.cat([torch.ones_like(latent[:, :1]), blank], dim=1)
    image = options.get("concat_latent_image")
    image = latent if image is None else fitted(latent_format.into_model(image), latent)
    mask = mask[:, :1] if mask.ndim == latent.ndim else mask
    mask = fitted(mask.reshape(-1, 1, *mask.shape[-2:]).float(), latent)
    return torch.cat([mask.round().to(latent), image.to(latent)], dim=1)


def fitted(tensor: Tensor, like: Tensor) -> Tensor:
    """A tensor `(M, C, H, W)` brought to the size and batch of another."""
    height, width = like.shape[-2:]
    if tensor.shape[-2:] != (height, width):
        tensor = resize(tensor, width, height, "bilinear", "center")
    return match_batch(tensor, like.shape[0])
