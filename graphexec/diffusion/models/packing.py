"""Packed weights: laid out once, when they are loaded, in the blocks that the processor's matrix units read.

oneDNN brings plain weights into that order at every call, which in a UNet takes as long as a third of its arithmetic.
Packed ones are opaque to everything but these functions. A layer alone gives the results of plain weights bit for bit;
what is done behind its product is rounded once where plain layers round twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from graphexec.diffusion.processor import processor

OPERATORS = ("_linear_pointwise", "_reorder_linear_weight", "_convolution_pointwise", "_reorder_convolution_weight")


def packs(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether weights of this kind are packed: bf16 on processors that are fast in it, where torch has oneDNN.

    float32 is left as it is: convolutions over other layouts are less exact there on some processors (ADR 27).
    """
    return (
        dtype == torch.bfloat16
        and device.type == "cpu"
        and processor().fast_bf16
        and torch._C._has_mkldnn
        and all(hasattr(torch.ops.mkldnn, name) for name in OPERATORS)
    )


def order(dtype: torch.dtype, device: torch.device) -> torch.memory_format:
    """The order in memory of the feature maps that layers with such weights take without copying them.

    Channels last also makes the places of a map the tokens of attention, and back, without a copy. The matrix units of
    GPUs take it in half precision as well.
    """
    last = packs(dtype, device) or _halves_on_gpu(dtype, device)
    return torch.channels_last if last else torch.contiguous_format


def _halves_on_gpu(dtype: torch.dtype, device: torch.device) -> bool:
    return device.type == "cuda" and dtype != torch.float32


class Halved(nn.Linear):
    """A linear layer whose output is a value and a gate of the same width; packed, the weights of each are apart."""

    gate: nn.Parameter | None

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__(inner, 2 * outer)
        self.register_parameter("gate", None)

    def split(self) -> None:
        """Give the gate's weights a parameter of their own, and leave the value's."""
        self.weight, self.gate = (nn.Parameter(half, requires_grad=False) for half in self.weight.detach().chunk(2))


def as_it_is(name: str, tensor: Tensor) -> Mapping[str, Tensor]:
    """The form of tensors that are not packed."""
    return {name: tensor}


def packer(
    module: nn.Module, dtype: torch.dtype, device: torch.device
) -> Callable[[str, Tensor], Mapping[str, Tensor]]:
    """What packs the tensors of a module, given their names in it, and prepares the module for them.

    Those without a packed form stay as they are.
    """
    if _halves_on_gpu(dtype, device):
        last = torch.channels_last
        return lambda name, tensor: {name: tensor.contiguous(memory_format=last) if tensor.ndim == 4 else tensor}
    if not packs(dtype, device):
        return as_it_is
    layers = {f"{name}.weight": layer for name, layer in module.named_modules()}
    for layer in layers.values():
        if isinstance(layer, Halved):
            layer.split()

    def form(name: str, tensor: Tensor) -> Mapping[str, Tensor]:
        match layers.get(name):
            case Halved():
                names = name, name.removesuffix("weight") + "gate"
                return {name: _rows(half) for name, half in zip(names, tensor.chunk(2), strict=True)}
            case nn.Linear():
                packed = _rows(tensor)
            case nn.Conv2d(padding=padding, stride=stride, dilation=dilation, groups=groups):
                packed = torch.ops.mkldnn._reorder_convolution_weight(tensor, padding, stride, dilation, groups)
            case _:
                packed = tensor
        return {name: packed}

    return form


def _rows(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
    return packed


def linear(x: Tensor, layer: nn.Linear, to: Tensor | None = None) -> Tensor:
    """`(..., inner)` to `(..., outer)`, with packed weights; added `to` a tensor of that shape, if one is given."""
    operator = torch.ops.mkldnn._linear_pointwise
    made: Tensor = (
        operator(x, layer.weight, layer.bias, "none", [], "")
        if to is None
        else operator.binary(x, to, layer.weight, layer.bias, "add")
    )
    return made


def gated(x: Tensor, layer: Halved) -> Tensor:
    """`(..., inner)` to value times gelu(gate), `(..., outer)`, with packed weights: both are done behind the products,
    while their results are still in the registers.
    """
    value, gate = layer.bias.chunk(2)
    gates = torch.ops.mkldnn._linear_pointwise(x, layer.gate, gate, "gelu", [], "none")
    made: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, gates, layer.weight, value, "mul")
    return made


def convolution(x: Tensor, layer: nn.Conv2d, to: Tensor | None = None) -> Tensor:
    """`(B, inner, h, w)` to `(B, outer, h', w')` with packed weights; channels are last in memory.

    Added `to` a tensor of that shape, or to all of its places one of `(B, outer, 1, 1)`, if one is given.
    """
    operator, bias = torch.ops.mkldnn._convolution_pointwise, layer.bias
    geometry = layer.padding, layer.stride, layer.dilation, layer.groups
    everywhere = to is not None and to.shape[2:] == (1, 1)
    if to is not None and not everywhere:
        summed: Tensor = operator.binary(x, to, layer.weight, bias, *geometry, "add", 1.0, None, [], None)
        return summed
    if to is not None and len(to) == 1 and bias is not None:
        bias, to = bias + to.flatten(), None
    made: Tensor = operator(x, layer.weight, bias, *geometry, "none", [], "")
    return made if to is None else made.add_(to)
