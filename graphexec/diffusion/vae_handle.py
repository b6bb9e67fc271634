"""The value of a VAE socket: an autoencoder in a file; weights load on first use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.identity import handle_identity
from graphexec.diffusion.loading.modules import load_module
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout
from graphexec.diffusion.models.tiny_autoencoder import TinyAutoencoder, decoder, encoder
from graphexec.diffusion.patches import Patch
from graphexec.diffusion.vae_coding import Coding


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
        return handle_identity("vae", [self.part], self.patches, self.placement)

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.layout.channels

    @property
    def downscale(self) -> int:
        """Pixels a latent place, along each side."""
        return self.layout.downscale

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
        return handle_identity("tiny vae", [self.encoder, self.decoder], (), self.placement, self.scale)

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.decoder.shapes["1.weight"][1]

    @property
    def downscale(self) -> int:
        """Pixels a latent place, along each side."""
        return 8

    def module(self) -> TinyAutoencoder:
        """The autoencoder with its weights, loaded now if they are not in memory."""
        dtype, device = self.placement.autoencoder_dtype, self.placement.device
        return TinyAutoencoder(
            load_module(self.encoder, partial(encoder, self.channels), self.pool, dtype, device),
            load_module(self.decoder, partial(decoder, self.channels), self.pool, dtype, device),
            self.scale,
        )
