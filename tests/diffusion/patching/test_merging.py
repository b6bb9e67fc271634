"""Merges: exact weights, prefixes, patched second models, shared memory."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from torch.testing import assert_close

from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.unet import UNet
from graphexec.diffusion.patching.merging import by_block, merged_models, uniform
from graphexec.errors import NodeError
from tests.diffusion.layouts import drawn, meta, tiny, write_unet

PREFIX = "model.diffusion_model."
NAMES = ("time_embed.0.weight", "input_blocks.1.0.in_layers.2.weight", "middle_block.0.in_layers.2.weight",
         "output_blocks.0.0.in_layers.2.weight", "out.2.weight")  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two models of one layout with other weights, and their tensors."""
    from safetensors.torch import save_file

    folder, pool = tmp_path_factory.mktemp("merge"), WeightsPool()
    first = write_unet(folder / "first.safetensors", "sd1")
    tensors = drawn(meta(UNet, tiny("sd1")), PREFIX, seed=1)
    save_file(tensors, folder / "second.safetensors")
    models = [load_unet(path, pool) for path in (first, folder / "second.safetensors")]
    return models, [load_file(first), tensors]


def weight(model, name):
    return model.network().module.state_dict()[name]


@pytest.mark.parametrize(("own", "other"), [(0.35, 0.65), (1.0, 1.0), (0.5, -0.5), (1.0, 0.0)])
def test_weights_are_mixed_by_name(pair, own, other):
    (first, second), tensors = pair
    merged = merged_models(first, second, uniform(own, other))
    for name in NAMES:
        one, two = (t[PREFIX + name].float() for t in tensors)
        assert_close(weight(merged, name), own * one + other * two)


def test_the_longest_prefix_decides_and_the_first_ratio_is_the_rest(pair):
    (first, second), tensors = pair
    ratios = {"input": 0.2, "middle": 0.5, "out": 0.9}
    merged = merged_models(first, second, by_block(ratios))
    for name, ratio in zip(NAMES, (0.2, 0.2, 0.5, 0.9, 0.9), strict=True):
        one, two = (t[PREFIX + name].float() for t in tensors)
        assert_close(weight(merged, name), ratio * one + (1 - ratio) * two)
    assert by_block({"a.": 0.1, "a.b.": 0.7})("a.b.c") == (0.7, pytest.approx(0.3))


def test_a_merge_takes_the_second_model_as_it_is_patched(pair):
    (first, second), tensors = pair
    inner = merged_models(second, first, uniform(0.5, 0.5))
    merged = merged_models(first, inner, uniform(0.0, 1.0))
    one, two = (t[PREFIX + NAMES[0]].float() for t in tensors)
    assert_close(weight(merged, NAMES[0]), 0.5 * (one + two))


def test_a_merge_changes_neither_model_and_has_an_identity_of_its_own(pair):
    (first, second), tensors = pair
    before = first.identity
    merged = merged_models(first, second, uniform(0.5, 0.5))
    weight(merged, NAMES[0])
    assert_close(weight(first, NAMES[0]), tensors[0][PREFIX + NAMES[0]].float())
    assert first.identity == before
    other = merged_models(first, second, uniform(0.4, 0.6))
    assert len({before, second.identity, merged.identity, other.identity}) == 4


def test_models_of_different_layouts_are_refused(pair, tmp_path):
    other = load_unet(write_unet(tmp_path / "inpaint.safetensors", "sd1-inpaint"), WeightsPool())
    with pytest.raises(NodeError, match="different layouts"):
        merged_models(pair[0][0], other, uniform(0.5, 0.5))
    assert torch.is_tensor(weight(pair[0][0], NAMES[0]))
