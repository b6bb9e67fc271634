"""The values of CONTROL_NET sockets: ControlNets and T2I-Adapters in files; weights load on first use."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor

from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.identity import handle_identity
from graphexec.diffusion.loading.modules import load_module
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs, Residuals
from graphexec.diffusion.models import packing
from graphexec.diffusion.models.adapter import Adapter, AdapterLayout
from graphexec.diffusion.models.controlnet import ControlNet, ControlNetLayout
from graphexec.diffusion.resample import match_batch, resize
from graphexec.errors import NodeError

PIXELS = 8
"""Pixels of a picture a latent cell."""


@dataclass(frozen=True)
class ControlNetHandle:
    """A ControlNet in a file. `averaged`: its residuals are means over all places, as those of shuffle models are."""

    part: Part
    layout: ControlNetLayout
    pool: WeightsPool = field(compare=False, repr=False)
    placement: Placement = CPU
    averaged: bool = False

    @property
    def identity(self) -> str | None:
        """A digest of file and placement. Reads the whole file once."""
        return handle_identity("controlnet", [self.part], (), self.placement, self.averaged)

    @torch.no_grad()
    def residuals(self, inputs: Inputs, image: Tensor) -> Residuals:
        """What to add for one batch, with an image `(N, H, W, 3)`. Raises NodeError for models of other families."""
        self._refuse_strangers(inputs)
        place, build = self.placement, partial(ControlNet, self.layout)
        module = load_module(self.part, build, self.pool, place.dtype, place.device)
        height, width = inputs.x.shape[-2:]
        picture = fitted(image[..., :3], inputs, height * PIXELS, width * PIXELS)
        found: Residuals = module(_placed(inputs, place), picture.to(place.device, place.dtype))
        if not self.averaged:
            return found
        return {name: [r if r is None else r.mean((2, 3), keepdim=True) for r in rs] for name, rs in found.items()}

    def _refuse_strangers(self, inputs: Inputs) -> None:
        encoder = self.layout.encoder
        y = None if inputs.y is None else inputs.y.shape[1]
        if inputs.context.shape[2] != encoder.context or (encoder.vector not in (None, y)):
            raise NodeError(
                f"{self.part.file.path.name} was made for another model family: it reads text states "
                f"{encoder.context} wide, the model's are {inputs.context.shape[2]} wide"
            )


@dataclass(frozen=True)
class AdapterHandle:
    """A T2I-Adapter in a file."""

    part: Part
    layout: AdapterLayout
    pool: WeightsPool = field(compare=False, repr=False)
    placement: Placement = CPU

    @property
    def identity(self) -> str | None:
        """A digest of file and placement. Reads the whole file once."""
        return handle_identity("adapter", [self.part], (), self.placement)

    @torch.no_grad()
    def residuals(self, inputs: Inputs, image: Tensor) -> Residuals:
        """What to add for one batch, with an image `(N, H, W, C)`; adapters for grey pictures get the mean colour."""
        place, spec = self.placement, self.layout
        module = load_module(self.part, partial(Adapter, spec), self.pool, place.dtype, place.device)
        height, width = (math.ceil(side * PIXELS / spec.shrink) * spec.shrink for side in inputs.x.shape[-2:])
        colours = image[..., :3] if spec.colours == 3 else image[..., :3].mean(-1, keepdim=True)
        found: Residuals = module(fitted(colours, inputs, height, width).to(place.device, place.dtype))
        return found


def fitted(image: Tensor, inputs: Inputs, height: int, width: int) -> Tensor:
    """An image `(N, H, W, C)` as a picture `(B, C, height, width)` for every item of the batch.

    Its middle is cut to the aspect ratio. With several conditions in the batch each gets the images in order.
    """
    picture = resize(image.movedim(-1, 1).float(), width, height, "nearest-exact", "center")
    batch = inputs.x.shape[0]
    conditions = max(1, len(inputs.options.get("cond_or_uncond", ())))
    return match_batch(picture, batch // conditions).repeat(conditions, 1, 1, 1).contiguous()


def _placed(inputs: Inputs, place: Placement) -> Inputs:
    """The inputs on the device and in the precision of the weights."""
    return replace(
        inputs,
        x=inputs.x.to(place.device, place.dtype).contiguous(memory_format=packing.order(place.dtype, place.device)),
        timestep=inputs.timestep.to(place.device),
        context=inputs.context.to(place.device, place.dtype),
        y=None if inputs.y is None else inputs.y.to(place.device, place.dtype),
        concat=None,
        control=None,
    )
