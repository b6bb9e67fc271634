"""LoRA files with pieces that do not belong together: named as unmatched, never a crash, no change of weights."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.loading.lora import load_lora
from graphexec.diffusion.loading.lora_deltas import ENDINGS, complete
from graphexec.diffusion.memory import WeightsPool
from tests.diffusion.layouts import write_unet

LAYER = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q"
PIECES = {
    "up": "lora_up.weight",
    "down": "lora_down.weight",
    "mid": "lora_mid.weight",
    "dora": "dora_scale",
    **{name: name for name in ENDINGS.values() if name not in ("up", "down", "mid", "dora")},
}
GOOD = {"up": (32, 4), "down": (4, 32)}


@pytest.fixture(scope="module")
def unet(tmp_path_factory):
    return load_unet(write_unet(tmp_path_factory.mktemp("hostile") / "unet.safetensors", "sd1"), WeightsPool())


def write(folder, shapes, others=None):
    tensors = {f"{LAYER}.{PIECES[piece]}": torch.ones(shape) for piece, shape in shapes.items()}
    save_file(tensors | (others or {}), folder / "lora.safetensors")
    return folder / "lora.safetensors"


@pytest.mark.parametrize(
    "shapes",
    [
        {**GOOD, "alpha": (3,)},
        {**GOOD, "alpha": (0,)},
        {"up": (32, 0), "down": (0, 32), "alpha": ()},
        {**GOOD, "dora": (31,)},
        {**GOOD, "dora": (1, 31)},
        {**GOOD, "dora": (32, 32)},
        {**GOOD, "mid": (4, 4)},
        {"up": (32, 4), "down": (5, 32)},
        {"up": (32, 4), "down": (4, 33)},
        {"up": (), "down": (4, 32)},
        {"up": (32, 4), "hada_w1_a": (32, 2), "hada_w1_b": (2, 32), "hada_w2_a": (32, 2), "hada_w2_b": (2, 32)},
        {"lokr_w1": (1000, 1000), "lokr_w2": (1000, 1000)},
        {"lokr_w1": (4, 4), "lokr_w2_a": (8, 0), "lokr_w2_b": (0, 8), "alpha": ()},
        {"lokr_w1": (1, 32), "lokr_w2": (), "lokr_w2_a": (32, 4), "lokr_w2_b": (4, 1)},
        {"diff": (32, 31)},
        {"diff_b": (32,)},
        {**GOOD, "diff_b": (32,)},
    ],
)
def test_a_layer_that_cannot_be_is_named_and_left_out(tmp_path, unet, shapes):
    loaded = load_lora(write(tmp_path, shapes), unet, None)
    assert loaded.unmatched == (LAYER,) and loaded.model is unet


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(PIECES)),
        st.one_of(st.sampled_from([(32, 4), (4, 32), (4, 4), (8, 8), (32,), (1,), (), (32, 32)]),
                  st.lists(st.integers(0, 9), max_size=5).map(tuple)),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_any_shapes_are_either_applied_or_named(tmp_path_factory, unet, shapes):
    good = {"lora_unet_out_2.diff_b": torch.ones(4)}
    loaded = load_lora(write(tmp_path_factory.mktemp("any"), shapes, good), unet, None)
    patch = loaded.model.patches[0]
    applied = [name for name in patch.names if "attn1.to_q" in name]
    assert bool(applied) == (loaded.unmatched == ())
    assert complete(shapes) or not applied
    for name in applied:
        weight = torch.ones(unet.part.shapes[name])
        assert patch.apply(name, weight).shape == weight.shape
