"""T2I-Adapters against the paper's figure written out, every layout, and the places where their features are added."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.loading.controlnet import load_control
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.adapter import halved as odd_halved
from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.errors import NodeError
from tests.diffusion.control.files import adapter_tensors, batch, light_adapter_tensors, write
from tests.diffusion.layouts import write_unet


def load(tmp_path, tensors, name="adapter.safetensors"):
    return load_control(write(tmp_path / name, tensors), WeightsPool())


def picture(height=64, width=128):
    return torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(7))


def convolve(tensors, name, x):
    weight = tensors[f"{name}.weight"]
    return functional.conv2d(x, weight, tensors[f"{name}.bias"], padding=weight.shape[-1] // 2)


def unshuffled(x, factor):
    """Blocks of `factor` x `factor` pixels as channels: colour, then row, then column."""
    b, c, h, w = x.shape
    blocks = x.reshape(b, c, h // factor, factor, w // factor, factor)
    return blocks.permute(0, 1, 3, 5, 2, 4).reshape(b, c * factor**2, h // factor, w // factor)


def halved(x):
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def features(tensors, x, factor=8, halvings=(1, 2, 3), per_level=2):
    """The features of the four levels of a full adapter (arXiv 2302.08453, figure 3)."""
    h, found = convolve(tensors, "conv_in", unshuffled(x, factor)), []
    for level in range(4):
        for number in range(per_level):
            place = f"body.{level * per_level + number}"
            h = halved(h) if number == 0 and level in halvings else h
            h = convolve(tensors, f"{place}.in_conv", h) if f"{place}.in_conv.weight" in tensors else h
            h = h + convolve(tensors, f"{place}.block2", convolve(tensors, f"{place}.block1", h).relu())
        found.append(h)
    return found


def compare(got, expected):
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert_close(one, other.expand_as(one), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("per_level", [1, 2, 3])
def test_a_full_adapter(tmp_path, per_level):
    tensors, image = adapter_tensors(per_level=per_level), picture()
    found = load(tmp_path, tensors).residuals(batch("sd1"), image)
    assert [i for i, r in enumerate(reversed(found["input"])) if r is not None] == [2, 5, 8, 11]
    assert not any(found["middle"])
    compare([r for r in reversed(found["input"]) if r is not None],
            features(tensors, image.permute(0, 3, 1, 2), per_level=per_level))  # fmt: skip


def test_an_adapter_for_grey_pictures_sees_the_mean_colour(tmp_path):
    tensors, image = adapter_tensors(colours=1), picture()
    found = load(tmp_path, tensors).residuals(batch("sd1"), image)
    grey = image.permute(0, 3, 1, 2).mean(1, keepdim=True)
    compare([r for r in reversed(found["input"]) if r is not None], features(tensors, grey))


def test_an_adapter_of_sdxl_also_feeds_the_middle(tmp_path):
    tensors, image = adapter_tensors(xl=True), picture()
    found = load(tmp_path, tensors).residuals(batch("sdxl"), image)
    assert [i for i, r in enumerate(reversed(found["input"])) if r is not None] == [3, 5, 8]
    expected = features(tensors, image.permute(0, 3, 1, 2), factor=16, halvings=(2,))
    compare([*(r for r in reversed(found["input"]) if r is not None), *found["middle"]], expected)


def test_a_light_adapter(tmp_path):
    tensors, image = light_adapter_tensors(), picture()
    h, expected = unshuffled(image.permute(0, 3, 1, 2), 8), []
    for level in range(4):
        h = convolve(tensors, f"body.{level}.in_conv", halved(h) if level else h)
        for number in range(4):
            place = f"body.{level}.body.{number}"
            h = h + convolve(tensors, f"{place}.block2", convolve(tensors, f"{place}.block1", h).relu())
        h = convolve(tensors, f"body.{level}.out_conv", h)
        expected.append(h)
    found = load(tmp_path, tensors).residuals(batch("sd1"), image)
    compare([r for r in reversed(found["input"]) if r is not None], expected)


def test_the_layout_of_diffusers_is_the_same_model(tmp_path):
    tensors, theirs = adapter_tensors(), {}
    for key, tensor in tensors.items():
        place, _, rest = key.partition(".")
        number, _, kind = rest.partition(".")
        if place == "conv_in":
            theirs[f"adapter.{key}"] = tensor
        elif kind.startswith("in_conv"):
            theirs[f"adapter.body.{int(number) // 2}.{kind}"] = tensor
        else:
            theirs[f"adapter.body.{int(number) // 2}.resnets.{int(number) % 2}.{kind}"] = tensor
    one, other = load(tmp_path, tensors), load(tmp_path, theirs, "foreign.safetensors")
    assert one.layout == other.layout
    for ours, same in zip(*(a.residuals(batch("sd1"), picture())["input"] for a in (one, other)), strict=True):
        assert ours is None if same is None else torch.equal(ours, same)


@pytest.mark.parametrize(("height", "width"), [(8, 16), (9, 13)])
def test_features_are_added_behind_the_blocks_of_their_level(tmp_path, height, width):
    unet = load_unet(write_unet(tmp_path / "unet.safetensors", "sd1"), WeightsPool()).network()
    inputs = batch("sd1", height=height, width=width)
    residuals = load(tmp_path, adapter_tensors()).residuals(inputs, picture())["input"]
    met = {}

    def look(h, site):
        met[site.block] = h
        return h

    network = unet.hooked(UNetHooks(input_block=(look,)))
    network(inputs)
    before = dict(met)
    for number in (2, 5, 8, 11):
        network(replace(inputs, control={"input": [r if 11 - i == number else None for i, r in enumerate(residuals)]}))
        for block in range(number):
            assert torch.equal(before[block], met[block])
        assert_close(met[number] - before[number], residuals[11 - number], atol=1e-4, rtol=1e-4)


def test_residuals_of_other_channels_are_refused_and_those_of_other_sizes_left_out(tmp_path):
    unet = load_unet(write_unet(tmp_path / "unet.safetensors", "sd1"), WeightsPool()).network()
    inputs = batch("sd1")
    plain = unet(inputs)
    assert torch.equal(unet(replace(inputs, control={"middle": [torch.ones(1, 128, 3, 3)]})), plain)
    assert not torch.equal(unet(replace(inputs, control={"middle": [torch.ones(1, 128, 1, 1)]})), plain)
    with pytest.raises(NodeError, match="another model family"):
        unet(replace(inputs, control={"middle": [torch.ones(1, 64, 1, 2)]}))


def test_odd_sides_are_halved_upwards():
    x = torch.arange(1.0, 16.0).reshape(1, 1, 3, 5)
    padded = torch.zeros(1, 1, 4, 6)
    padded[..., 1:, 1:] = x
    assert_close(odd_halved(x), halved(padded))
