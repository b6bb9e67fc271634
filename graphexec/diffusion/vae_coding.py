"""How images become latents and latents images, whole or in tiles, with any autoencoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from graphexec.diffusion.devices import Placement
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models import packing
from graphexec.diffusion.notices import notice
from graphexec.diffusion.vae_tiling import tiled
from graphexec.errors import NodeError

Shape: TypeAlias = tuple[int, int]

TILES = 1024, 512, 256
"""Sides in pixels of the tiles that a budget may ask for; the smallest is taken whatever it needs."""


class Coder(Protocol):
    """An autoencoder with its weights. Pixels `(B, 3, H, W)` in -1..1, latents `(B, C, h, w)`."""

    def encode(self, pixels: Tensor) -> Tensor: ...
    def decode(self, latent: Tensor) -> Tensor: ...


class Coding(ABC):
    """The methods of VAE handles. Images are `(B, H, W, 3)` in 0..1, latents `(B, C, H/8, W/8)`."""

    placement: Placement
    pool: WeightsPool

    @property
    @abstractmethod
    def channels(self) -> int:
        """Channels of a latent."""

    @property
    @abstractmethod
    def downscale(self) -> int:
        """Pixels a latent place, along each side."""

    @abstractmethod
    def module(self) -> Coder:
        """The autoencoder with its weights, loaded now if they are not in memory."""

    @property
    @abstractmethod
    def weight_bytes(self) -> int:
        """Bytes of the weights."""

    @abstractmethod
    def working_bytes(self, height: int, width: int, *, decodes: bool) -> int:
        """Bytes, roughly, that coding one image of so many pixels takes beside the weights."""

    @torch.no_grad()
    def encode(self, pixels: Tensor) -> Tensor:
        """The mean latent of images; sides are cropped around the centre to multiples of 8. One image at a time.

        In tiles, with a notice, where that would take more than the placement's memory.
        """
        images = self._images(pixels)
        if tile := self._tile(images.shape[2], images.shape[3], decodes=False):
            return self.encode_tiled(pixels, tile, tile // 8)
        encode = self._encoder()
        return torch.cat([encode(images[i : i + 1]) for i in range(len(images))]).contiguous()

    @torch.no_grad()
    def decode(self, latent: Tensor) -> Tensor:
        """Images of latents, clamped to 0..1. One at a time, and in tiles as `encode`."""
        latent = self._latents(latent)
        height, width = (side * self.downscale for side in latent.shape[-2:])
        if tile := self._tile(height, width, decodes=True):
            return self.decode_tiled(latent, tile // self.downscale, tile // self.downscale // 4)
        decode = self._decoder()
        return _to_image(torch.cat([decode(latent[i : i + 1]) for i in range(len(latent))]))

    @torch.no_grad()
    def encode_tiled(self, pixels: Tensor, tile: int = 512, overlap: int = 64) -> Tensor:
        """As `encode`, in tiles of `tile` pixels with `overlap` shared."""
        images, encode = self._images(pixels), self._encoder()
        return _mean(
            tiled(images, encode, shape, overlap, 1 / self.downscale, self.channels) for shape in _shapes(tile)
        )

    @torch.no_grad()
    def decode_tiled(self, latent: Tensor, tile: int = 64, overlap: int = 16) -> Tensor:
        """As `decode`, in tiles of `tile` latent places with `overlap` shared."""
        latent, decode = self._latents(latent), self._decoder()
        return _to_image(_mean(tiled(latent, decode, shape, overlap, self.downscale, 3) for shape in _shapes(tile)))

    def _tile(self, height: int, width: int, *, decodes: bool) -> int | None:
        """The side of tiles in pixels that keep the work on an image under the budget; None for the whole image.

        It depends on nothing that a cache key does not tell: budget, shapes and dtype, not on what else is loaded.
        """
        budget = self.placement.memory
        if budget is None:
            return None
        room, needed = budget - self.weight_bytes, partial(self.working_bytes, decodes=decodes)
        tile = next((side for side in TILES if needed(side, side) <= room), TILES[-1])
        cuts = needed(height, width) > room and max(height, width) > tile
        self.module()  # now the most recently used, the last to give way
        self.pool.make_room(needed(tile, tile) if cuts else needed(height, width))
        if not cuts:
            return None
        whole = (self.weight_bytes + needed(height, width)) / 1e9
        notice(
            f"{'decoded' if decodes else 'encoded'} in tiles of {tile} x {tile} pixels: the whole image of "
            f"{width} x {height} would take {whole:.1f} GB, and the memory for models is {budget / 1e9:.1f} GB"
        )
        return tile

    def _encoder(self) -> Callable[[Tensor], Tensor]:
        module, place = self.module(), self.placement
        return lambda x: module.encode(x.to(place.device, place.autoencoder_dtype)).float().to(x.device)

    def _decoder(self) -> Callable[[Tensor], Tensor]:
        module, device, dtype = self.module(), self.placement.device, self.placement.autoencoder_dtype
        order = packing.order(dtype, device)
        return lambda z: module.decode(z.to(device, dtype, memory_format=order)).float().to(z.device)

    def _images(self, pixels: Tensor) -> Tensor:
        """`(B, H, W, C)` in 0..1 as `(B, 3, h, w)` in -1..1, h and w multiples of `downscale`.

        Channels become the innermost in memory whatever order they come in. Some CPUs convolve that order less
        exactly (1e-4), but the reference does the same, and one order for all keeps results the same.
        """
        if pixels.ndim != 4 or pixels.shape[-1] < 3:
            raise NodeError(f"an image has the shape (B, H, W, 3), not {tuple(pixels.shape)}")
        for dim in (1, 2):
            size = pixels.shape[dim] // self.downscale * self.downscale
            if not size:
                raise NodeError(
                    f"the image is {pixels.shape[2]} x {pixels.shape[1]}, smaller than {self.downscale} pixels"
                )
            pixels = pixels.narrow(dim, (pixels.shape[dim] - size) // 2, size)
        return pixels[..., :3].float().contiguous().movedim(-1, 1) * 2 - 1

    def _latents(self, latent: Tensor) -> Tensor:
        if latent.ndim != 4 or latent.shape[1] != self.channels:
            wanted = f"(B, {self.channels}, h, w)"
            raise NodeError(f"a latent of this autoencoder has the shape {wanted}, not {tuple(latent.shape)}")
        return latent.float().contiguous()


def _shapes(tile: int) -> tuple[Shape, Shape, Shape]:
    """Tiled results are the mean over three shapes of tiles (height, width), so that seams fall in different places."""
    return (tile, tile), (tile // 2, tile * 2), (tile * 2, tile // 2)


def _mean(parts: Iterable[Tensor]) -> Tensor:
    first, second, third = parts
    return (first + second + third) / 3


def _to_image(pixels: Tensor) -> Tensor:
    """`(B, 3, H, W)` in -1..1 as an image `(B, H, W, 3)` in 0..1."""
    return ((pixels + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous()
