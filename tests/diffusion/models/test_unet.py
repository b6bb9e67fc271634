"""Laws of the UNet: batch, sizes, control residuals and hooks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch.testing import assert_close

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.attention import attention
from graphexec.diffusion.models.blocks import sinusoids
from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.diffusion.models.unet import UNet
from tests.diffusion.layouts import drawn, meta, tiny


@cache
def unet(name="sd1"):
    module = meta(UNet, tiny(name))
    module.load_state_dict(drawn(module, dtype=torch.float32), assign=True)
    return module.eval().requires_grad_(False)


def inputs(module, batch=2, height=8, width=8, **more):
    draw = torch.Generator().manual_seed(3)
    layout = module.layout
    return Inputs(
        x=torch.randn(batch, layout.channels_in, height, width, generator=draw),
        timestep=torch.tensor([10.0, 500.0, 999.0])[:batch],
        context=torch.randn(batch, 77, layout.context, generator=draw),
        y=None if layout.vector is None else torch.randn(batch, layout.vector, generator=draw),
        **more,
    )


def only(all_inputs, i):
    parts = {name: getattr(all_inputs, name) for name in ("x", "timestep", "context", "y")}
    return replace(all_inputs, **{name: None if t is None else t[i : i + 1] for name, t in parts.items()})


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl", "sdxl-refiner", "ssd-1b", "koala-700m"])
def test_an_item_of_a_batch_is_what_it_is_alone(name):
    module = unet(name)
    whole = inputs(module)
    out = module(whole)
    assert out.shape == (2, 4, 8, 8) and out.std() > 0.01
    for i in range(2):
        assert_close(module(only(whole, i))[0], out[i], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [(9, 8), (8, 13), (17, 31)])
def test_odd_sizes_come_back(size):
    module = unet()
    assert module(inputs(module, 1, *size)).shape[-2:] == size


def test_every_input_counts():
    module = unet("sdxl")
    given = inputs(module, 1)
    base = module(given)
    for name in ("x", "timestep", "context", "y"):
        changed = replace(given, **{name: getattr(given, name) * 1.5})
        assert (module(changed) - base).abs().max() > 1e-4, name
    with pytest.raises(ValueError, match="vector conditioning"):
        module(replace(given, y=None))


def test_concat_is_appended_behind_x():
    module = unet("sd1-inpaint")
    given = inputs(module, 1)
    split = replace(given, x=given.x[:, :4], concat=given.x[:, 4:])
    assert torch.equal(module(split), module(given))


def residual_shapes(module, given):
    shapes = []
    note = UNetHooks(input_block=(lambda h, site: shapes.append(h.shape) or h,))
    module(given, note)
    return shapes


def test_control_residuals_belong_to_the_skips_from_the_end():
    """A residual of the last input block alone, given as the last of the list, equals adding it to that block's skip
    where the first output block takes it; zeros and None change nothing.
    """
    module = unet()
    given = inputs(module, 1)
    shapes = residual_shapes(module, given)
    base = module(given)
    zeros = {"output": [torch.zeros(s) for s in shapes], "middle": [torch.zeros(shapes[-1])]}
    assert torch.equal(module(replace(given, control=zeros)), base)
    assert torch.equal(module(replace(given, control={"output": [None] * len(shapes)})), base)
    bump = torch.ones(shapes[-1])
    by_control = module(replace(given, control={"output": [None] * (len(shapes) - 1) + [bump]}))
    on_skip = UNetHooks(output_block=(lambda h, skip, site: (h, skip + bump if site.block == 0 else skip),))
    assert_close(module(given, on_skip), by_control)
    assert (by_control - base).abs().max() > 1e-4


def test_control_lists_are_not_used_up():
    module = unet()
    given = inputs(module, 1)
    shapes = residual_shapes(module, given)
    control = {"output": [torch.ones(s) for s in shapes]}
    first = module(replace(given, control=control))
    assert torch.equal(module(replace(given, control=control)), first)
    assert len(control["output"]) == len(shapes)


def test_hooks_that_do_what_the_network_does_change_nothing():
    module = unet()
    given = inputs(module)
    plain = lambda q, k, v, site: attention(q, k, v, site.heads)  # noqa: E731
    same = UNetHooks(
        self_input=(lambda q, k, v, site: (q, k, v),),
        self_kernel=(plain,),
        self_output=(lambda out, site: out,),
        cross_kernel=(lambda q, k, v, site: None, plain),
        input_block=(lambda h, site: h,),
        middle_block=(lambda h, site: h,),
        output_block=(lambda h, skip, site: (h, skip),),
    )
    assert_close(module(given, same), module(given), atol=1e-6, rtol=1e-6)


def test_sites_count_blocks_and_transformers():
    module = unet()
    seen = []
    module(inputs(module, 1, 16, 24), UNetHooks(self_output=(lambda out, site: seen.append(site) or out,)))
    places = [(site.place, site.block) for site in seen]
    downs = [("input", n) for n in (1, 2, 4, 5, 7, 8)]
    assert places == [*downs, ("middle", 0), *(("output", n) for n in range(3, 12))]
    assert [site.depth for site in seen] == list(range(16))
    assert {(site.height, site.width) for site in seen} == {(16, 24), (8, 12), (4, 6), (2, 3)}
    assert {site.heads for site in seen} == {8}


@pytest.mark.parametrize("place", ["self_kernel", "self_output", "cross_input", "middle_block"])
def test_every_hook_is_reached(place):
    module = unet()
    given = inputs(module, 1)
    damage = {
        "self_kernel": lambda q, k, v, site: v,
        "self_output": lambda out, site: out * 0,
        "cross_input": lambda q, k, v, site: (q, k * 0, v),
        "middle_block": lambda h, site: h * 0,
    }
    hooks = UNetHooks(**{place: (damage[place],)})
    assert (module(given, hooks) - module(given)).abs().max() > 1e-5


def test_attention_is_softmax_attention():
    q, k, v = (torch.randn(2, n, 12, dtype=torch.float64) for n in (5, 7, 7))
    parts = []
    for h in range(3):
        a, b, c = (t[..., 4 * h : 4 * h + 4] for t in (q, k, v))
        parts.append(((a @ b.transpose(1, 2)) / 2.0).softmax(-1) @ c)
    assert_close(attention(q, k, v, 3), torch.cat(parts, -1))


def test_sinusoids_are_cosines_then_sines():
    t = torch.tensor([0.0, 1.0, 37.5])
    got = sinusoids(t, 8)
    for i in range(4):
        frequency = 10000 ** (-i / 4)
        assert_close(got[:, i], (t * frequency).cos())
        assert_close(got[:, 4 + i], (t * frequency).sin())
