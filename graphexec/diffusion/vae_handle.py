"""The value of a VAE socket: an autoencoder in a file; weights load on first use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import torch

from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.identity import handle_identity
from graphexec.diffusion.loading.modules import load_module
from graphexec.diffusion.loading.parts import Part, part_numbers
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout
from graphexec.diffusion.models.tiny_autoencoder import WIDTH, TinyAutoencoder, decoder, encoder
from graphexec.diffusion.patches import Patch
from graphexec.diffusion.vae_coding import Coding
from graphexec.hashing import Plain


@dataclass(frozen=True)
class VaeHandle(Coding):
    """A KL autoencoder. Cheap to make and to copy; equal handles do the same."""

    part: Part
    layout: AutoencoderLayout
    pool: WeightsPool = field(compare=False, repr=False)
    placement: Placement = CPU
    patches: tuple[Patch, ...] = ()

    def clone(self) -> VaeHandle:
        """A handle of its own, for node packs that patch what they were given."""
        return replace(self)

    @property
    def identity(self) -> str | None:
        """A digest of file, patches and placement, or None when a patch has none. Reads the whole file once."""
        return handle_identity("vae", [self.part], self.patches, self.placement, self.placement.memory)

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.layout.channels

    @property
    def downscale(self) -> int:
        """Pixels a latent place, along each side."""
        return self.layout.downscale

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""
        return part_numbers(self.part) * self.placement.autoencoder_dtype.itemsize

    def working_bytes(self, height: int, width: int, *, decodes: bool) -> int:
        """Feature maps at the image's own size: at their widest, and some copies of them.

        With SD1's that is 1,280 numbers a pixel in decoding and 768 in encoding. Measured at 512 x 512 were 660 to 730
        (bf16) and 920 (float32), and 400 in encoding; the rest is room for what the allocator keeps elsewhere. In
        float32 attention over all places of the smallest map holds its weights.
        """
        dtype = self.placement.autoencoder_dtype
        first, last = self.layout.up[0].blocks[0][0], self.layout.down[0].blocks[-1][1]
        numbers = height * width * (5 * first if decodes else 6 * last)
        places = height * width // self.downscale**2
        attention = 2 * places**2 if dtype == torch.float32 else 0
        return (numbers + attention) * dtype.itemsize

    def module(self) -> Autoencoder:
        """The autoencoder with its weights, loaded now if they are not in memory."""
        dtype, device = self.placement.autoencoder_dtype, self.placement.device
        return load_module(self.part, partial(Autoencoder, self.layout), self.pool, dtype, device, self.patches)


@dataclass(frozen=True)
class TinyVaeHandle(Coding):
    """TAESD: encoder and decoder in a file each. `scale` maps VAE space to the model space it was trained on."""

    encoder: Part
    decoder: Part
    scale: float
    pool: WeightsPool = field(compare=False, repr=False)
    placement: Placement = CPU

    def clone(self) -> TinyVaeHandle:
        """A handle of its own."""
        return replace(self)

    @property
    def identity(self) -> str | None:
        """A digest of files, scale and placement. Reads the whole files once."""
        more: Plain = self.scale if self.placement.memory is None else [self.scale, self.placement.memory]
        return handle_identity("tiny vae", [self.encoder, self.decoder], (), self.placement, more)

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.decoder.shapes["1.weight"][1]

    @property
    def downscale(self) -> int:
        """Pixels a latent place, along each side."""
        return 8

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""
        return (part_numbers(self.encoder) + part_numbers(self.decoder)) * self.placement.autoencoder_dtype.itemsize

    def working_bytes(self, height: int, width: int, *, decodes: bool) -> int:
        """Four feature maps at the image's own size."""
        return 4 * WIDTH * height * width * self.placement.autoencoder_dtype.itemsize

    def module(self) -> TinyAutoencoder:
        """The autoencoder with its weights, loaded now if they are not in memory."""
        dtype, device = self.placement.autoencoder_dtype, self.placement.device
        return TinyAutoencoder(
            load_module(self.encoder, partial(encoder, self.channels), self.pool, dtype, device),
            load_module(self.decoder, partial(decoder, self.channels), self.pool, dtype, device),
            self.scale,
        )
