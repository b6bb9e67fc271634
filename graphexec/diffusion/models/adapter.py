"""T2I-Adapter: features of a picture, added to the encoder of a UNet (Mou et al. 2023, arXiv 2302.08453)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from graphexec.diffusion.model import Residuals
from graphexec.diffusion.models.layers import Conv2d
from graphexec.diffusion.models.layout import Shapes

PLACES = (2, 5, 8, 11)
"""The input blocks of SD1 and SD2 that get the features of the four levels."""
XL_PLACES = (3, 5, 8)
"""Those of SDXL for three levels; the fourth level's features go to the middle."""
XL_SHRINK = 16
LEVELS = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """A residual block, or in light adapters a stack of `depth` between two projections. `down`: halves its input."""

    inner: int
    width: int
    outer: int
    down: bool
    projected: bool
    kernel: int = 1
    strided: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class AdapterLayout:
    """An adapter for pictures of `colours` channels, made `shrink` times smaller; `stages` by level."""

    colours: int
    shrink: int
    first: int | None
    levels: tuple[tuple[Stage, ...], ...]

    @property
    def places(self) -> tuple[int, ...]:
        """The input blocks that get features."""
        return XL_PLACES if self.shrink == XL_SHRINK else PLACES


def adapter_layout(shapes: Shapes) -> AdapterLayout:
    """Read the layout from the shapes of an adapter's tensors. Raises KeyError or ValueError for other models."""
    numbers = {int(m[1]) for name in shapes if (m := re.match(r"body\.(\d+)\.", name))}
    if numbers != set(range(len(numbers))) or not numbers or len(numbers) % LEVELS:
        raise ValueError(f"an adapter's body is in {LEVELS} levels, this one has parts {sorted(numbers)}")
    if "conv_in.weight" not in shapes:
        stages = [_light_stage(shapes, number) for number in sorted(numbers)]
        colours, shrink = _picture(stages[0].inner)
        return AdapterLayout(colours, shrink, None, tuple((stage,) for stage in stages))
    first, channels = shapes["conv_in.weight"][:2]
    colours, shrink = _picture(channels)
    halved = (2,) if shrink == XL_SHRINK else (1, 2, 3)
    count = len(numbers) // LEVELS
    levels = [
        tuple(_stage(shapes, level * count + j, level in halved and j == 0) for j in range(count))
        for level in range(LEVELS)
    ]
    return AdapterLayout(colours, shrink, first, tuple(levels))


def _picture(channels: int) -> tuple[int, int]:
    """Colours and shrink factor, from the channels of an unshuffled picture."""
    for shrink in (XL_SHRINK, 8):
        if channels in (shrink**2, 3 * shrink**2):
            return channels // shrink**2, shrink
    raise ValueError(f"an adapter takes pictures of 1 or 3 channels, this one has {channels} unshuffled ones")


def _stage(shapes: Shapes, number: int, down: bool) -> Stage:
    place = f"body.{number}"
    width, kernel = shapes[f"{place}.block2.weight"][0], shapes[f"{place}.block2.weight"][2]
    entry = shapes.get(f"{place}.in_conv.weight")
    strided = f"{place}.down_opt.op.weight" in shapes
    return Stage(entry[1] if entry else width, width, width, down, entry is not None, kernel, strided)


def _light_stage(shapes: Shapes, number: int) -> Stage:
    place = f"body.{number}"
    width, inner = shapes[f"{place}.in_conv.weight"][:2]
    depth = len({m[1] for name in shapes if (m := re.match(rf"body\.{number}\.body\.(\d+)\.", name))})
    return Stage(inner, width, shapes[f"{place}.out_conv.weight"][0], number > 0, True, depth=depth)


def halved(x: Tensor) -> Tensor:
    """Means over 2x2 places; odd sides are padded by zeros and halved upwards, as the UNet halves them."""
    return functional.avg_pool2d(x, 2, padding=(x.shape[2] % 2, x.shape[3] % 2))


class ResidualStage(nn.Module):
    """Two convolutions around a ReLU, added to their input."""

    def __init__(self, spec: Stage) -> None:
        super().__init__()
        self.down = spec.down
        if spec.strided:
            self.down_opt = nn.ModuleDict({"op": Conv2d(spec.inner, spec.inner, 3, stride=2, padding=1)})
        padding = spec.kernel // 2
        self.in_conv = Conv2d(spec.inner, spec.width, spec.kernel, padding=padding) if spec.projected else nn.Identity()
        self.block1 = Conv2d(spec.width, spec.width, 3, padding=1)
        self.block2 = Conv2d(spec.width, spec.width, spec.kernel, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inner, h, w)` to `(B, width, h, w)`, half as large where the stage shrinks."""
        if self.down:
            x = self.down_opt["op"](x) if hasattr(self, "down_opt") else halved(x)
        x = self.in_conv(x)
        return x + self.block2(functional.relu(self.block1(x)))


class LightBlock(nn.Module):
    """Two 3x3 convolutions around a ReLU, added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block1 = Conv2d(width, width, 3, padding=1)
        self.block2 = Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, width, h, w)` to the same shape."""
        return x + self.block2(functional.relu(self.block1(x)))


class LightStage(nn.Module):
    """A stack of blocks in few channels, between two projections."""

    def __init__(self, spec: Stage) -> None:
        super().__init__()
        self.down = spec.down
        self.in_conv = Conv2d(spec.inner, spec.width, 1)
        self.body = nn.Sequential(*(LightBlock(spec.width) for _ in range(spec.depth)))
        self.out_conv = Conv2d(spec.width, spec.outer, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inner, h, w)` to `(B, outer, h, w)`, half as large where the stage shrinks."""
        x = halved(x) if self.down else x
        return self.out_conv(self.body(self.in_conv(x)))


class Adapter(nn.Module):
    """Makes features for four places of a UNet's encoder."""

    def __init__(self, spec: AdapterLayout) -> None:
        super().__init__()
        self.layout = spec
        light = spec.first is None
        if spec.first is not None:
            self.conv_in = Conv2d(spec.colours * spec.shrink**2, spec.first, 3, padding=1)
        stages = [stage for level in spec.levels for stage in level]
        self.body = nn.ModuleList(LightStage(stage) if light else ResidualStage(stage) for stage in stages)

    def forward(self, picture: Tensor) -> Residuals:
        """Residuals for a picture `(B, C, H, W)` in 0..1, sides multiples of the shrink factor."""
        spec = self.layout
        x = functional.pixel_unshuffle(picture, spec.shrink)
        if spec.first is not None:
            x = self.conv_in(x)
        features, stages = [], iter(self.body)
        for level in spec.levels:
            for _ in level:
                x = next(stages)(x)
            features.append(x)
        return placed(features, spec.places)


def placed(features: Sequence[Tensor], places: Sequence[int]) -> Residuals:
    """Features as residuals of the input blocks at `places`; one more than there are places goes to the middle."""
    at: Mapping[int, Tensor] = dict(zip(places, features))
    blocks: list[Tensor | None] = [at.get(number) for number in range(places[-1] + 1)]
    return {"input": blocks[::-1], "middle": list(features[len(places) :])}
