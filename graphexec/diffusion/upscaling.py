"""Upscale models (ESRGAN and its relatives) through spandrel: loading, and running in tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.weights import open_weights
from graphexec.diffusion.vae_tiling import tiled
from graphexec.errors import NodeError

TILE, OVERLAP, SMALLEST_TILE = 512, 32, 128
"""Pixels of a tile's side, pixels that neighbours share, and the side below which memory is given up on."""


@dataclass(frozen=True, eq=False)
class UpscaleModel:
    """A network from `(1, 3, H, W)` to `(1, 3, scale H, scale W)`, both in 0..1: the value of an UPSCALE_MODEL socket.

    `descriptor` is spandrel's; `content` the digest of the file.
    """

    descriptor: Any
    content: str
    placement: Placement = CPU

    @property
    def identity(self) -> str:
        """The digest of the file."""
        return f"upscale:{self.content}:{self.placement.device.type}"

    @property
    def scale(self) -> int:
        """How many times larger the result is."""
        return int(self.descriptor.scale)

    @torch.no_grad()
    def upscale(self, image: Tensor, advance: Callable[[int, int], None] | None = None) -> Tensor:
        """Upscale images `(B, H, W, C)` in 0..1, one at a time in tiles, clamped to 0..1; transparency is left out.

        `advance(done, total)` is called after each image. When the device runs out of memory, tiles are halved.
        """
        pixels = image[..., :3].float().movedim(-1, 1)
        network = self.descriptor.to(self.placement.device).eval()
        made = []
        for number, one in enumerate(torch.split(pixels, 1)):
            made.append(self._upscale_one(network, one))
            if advance:
                advance(number + 1, len(pixels))
        return torch.cat(made).clamp(0, 1).movedim(1, -1).contiguous()

    def _upscale_one(self, network: Any, pixels: Tensor) -> Tensor:
        def run(tile: Tensor) -> Tensor:
            made: Tensor = network(tile.to(self.placement.device)).float().to(tile.device)
            return made

        side = TILE
        while True:
            try:
                return tiled(pixels, run, (side, side), OVERLAP, self.scale, 3)
            except torch.cuda.OutOfMemoryError:
                side //= 2
                if side < SMALLEST_TILE:
                    raise


def load_upscale_model(path: Path, placement: Placement = CPU) -> UpscaleModel:
    """Open an upscale model of any architecture that spandrel knows.

    Raises NodeError when spandrel is not installed, BadModelFile for files without a model from RGB to RGB.
    """
    spandrel = _spandrel()
    file = open_weights(path)
    tensors = file.read(file.header.tensors)
    try:
        found = spandrel.ModelLoader(device="cpu").load_from_state_dict(tensors)
    except (spandrel.UnsupportedModelError, KeyError, ValueError, RuntimeError, AssertionError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise BadModelFile(path, f"of no architecture that spandrel knows: {reason}") from error
    if not isinstance(found, spandrel.ImageModelDescriptor) or (found.input_channels, found.output_channels) != (3, 3):
        raise BadModelFile(path, "not a model that makes one RGB image out of another")
    return UpscaleModel(found, file.digest, placement)


def _spandrel() -> Any:
    try:
        return import_module("spandrel")
    except ImportError as error:
        raise NodeError("upscale models need the package spandrel: pip install 'graphexec[upscale]'") from error
    except RuntimeError as error:  # torchvision, when it was built for another torch
        raise NodeError(f"spandrel is installed and cannot be imported: {error}; reinstall torchvision") from error
