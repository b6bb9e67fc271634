"""Packed weights and channels-last feature maps: what the arithmetic in bf16 on processors shares with that in fp32."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from graphexec.diffusion.devices import CPU
from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models import packing
from graphexec.diffusion.models.attention import attention
from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.diffusion.models.layers import Conv2d, GatedLinear, Linear
from tests.diffusion.layouts import write_unet
from tests.diffusion.loading.test_memory import Doubled

BF16 = replace(CPU, dtype=torch.bfloat16)
packs = pytest.mark.skipif(not packing.packs(BF16.dtype, BF16.device), reason="this processor has no packed weights")


def given(seed=3, batch=2, size=(8, 8)):
    draw = torch.Generator().manual_seed(seed)
    return Inputs(
        x=torch.randn(batch, 4, *size, generator=draw),
        timestep=torch.tensor([10.0, 500.0])[:batch],
        context=torch.randn(batch, 77, 128, generator=draw),
    )


def distance(a, b):
    return float((a - b).norm() / b.norm())


@packs
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: Linear(48, 80), (2, 7, 48)),
        (lambda: Linear(48, 80, bias=False), (2, 7, 48)),
        (lambda: GatedLinear(48, 80), (2, 7, 48)),
        (lambda: Conv2d(32, 48, 3, padding=1), (2, 32, 9, 12)),
        (lambda: Conv2d(32, 48, 3, padding=1, stride=2), (2, 32, 9, 12)),
        (lambda: Conv2d(32, 48, 1), (2, 32, 9, 12)),
    ],
)
def test_a_packed_layer_computes_what_it_does_in_fp32(layer, shape):
    draw = torch.Generator().manual_seed(0)
    module = layer().requires_grad_(False)
    for tensor in module.state_dict().values():
        tensor.copy_(torch.randn(tensor.shape, generator=draw).bfloat16())
    x = torch.randn(shape, generator=draw).bfloat16()
    wanted = module(x.float())
    plain, state = module.state_dict(), {}
    form = packing.packer(torch.nn.ModuleDict({"a": module}), torch.bfloat16, BF16.device)
    for name, tensor in plain.items():
        state |= form(f"a.{name}", tensor.bfloat16())
    module.load_state_dict({name.removeprefix("a."): tensor for name, tensor in state.items()}, assign=True)
    assert module.weight.is_mkldnn
    for order in (torch.contiguous_format, torch.channels_last)[: x.ndim - 2]:
        made = module(x.contiguous(memory_format=order))
        assert distance(made.float(), wanted) < 0.003
        assert made.ndim == 3 or made.is_contiguous(memory_format=torch.channels_last)
        if not isinstance(module, GatedLinear):
            assert distance(module(x.contiguous(memory_format=order), made).float(), 2 * wanted) < 0.003


@packs
@pytest.mark.parametrize("rows", [1, 2])
def test_a_packed_convolution_adds_to_all_places(rows):
    """One row for all maps goes into the bias, rows of their own are added behind."""
    draw = torch.Generator().manual_seed(0)
    layer = Conv2d(32, 48, 3, padding=1).requires_grad_(False)
    for tensor in layer.state_dict().values():
        tensor.copy_(torch.randn(tensor.shape, generator=draw).bfloat16())
    x, to = (torch.randn(shape, generator=draw).bfloat16() for shape in ((2, 32, 8, 8), (rows, 48, 1, 1)))
    wanted = layer(x.float(), 50 * to.float())
    layer.weight = torch.nn.Parameter(
        torch.ops.mkldnn._reorder_convolution_weight(layer.weight.bfloat16(), [1, 1], [1, 1], [1, 1], 1), False
    )
    layer.bias = torch.nn.Parameter(layer.bias.bfloat16(), False)
    assert distance(layer(x, 50 * to).float(), wanted) < 0.003


@packs
@pytest.mark.parametrize("size", [(8, 8), (9, 13)])
def test_a_packed_unet_stays_near_fp32(tmp_path, size):
    file, pool = write_unet(tmp_path / "a.safetensors", "sd1"), WeightsPool()
    narrow, wide = (load_unet(file, pool, place).network()(given(size=size)) for place in (BF16, CPU))
    assert 0.001 < distance(narrow, wide) < 0.03


@packs
def test_patches_change_packed_weights_as_if_the_file_had_them(tmp_path):
    """Twice a weight is exact in bf16, so results agree to the bit. Packed tensors that stay are held once."""
    name, pool = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", WeightsPool()
    plain = load_unet(write_unet(tmp_path / "a.safetensors", "sd1"), pool, BF16)
    before, held = plain.network()(given()), pool.held
    patched = plain.with_patch(Doubled(name)).network()(given())
    assert pool.held == held + 2 * 32 * 32
    stored = plain.part.read([name], torch.float16, CPU.device)[name]
    full = {"model.diffusion_model." + name: 2 * stored}
    file = load_unet(write_unet(tmp_path / "b.safetensors", "sd1", **full), pool, BF16)
    assert torch.equal(patched, file.network()(given()))
    assert not torch.equal(patched, before) and torch.equal(before, plain.network()(given()))


@pytest.mark.parametrize("name", ["sd1", "sd2"])
@pytest.mark.parametrize("place", [CPU, pytest.param(BF16, marks=packs)])
def test_feature_maps_keep_their_order_in_memory(tmp_path, name, place):
    """In fp32 channels stay first, where convolutions are more exact; in bf16 they are last throughout."""
    network, seen = load_unet(write_unet(tmp_path / "a.safetensors", name), WeightsPool(), place).network(), []
    for module in network.module.modules():
        if isinstance(module, Conv2d):
            module.register_forward_hook(lambda layer, given, made: seen.append(given[0]))
    network(given(size=(16, 16)))
    order = torch.channels_last if place is BF16 else torch.contiguous_format
    assert len(seen) > 40 and all(x.is_contiguous(memory_format=order) for x in seen)


@pytest.mark.parametrize("place", [CPU, pytest.param(BF16, marks=packs)])
def test_what_conditions_share_is_computed_once(tmp_path, place):
    """The first self-attention sees one x for both texts, the rest two; results are those of two, up to rounding."""
    handle = load_unet(write_unet(tmp_path / "a.safetensors", "sd1"), WeightsPool(), place)
    network, two = handle.network(), given()
    both = replace(two, x=torch.cat([two.x[:1]] * 2), timestep=two.timestep[1:].repeat(2))
    seen = []
    for attention_layer in network.module.input_blocks[1][1].transformer_blocks[0].children():
        attention_layer.register_forward_hook(lambda layer, given, made: seen.append(len(made)))
    plain = network(both)
    guided = {"cond_or_uncond": [0, 1], "sigmas": torch.ones(2)}
    made = network(replace(both, options=guided))
    assert seen == [2] * 6 + [1, 1, 2, 2, 2, 2]
    assert distance(made, plain) < (0.03 if place is BF16 else 1e-5) and distance(made[:1], made[1:]) > 0.05
    assert torch.equal(network(replace(two, options=guided)), network(two))
    other = replace(both, options=guided, timestep=two.timestep)
    assert torch.equal(network(other), network(replace(other, options={})))


@pytest.mark.parametrize("keys", [1, 16, 77, 80, 154])
def test_attention_in_bf16_gives_appended_keys_no_weight(keys):
    draw = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, n, 64, generator=draw).bfloat16() for n in (12, keys, keys))
    k -= 4.0  # scores far below the 0 of appended keys would show them
    q += 4.0
    assert distance(attention(q, k, v, 4).float(), attention(q.float(), k.float(), v.float(), 4)) < 0.01


@pytest.mark.parametrize("place", [CPU, pytest.param(BF16, marks=packs)])
def test_text_is_projected_once_a_run(tmp_path, place):
    handle = load_unet(write_unet(tmp_path / "a.safetensors", "sd1"), WeightsPool(), place)
    network, seen = handle.network(), []
    layer = network.module.middle_block[1].transformer_blocks[0].attn2.to_k
    layer.register_forward_hook(lambda *_: seen.append(1))
    one, other = given(), given(seed=4)
    step = replace(one, x=one.x * 0.5)
    made = [network(one), network(step), network(replace(step, context=other.context)), network(step)]
    assert len(seen) == 2
    assert torch.equal(made[1], made[3]) and torch.equal(made[1], handle.network()(step))
    assert not torch.equal(made[1], made[2])
    zeroed = network.hooked(UNetHooks(cross_input=(lambda q, k, v, site: (q, k * 0, v * 0),)))
    assert torch.equal(zeroed(step), handle.network()(replace(step, context=step.context * 0)))
    assert_close(network(step), made[1], atol=0, rtol=0)
