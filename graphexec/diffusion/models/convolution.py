"""Convolution of few places with many weights as one matrix product: what fp32 on processors gains by it.

oneDNN lays the weights of a convolution out in blocks at every call. At the lowest levels of a UNet these are tens of
megabytes for a map of some hundred places, and take as long as the arithmetic. A matrix product reads the weights as
they are; it needs a copy of the map for each of the kernel's places, which is small there (im2col; Chellapilla et al.
2006, "High performance convolutional neural networks for document processing").
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_PLACES = 512
"""Places of all maps of a batch up to which it is the faster way."""
LEAST_WEIGHTS = 8_000_000
"""Numbers in the weights from which on it is: fewer stay in the caches while they are laid out."""


def by_product(x: Tensor, layer: nn.Conv2d) -> bool:
    """Whether `product` is the faster way for this map `(B, inner, h, w)`."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.shape[0] * x.shape[2] * x.shape[3] <= MOST_PLACES
        and layer.weight.numel() >= LEAST_WEIGHTS
        and layer.groups == 1
        and (layer.kernel_size, layer.padding, layer.stride, layer.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
    )


def product(x: Tensor, layer: nn.Conv2d) -> Tensor:
    """`(B, inner, h, w)` to `(B, outer, h, w)`: weights `(outer, 9 inner)` by places `(9 inner, h w)`."""
    made = torch.matmul(layer.weight.flatten(1), F.unfold(x, 3, padding=1))
    if layer.bias is not None:
        made = made + layer.bias[:, None]
    return made.view(len(x), -1, *x.shape[2:])
