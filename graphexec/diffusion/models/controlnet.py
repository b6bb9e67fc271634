"""ControlNet: a copy of a UNet's encoder that sees a picture and adds to the UNet (Zhang et al. 2023, 2302.05543)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from graphexec.diffusion.model import Inputs, Residuals
from graphexec.diffusion.models.hooks import NO_HOOKS
from graphexec.diffusion.models.layers import Conv2d
from graphexec.diffusion.models.layout import Block, Shapes, Transformer, UNetLayout, unet_layout
from graphexec.diffusion.models.unet import Encoder, Walk

STRIDES = (1, 1, 2, 1, 2, 1, 2, 1)
"""Those of the convolutions that bring a picture to the latent's size: three times by half."""


@dataclass(frozen=True, slots=True)
class ControlNetLayout:
    """A ControlNet: its encoder, and the channels between the convolutions over the picture, its own first."""

    encoder: UNetLayout
    picture: tuple[int, ...]


def controlnet_layout(shapes: Shapes) -> ControlNetLayout:
    """Read the layout from the shapes of a ControlNet's tensors. Raises KeyError or ValueError for other models."""
    convolutions = [shapes[f"input_hint_block.{2 * i}.weight"] for i in range(len(STRIDES))]
    return ControlNetLayout(unet_layout(shapes), (convolutions[0][1], *(shape[0] for shape in convolutions)))


class ControlNet(Encoder):
    """Makes a residual for every skip connection and for the middle of a UNet."""

    def __init__(self, spec: ControlNetLayout) -> None:
        super().__init__(spec.encoder)
        layers: list[nn.Module] = []
        for (inner, outer), stride in zip(pairwise(spec.picture), STRIDES, strict=True):
            layers += [Conv2d(inner, outer, 3, padding=1, stride=stride), nn.SiLU()]
        self.input_hint_block = nn.Sequential(*layers[:-1])
        widths = [_width(block) for block in spec.encoder.input]
        self.zero_convs = nn.ModuleList(nn.Sequential(Conv2d(width, width, 1)) for width in widths)
        self.middle_block_out = nn.Sequential(Conv2d(widths[-1], widths[-1], 1))

    def forward(self, inputs: Inputs, picture: Tensor) -> Residuals:
        """Residuals for a batch and a picture `(B, 3, 8 h, 8 w)` in 0..1, all of the weights' dtype."""
        walk = Walk(self.embed(inputs), inputs, NO_HOOKS)
        h, residuals = inputs.x, []
        for number, (block, zero) in enumerate(zip(self.input_blocks, self.zero_convs, strict=True)):
            h = walk.through(block, h, walk.site("input", number, h))
            if number == 0:
                h = h + self.input_hint_block(picture)
            residuals.append(zero(h))
        h = walk.through(self.middle_block, h, walk.site("middle", 0, h))
        return {"output": residuals, "middle": [self.middle_block_out(h)]}


def _width(block: Block) -> int:
    """Channels behind a block."""
    last = block[-1]
    return last.channels if isinstance(last, Transformer) else last.outer
