"""The layers that models are built of: torch's, without drawing initial weights, which files replace anyway.

Drawing them on the meta device would import torch's compiler, two seconds on some machines. Linear layers and
convolutions also take weights that `packing` has laid out for the processor.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphexec.diffusion.models import convolution, packing


class Linear(nn.Linear):
    """A linear layer."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""

    def forward(self, input: Tensor, to: Tensor | None = None) -> Tensor:
        """`(..., inner)` to `(..., outer)`, added `to` a tensor of that shape if one is given."""
        return packing.linear(input, self, to) if self.weight.is_mkldnn else _sum(super().forward(input), to)


class GatedLinear(packing.Halved):
    """GEGLU (Shazeer 2020, arXiv 2002.05202): half of a linear layer's output, times gelu of the other half."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""

    def forward(self, input: Tensor) -> Tensor:
        """`(..., inner)` to `(..., outer)`."""
        if self.weight.is_mkldnn:
            return packing.gated(input, self)
        value, gate = super().forward(input).chunk(2, dim=-1)
        return F.gelu(gate).mul_(value)


class Conv2d(nn.Conv2d):
    """A convolution."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""

    def forward(self, input: Tensor, to: Tensor | None = None) -> Tensor:
        """`(B, inner, h, w)` to `(B, outer, h', w')`, added `to` such a map or a `(B, outer, 1, 1)` if one is given."""
        if self.weight.is_mkldnn:
            return packing.convolution(input, self, to)
        if convolution.by_product(input, self):
            return _sum(convolution.product(input, self), to)
        return _sum(super().forward(input), to)


def _sum(output: Tensor, to: Tensor | None) -> Tensor:
    """The sum, in the memory of a layer's output where no gradient will ask for its old value."""
    if to is None:
        return output
    return output + to if torch.is_grad_enabled() else output.add_(to)


def ordered(made: Tensor, like: Tensor) -> Tensor:
    """A map `(B, C, h, w)` in the order in memory of another, copied if need be.

    Convolutions take the order of what they are given, and in fp32 those over channels that are last are less exact.
    """
    order = torch.contiguous_format if like.is_contiguous() else torch.channels_last
    return made.contiguous(memory_format=order)


class GroupNorm(nn.GroupNorm):
    """A group norm."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class LayerNorm(nn.LayerNorm):
    """A layer norm."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class Embedding(nn.Embedding):
    """An embedding table."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""
