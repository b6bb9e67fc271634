"""A UNet ready to be called: module, hooks and placement behind the `Network` protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from graphexec.diffusion.devices import Placement
from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.diffusion.models.unet import UNet


@dataclass(frozen=True, slots=True)
class BoundUNet:
    """A `diffusion.model.Network`: converts the inputs to the weights' device and dtype, the prediction to float32."""

    module: UNet
    hooks: UNetHooks
    placement: Placement

    @torch.no_grad()
    def __call__(self, inputs: Inputs) -> Tensor:
        """Predict eps or v, `(B, C, h, w)` float32 on the device of the weights."""
        device, dtype = self.placement.device, self.placement.dtype
        # Convolutions of tensors with another order in memory are less exact on some CPUs (errors of 1e-4).

        def here(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device, dtype)

        ready = replace(
            inputs,
            x=inputs.x.to(device, dtype).contiguous(),
            timestep=inputs.timestep.to(device),
            context=inputs.context.to(device, dtype),
            y=here(inputs.y),
            concat=here(inputs.concat),
        )
        return self.module(ready, self.hooks).float()

    def hooked(self, hooks: UNetHooks) -> BoundUNet:
        """The same network with further hooks, called after those it has."""
        return replace(self, hooks=self.hooks + hooks)
