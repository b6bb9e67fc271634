"""Convolutions as matrix products: the same numbers, and only where they are the faster way."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from graphexec.diffusion.models import convolution
from graphexec.diffusion.models.layers import Conv2d


def filled(inner, outer, bias=True, **settings):
    layer = Conv2d(inner, outer, **{"kernel_size": 3, "padding": 1, "bias": bias} | settings).requires_grad_(False)
    draw = torch.Generator().manual_seed(0)
    for tensor in layer.state_dict().values():
        tensor.copy_(torch.randn(tensor.shape, generator=draw) / (9 * inner) ** 0.5)
    return layer


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 24, 5, 7), (3, 24, 1, 4), (2, 24, 8, 8)])
def test_a_product_is_the_convolution(shape, bias):
    layer, x = filled(24, 40, bias), torch.randn(shape, generator=torch.Generator().manual_seed(1))
    exact = F.conv2d(x.double(), layer.weight.double(), None if layer.bias is None else layer.bias.double(), padding=1)
    made = convolution.product(x, layer)
    assert made.shape == exact.shape and made.is_contiguous()
    assert (made - exact).norm() < 1e-6 * exact.norm()


def test_a_large_layer_takes_few_places_so(monkeypatch):
    """The layer gives what the product gives there, and adds to it what it is told to."""
    layer, asked = filled(944, 944), []
    monkeypatch.setattr(
        convolution, "product", lambda *given, made=convolution.product: asked.append(1) or made(*given)
    )
    x = torch.randn(2, 944, 4, 4, generator=torch.Generator().manual_seed(1))
    wanted = F.conv2d(x, layer.weight, layer.bias, padding=1)
    each, map_ = torch.randn(1, 944, 1, 1), torch.randn(wanted.shape)
    for to in (None, each, map_):
        assert torch.allclose(layer(x, to), wanted if to is None else wanted + to, atol=1e-5)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({"stride": 2}, 4),
        ({"padding": 0}, 4),
        ({"kernel_size": 5}, 4),
        ({}, 23),
        ({"groups": 2}, 4),
        ({"dilation": 2}, 4),
    ],
)
def test_other_layers_and_larger_maps_are_convolved(settings, size):
    layer = Conv2d(1280, 1280, **{"kernel_size": 3, "padding": 1} | settings, device="meta")
    assert not convolution.by_product(torch.empty(1, 1280, size, size), layer)
    assert convolution.by_product(torch.empty(1, 1280, 16, 16), Conv2d(1280, 1280, 3, padding=1, device="meta"))
    assert not convolution.by_product(torch.empty(1, 256, 4, 4), Conv2d(256, 256, 3, padding=1, device="meta"))
