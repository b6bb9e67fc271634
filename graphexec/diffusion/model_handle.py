"""The value of a MODEL socket: a UNet in a file, its family and patches; weights load on first use."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from graphexec.diffusion import offload, slicing, vector
from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.identity import handle_identity
from graphexec.diffusion.loading.family import Family
from graphexec.diffusion.loading.modules import load_module
from graphexec.diffusion.loading.parts import Part, part_numbers
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import LatentFormat, Network
from graphexec.diffusion.models.bound import BoundUNet
from graphexec.diffusion.models.hooks import NO_HOOKS
from graphexec.diffusion.models.layout import UNetLayout
from graphexec.diffusion.models.unet import UNet
from graphexec.diffusion.parameterization import Parameterization
from graphexec.diffusion.patches import HookPatch, Patch, SamplingPatch, WeightPatch
from graphexec.diffusion.schedules import Schedule


@dataclass(frozen=True)
class ModelHandle:
    """A diffusion model: the value of a MODEL socket. Cheap to make and to copy; equal handles do the same."""

    part: Part
    layout: UNetLayout
    family: Family
    pool: WeightsPool = field(compare=False, repr=False)
    placement: Placement = CPU
    patches: tuple[Patch, ...] = ()

    def clone(self) -> ModelHandle:
        """A handle of its own, for node packs that patch what they were given."""
        return replace(self)

    def with_patch(self, *patches: Patch) -> ModelHandle:
        """This model with further patches, applied after those it has."""
        return replace(self, patches=(*self.patches, *patches))

    @property
    def identity(self) -> str | None:
        """A digest of file, patches and placement, or None when a patch has none. Reads the whole file once."""
        return handle_identity("model", [self.part], self.patches, self.placement, self.placement.memory)

    @property
    def latent_format(self) -> LatentFormat:
        """How latents map to model space."""
        return self.family.latent_format

    @property
    def schedule(self) -> Schedule:
        """The noise levels: the family's, or those of the last patch that sets them."""
        patch = self._sampling()
        return patch.schedule if patch else self.family.schedule()

    @property
    def parameterization(self) -> Parameterization:
        """What the network predicts: as the family, or as the last patch that sets it."""
        patch = self._sampling()
        return patch.parameterization if patch else self.family.parameterization()

    def _sampling(self) -> SamplingPatch | None:
        return next((patch for patch in reversed(self.patches) if isinstance(patch, SamplingPatch)), None)

    @property
    def concat_channels(self) -> int:
        """Channels that the network takes besides the latent's: 5 for inpainting models (mask, masked image), or 0."""
        return self.layout.channels_in - self.latent_format.channels

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self.placement.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the network's weights and activations."""
        return self.placement.dtype

    @property
    def weight_bytes(self) -> int:
        """Bytes of the network's weights."""
        return part_numbers(self.part) * self.dtype.itemsize

    def most_rows(self, height: int, width: int) -> int | None:
        """How many latents of `(height, width)` fit beside the weights at once, one at least; None without a budget.

        Weights that are offloaded leave a quarter of it.
        """
        budget = self.placement.memory
        if budget is None:
            return None
        room = budget // 4 if offload.wanted(self.weight_bytes, self.placement) else budget - self.weight_bytes
        return slicing.most_rows(room, self.layout.model_channels, self.dtype.itemsize, height, width)

    def make_room(self, rows: int, height: int, width: int) -> None:
        """Let other models go where a budget would not hold the work on so many latents, or as many as go at once."""
        most = self.most_rows(height, width)
        if most is not None:
            channels, itemsize = self.layout.model_channels, self.dtype.itemsize
            self.pool.make_room(slicing.working_bytes(channels, itemsize, min(rows, most), height, width))

    def network(self) -> Network:
        """The network with its weights, loaded now if they are not in memory. Hold it only while it is needed."""
        place = self.placement
        if offload.wanted(self.weight_bytes, place):
            module = self.pool.get(self._offload_key, self._offloaded, lambda module: 0)
        else:
            module = load_module(
                self.part, partial(UNet, self.layout), self.pool, self.dtype, place.device, self.patches
            )
        hooks = sum((patch.hooks for patch in self.patches if isinstance(patch, HookPatch)), NO_HOOKS)
        return BoundUNet(module, hooks, self.placement)

    @property
    def _offload_key(self) -> Hashable:
        changes = tuple(patch for patch in self.patches if isinstance(patch, WeightPatch))
        return "offloaded", self.part, self.dtype, self.device, changes

    def _offloaded(self) -> UNet:
        """The network with the weights of its layers in host memory; nobody else has these tensors."""
        host, build = torch.device("cpu"), partial(UNet, self.layout)
        module = load_module(self.part, build, WeightsPool(), self.dtype, host, self.patches, plain=True)
        blocks = (*module.input_blocks, module.middle_block, *module.output_blocks)
        layers = [layer for block in blocks for layer in block.children()]
        offload.offloaded(module, layers, self.device, offload.CudaMover(self.device))
        return module

    def vector(self, options: Mapping[str, Any], width: int, height: int, negative: bool = False) -> Tensor | None:
        """The vector conditioning y `(1, A)` float32 for a conditioning's options, or None for models without.

        `width` and `height` are the image's in pixels. Raises NodeError when the options lack a pooled output.
        """
        match self.family.name:
            case "sdxl":
                return vector.base_vector(options, width, height)
            case "sdxl-refiner":
                return vector.refiner_vector(options, width, height, negative)
            case _:
                return None
