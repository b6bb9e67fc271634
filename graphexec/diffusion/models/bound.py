"""A UNet ready to be called: module, hooks and placement behind the `Network` protocol."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from graphexec.diffusion.devices import Placement
from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models import packing
from graphexec.diffusion.models.hooks import NO_HOOKS, UNetHooks
from graphexec.diffusion.models.text_states import TextMemory
from graphexec.diffusion.models.unet import UNet


def shared(inputs: Inputs) -> Inputs:
    """The inputs without the copies that conditions have of all but the context, where they agree in all of it.

    As they do with classifier-free guidance of SD1 and SD2: the first self-attention, the most costly layer, is then
    computed once.
    """
    conditions = len(inputs.options.get("cond_or_uncond", ()))
    if conditions < 2 or inputs.control is not None:
        return inputs
    once = {}
    for name in ("x", "timestep", "y", "concat"):
        tensor = getattr(inputs, name)
        if tensor is not None:
            first, *others = tensor.chunk(conditions)
            if not all(torch.equal(first, other) for other in others):
                return inputs
            once[name] = first
    return replace(inputs, **once)


@dataclass(frozen=True, slots=True)
class BoundUNet:
    """A `diffusion.model.Network`: converts the inputs to the weights' device and dtype, the prediction to float32."""

    module: UNet
    hooks: UNetHooks
    placement: Placement
    texts: TextMemory = field(default_factory=TextMemory, compare=False, repr=False)

    @torch.no_grad()
    def __call__(self, inputs: Inputs) -> Tensor:
        """Predict eps or v, `(B, C, h, w)` float32 on the device of the weights."""
        device, dtype = self.placement.device, self.placement.dtype
        order = packing.order(dtype, device)

        def here(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device, dtype)

        text = self.texts.of(inputs.context, device, dtype)
        ready = replace(
            inputs,
            x=inputs.x.to(device, dtype).contiguous(memory_format=order),
            timestep=inputs.timestep.to(device),
            context=text.states,
            y=here(inputs.y),
            concat=here(inputs.concat),
        )
        if self.hooks == NO_HOOKS and device.type == "cpu":
            ready = shared(ready)
        return self.module(ready, self.hooks, text).float()

    def hooked(self, hooks: UNetHooks) -> BoundUNet:
        """The same network with further hooks, called after those it has."""
        return replace(self, hooks=self.hooks + hooks)
