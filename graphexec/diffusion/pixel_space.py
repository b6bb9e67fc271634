"""The VAE that is none: latents are pixels in -1..1, for models that work on pixels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from graphexec.errors import NodeError
from graphexec.hashing import digest


@dataclass(frozen=True, slots=True)
class PixelSpace:
    """Has the methods of `VaeHandle`. Images are `(B, H, W, 3)` in 0..1, latents `(B, 3, H, W)`."""

    downscale: int = 1

    @property
    def identity(self) -> str:
        """A digest of what it does."""
        return digest("vae", "pixel space")

    def clone(self) -> PixelSpace:
        """Itself: there is nothing to patch."""
        return self

    def encode(self, pixels: Tensor) -> Tensor:
        """Images as latents."""
        return pixels[..., :3].movedim(-1, 1) * 2 - 1

    def decode(self, latent: Tensor) -> Tensor:
        """Latents as images, clamped to 0..1."""
        if latent.shape[1] != 3:
            raise NodeError(f"a latent in pixel space has 3 channels, not {latent.shape[1]}")
        return ((latent + 1) / 2).clamp(0, 1).movedim(1, -1)

    def encode_tiled(self, pixels: Tensor, tile: int = 512, overlap: int = 64) -> Tensor:
        """As `encode`."""
        return self.encode(pixels)

    def decode_tiled(self, latent: Tensor, tile: int = 64, overlap: int = 16) -> Tensor:
        """As `decode`."""
        return self.decode(latent)
