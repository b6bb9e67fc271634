"""ControlNet: a copy of a UNet passes on its features, the picture joins behind the first block, layouts agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.loading.controlnet import load_control
from graphexec.diffusion.loading.diffusers_names import diffusers_name, unet_prefixes
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.errors import NodeError
from tests.diffusion.control.files import (
    adapter_tensors,
    batch,
    control_layout,
    controlnet_tensors,
    copied_tensors,
    write,
)
from tests.diffusion.layouts import write_unet

STRIDES = (1, 1, 2, 1, 2, 1, 2, 1)


def image(count=1, height=64, width=128, seed=0):
    return torch.rand(count, height, width, 3, generator=torch.Generator().manual_seed(seed))


def load(tmp_path, tensors, name="control.safetensors", prefix="control_model."):
    return load_control(write(tmp_path / name, tensors, prefix), WeightsPool())


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl"])
def test_a_copy_of_the_unet_gives_the_features_of_the_unet(tmp_path, name):
    skips, middles = [], []

    def skip(h, site):
        skips.append(h)
        return h

    def middle(h, site):
        middles.append(h)
        return h

    inputs = batch(name)
    unet = load_unet(write_unet(tmp_path / "unet.safetensors", name), WeightsPool())
    unet.network().hooked(UNetHooks(input_block=(skip,), middle_block=(middle,)))(inputs)
    found = load(tmp_path, copied_tensors(name)).residuals(inputs, image())
    assert set(found) == {"output", "middle"} and len(found["output"]) == len(skips)
    for ours, theirs in zip([*found["output"], *found["middle"]], [*skips, *middles], strict=True):
        assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_the_picture_joins_behind_the_first_block(tmp_path):
    tensors, inputs, picture = copied_tensors("sd1"), batch("sd1"), image()
    tensors |= {k: v for k, v in controlnet_tensors("sd1").items() if k.startswith("input_hint_block")}
    hint = picture.permute(0, 3, 1, 2)
    for number, stride in enumerate(STRIDES):
        weight, bias = (tensors[f"input_hint_block.{2 * number}.{kind}"] for kind in ("weight", "bias"))
        hint = functional.conv2d(hint, weight, bias, stride, 1)
        hint = functional.silu(hint) if number < 7 else hint
    first = functional.conv2d(inputs.x, tensors["input_blocks.0.0.weight"], tensors["input_blocks.0.0.bias"], padding=1)
    found = load(tmp_path, tensors).residuals(inputs, picture)
    assert_close(found["output"][0], first + hint, atol=1e-5, rtol=1e-5)


def test_each_residual_reaches_the_skip_of_its_block(tmp_path):
    unet = load_unet(write_unet(tmp_path / "unet.safetensors", "sd1"), WeightsPool()).network()
    inputs, met = batch("sd1"), []

    def merge(h, skip, site):
        met.append(skip)
        return h, skip

    network = unet.hooked(UNetHooks(output_block=(merge,)))
    network(inputs)
    plain, zeros = list(met), {"output": [torch.zeros_like(skip) for skip in reversed(met)]}
    for number in range(len(plain)):
        met.clear()
        residuals = list(zeros["output"])
        residuals[number] = residuals[number] + 1.0
        network(replace(inputs, control={"output": residuals}))
        for block, (before, after) in enumerate(zip(plain, met, strict=True)):
            changed = 1.0 if block == len(plain) - 1 - number else 0.0
            assert_close(after[0] - before[0], torch.full_like(before[0], changed), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl"])
def test_the_layout_of_diffusers_is_the_same_model(tmp_path, name):
    tensors, prefixes = controlnet_tensors(name), unet_prefixes(control_layout(name).encoder)
    theirs = {}
    for key, tensor in tensors.items():
        place, _, rest = key.partition(".")
        number, _, kind = rest.partition(".")
        if place == "zero_convs":
            theirs[f"controlnet_down_blocks.{number}.{kind.removeprefix('0.')}"] = tensor
        elif place == "middle_block_out":
            theirs[f"controlnet_mid_block.{kind}"] = tensor
        elif place == "input_hint_block":
            part = {0: "conv_in", 14: "conv_out"}.get(int(number), f"blocks.{int(number) // 2 - 1}")
            theirs[f"controlnet_cond_embedding.{part}.{kind}"] = tensor
        else:
            theirs[diffusers_name(key, prefixes)] = tensor
    assert len(theirs) == len(tensors)
    native = load(tmp_path, tensors)
    foreign = load(tmp_path, theirs, "foreign.safetensors", prefix="")
    assert foreign.part.sources.keys() == native.part.sources.keys()
    inputs, picture = batch(name), image()
    one, other = native.residuals(inputs, picture), foreign.residuals(inputs, picture)
    for ours, same in zip(one["output"] + one["middle"], other["output"] + other["middle"], strict=True):
        assert torch.equal(ours, same)


@pytest.mark.parametrize("prefix", ["control_model.", ""])
def test_a_file_may_have_a_prefix_and_other_models(tmp_path, prefix):
    tensors = {prefix + key: tensor for key, tensor in controlnet_tensors("sd1").items()}
    tensors |= {"model.diffusion_model.out.2.weight": torch.zeros(4, 32, 3, 3)}
    handle = load(tmp_path, tensors, prefix="")
    assert handle.layout == control_layout("sd1")


def test_shuffle_models_average_over_places(tmp_path):
    tensors, inputs, picture = controlnet_tensors("sd1"), batch("sd1"), image()
    plain = load(tmp_path, tensors, "control_v11e_sd15_lineart.safetensors")
    shuffle = load(tmp_path, tensors, "control_v11e_sd15_shuffle.safetensors")
    full, mean = plain.residuals(inputs, picture), shuffle.residuals(inputs, picture)
    for place in full:
        for one, other in zip(full[place], mean[place], strict=True):
            assert_close(one.flatten(2).mean(2), other.flatten(1), atol=1e-6, rtol=1e-5)
            assert other.shape[2:] == (1, 1)
    assert plain.identity != shuffle.identity


def test_models_of_other_families_are_refused(tmp_path):
    handle = load(tmp_path, controlnet_tensors("sdxl"))
    narrow = replace(batch("sdxl"), context=torch.zeros(2, 7, 96))
    for inputs in (narrow, replace(batch("sdxl"), y=None)):
        with pytest.raises(NodeError, match="another model family"):
            handle.residuals(inputs, image())


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ({"lora_controlnet": torch.zeros(0), "input_hint_block.0.weight": torch.zeros(1)}, "Control-LoRA"),
        ({"something": torch.zeros(2)}, "neither a ControlNet nor"),
        ({"input_hint_block.0.weight": torch.zeros(16, 3, 3, 3)}, "no known layout"),
        ({"input_hint_block.0.weight": torch.zeros(2)}, "no known layout"),
        ({"controlnet_cond_embedding.conv_in.weight": torch.zeros(2)}, "no known layout"),
        ({"body.0.block1.weight": torch.zeros(2)}, "no known layout"),
        ({k: v for k, v in adapter_tensors().items() if k != "body.7.block2.weight"}, "no known layout"),
        ({**adapter_tensors(), "conv_in.weight": torch.zeros(32, 5, 3, 3)}, "no known layout"),
    ],
)
def test_other_files_are_refused(tmp_path, tensors, problem):
    with pytest.raises(BadModelFile, match=problem):
        load(tmp_path, tensors, prefix="")


def test_a_controlnet_that_lacks_a_tensor_is_refused_by_name(tmp_path):
    tensors = {k: v for k, v in controlnet_tensors("sd1").items() if k != "zero_convs.3.0.bias"}
    handle = load(tmp_path, tensors)
    with pytest.raises(BadModelFile, match=r"zero_convs\.3\.0\.bias"):
        handle.residuals(batch("sd1"), image())
