"""Saved models load again as the same models, patches included."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from graphexec.diffusion.loading.checkpoint import load_checkpoint, load_text_encoders, load_unet, load_vae
from graphexec.diffusion.loading.family import Family
from graphexec.diffusion.loading.lora import load_lora
from graphexec.diffusion.loading.saving import checkpoint_bytes, clip_bytes, model_bytes, openclip, vae_bytes
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from tests.diffusion.layouts import drawn, drawn_unet, meta
from tests.diffusion.models.test_autoencoder import LAYOUT
from tests.diffusion.text.test_encoding import openclip as packed_by_hand

LAYER = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"


def text_tensors(role, prefix):
    projection = None if role == "l" else 32
    tensors = drawn(meta(ClipText, TextLayout(64, 128, 3, 49408, 77, projection, "gelu")), seed=ord(role))
    if role == "l":
        return {prefix + name: tensor for name, tensor in tensors.items()}
    return packed_by_hand(tensors, prefix)


FAMILIES = {
    "sd1": ("sd1", {"l": "cond_stage_model.transformer."}),
    "sd2": ("sd2", {"h": "cond_stage_model.model."}),
    "sdxl": ("sdxl", {"l": "conditioner.embedders.0.transformer.", "g": "conditioner.embedders.1.model."}),
    "sdxl-refiner": ("sdxl-refiner", {"g": "conditioner.embedders.0.model."}),
}


@pytest.fixture(params=FAMILIES, scope="module")
def file(request, tmp_path_factory):
    name, encoders = FAMILIES[request.param]
    tensors = {f"model.diffusion_model.{n}": t for n, t in drawn_unet(name).items()}
    tensors |= {f"first_stage_model.{n}": t for n, t in drawn(meta(Autoencoder, LAYOUT)).items()}
    for role, prefix in encoders.items():
        tensors |= text_tensors(role, prefix)
    tensors = {n: t for n, t in tensors.items() if not n.endswith("logit_scale")}
    path = tmp_path_factory.mktemp("saving") / "a.safetensors"
    save_file(tensors, path)
    return path


def write(path, content):
    path.write_bytes(content)
    return path


def test_a_checkpoint_is_written_as_it_was(file, tmp_path):
    whole = load_checkpoint(file, WeightsPool())
    before, after = load_file(file), load_file(write(tmp_path / "b.safetensors", checkpoint_bytes(*whole)))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        assert after[name].dtype == tensor.dtype and torch.equal(after[name], tensor), name


def test_parts_load_alone(file, tmp_path):
    model, clip, vae = load_checkpoint(file, WeightsPool())
    again = load_unet(write(tmp_path / "u.safetensors", model_bytes(model)), WeightsPool())
    assert again.family == model.family and again.layout == model.layout
    latent = torch.randn(1, 4, 4, 4)
    other = load_vae(write(tmp_path / "v.safetensors", vae_bytes(vae)), WeightsPool())
    assert torch.equal(other.decode(latent), vae.decode(latent))
    paths = [write(tmp_path / f"{role}.safetensors", content) for role, content in clip_bytes(clip).items()]
    tensors = load_file(paths[0])
    assert "text_model.final_layer_norm.weight" in tensors
    if len(paths) == 1 and clip.encoders[0].role == "l":
        assert torch.equal(load_text_encoders(paths, WeightsPool()).encode("fox")[0][0], clip.encode("fox")[0][0])


def test_patches_are_written_and_the_original_is_not_touched(file, tmp_path):
    model, clip, vae = load_checkpoint(file, WeightsPool())
    layer = "out_2" if "sdxl" in model.family.name else LAYER.replace(".", "_")
    shape = (4, model.layout.model_channels * 9) if layer == "out_2" else (model.layout.model_channels,) * 2
    text = "lora_te_text_model_encoder_layers_0_mlp_fc1"
    lora = {
        f"lora_unet_{layer}.lora_up.weight": torch.randn(shape[0], 2),
        f"{text}.lora_up.weight": torch.randn(128, 2),
    }
    lora |= {
        f"lora_unet_{layer}.lora_down.weight": torch.randn(2, shape[1]),
        f"{text}.lora_down.weight": torch.randn(2, 64),
    }
    save_file(lora, tmp_path / "lora.safetensors")
    original = file.read_bytes()
    patched = load_lora(tmp_path / "lora.safetensors", model, clip, 0.5, 0.5)
    assert patched.unmatched == ()
    saved = write(tmp_path / "b.safetensors", checkpoint_bytes(patched.model, patched.clip, vae))
    assert file.read_bytes() == original
    again = load_checkpoint(saved, WeightsPool())
    assert torch.equal(again.clip.encode("fox")[0][0], patched.clip.encode("fox")[0][0])
    y = model.vector({"pooled_output": torch.zeros(1, 128)}, 64, 64)
    inputs = Inputs(torch.randn(1, 4, 8, 8), torch.tensor([9.0]), torch.randn(1, 77, model.layout.context), y=y)
    exact, stored, plain = (handle.network()(inputs) for handle in (patched.model, again.model, model))
    assert (stored - exact).abs().max() < 0.05 * (exact - plain).abs().max()


@pytest.mark.parametrize(
    "markers",
    [
        {"v_pred": torch.zeros(0)},
        {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)},
        {"edm_vpred.sigma_max": torch.tensor(80.0), "edm_vpred.sigma_min": torch.tensor(0.5)},
    ],
)
def test_what_sdxl_predicts_is_kept(tmp_path, markers):
    save_file(
        {**{f"model.diffusion_model.{n}": t for n, t in drawn_unet("sdxl").items()}, **markers},
        tmp_path / "a.safetensors",
    )
    model = load_unet(tmp_path / "a.safetensors", WeightsPool())
    assert model.family != Family("sdxl")
    assert load_unet(write(tmp_path / "b.safetensors", model_bytes(model)), WeightsPool()).family == model.family


def test_openclips_layout_is_that_of_the_hand():
    tensors = drawn(meta(ClipText, TextLayout(64, 128, 3, 49408, 77, 32, "gelu")))
    expected = packed_by_hand(tensors, "")
    del expected["logit_scale"]
    found = openclip(tensors)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
