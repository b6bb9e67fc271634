"""The shipped checkpoint in diffusers and transformers: their networks predict what ours do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from graphexec.diffusion.loading.checkpoint import Checkpoint, load_checkpoint
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs
from graphexec.files import shipped_models

diffusers = pytest.importorskip("diffusers", reason="compares with diffusers: pip install diffusers transformers")
transformers = pytest.importorskip("transformers", reason="compares with transformers")

UNET = {
    "_class_name": "UNet2DConditionModel",
    "in_channels": 4,
    "out_channels": 4,
    "sample_size": 16,
    "block_out_channels": [64, 128],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "layers_per_block": 1,
    "cross_attention_dim": 64,
    "attention_head_dim": 8,
    "norm_num_groups": 32,
}
VAE = {
    "_class_name": "AutoencoderKL",
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "sample_size": 128,
    "block_out_channels": [64, 64, 64, 64],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 1,
    "norm_num_groups": 32,
    "scaling_factor": 0.18215,
}


@pytest.fixture(scope="module")
def path() -> Path:
    models = shipped_models()
    assert models is not None
    return models / "checkpoints/shapes.safetensors"


@pytest.fixture(scope="module")
def ours(path: Path) -> Checkpoint:
    return load_checkpoint(path, WeightsPool())


def from_file(kind, path: Path, config: dict, directory: Path):  # type: ignore[no-untyped-def,type-arg]
    """A module of diffusers, read from the single file with a local configuration; nothing is fetched."""
    (directory / "config.json").write_text(json.dumps(config))
    module = kind.from_single_file(str(path), config=str(directory), local_files_only=True, torch_dtype=torch.float32)
    return module.eval()


def test_the_unet_predicts_the_same_noise(path: Path, ours: Checkpoint, tmp_path: Path) -> None:
    theirs = from_file(diffusers.UNet2DConditionModel, path, UNET, tmp_path)
    generator = torch.Generator().manual_seed(0)
    x, context = torch.randn(2, 4, 16, 16, generator=generator), torch.randn(2, 77, 64, generator=generator)
    timestep = torch.tensor([20.0, 700.0])
    with torch.inference_mode():
        wanted = theirs(x, timestep, context).sample
        made = ours.model.network()(Inputs(x, timestep, context))
    assert (made - wanted).abs().max() < 1e-4


def test_the_autoencoder_gives_the_same_latents_and_pixels(path: Path, ours: Checkpoint, tmp_path: Path) -> None:
    theirs = from_file(diffusers.AutoencoderKL, path, VAE, tmp_path)
    assert ours.vae is not None
    module = ours.vae.module()
    pixels = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        latent = theirs.encode(pixels).latent_dist.mean
        assert (module.encode(pixels) - latent).abs().max() < 1e-3  # latents have a spread of 5.5
        assert (module.decode(latent) - theirs.decode(latent).sample).abs().max() < 1e-4


def test_the_text_encoder_gives_the_same_states(path: Path, ours: Checkpoint) -> None:
    from safetensors.torch import load_file

    from graphexec.diffusion.tokenizer import END, START, tokenize

    config = transformers.CLIPTextConfig(
        vocab_size=49408, hidden_size=64, intermediate_size=256, num_hidden_layers=3, num_attention_heads=1
    )
    theirs = transformers.CLIPTextModel(config).eval()
    prefix = "cond_stage_model.transformer."
    tensors = {name[len(prefix) :]: t.float() for name, t in load_file(path).items() if name.startswith(prefix)}
    wanted_names = set(theirs.state_dict())
    if not wanted_names & tensors.keys():  # transformers 5 leaves the first word out
        tensors = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    assert {name for name in wanted_names if "position_ids" not in name} == tensors.keys()
    theirs.load_state_dict(tensors, strict=False)
    tokens = [START, *tokenize("a red circle on a blue background"), END]
    tokens += [END] * (77 - len(tokens))
    assert ours.clip is not None
    with torch.inference_mode():
        wanted = theirs(torch.tensor([tokens])).last_hidden_state
        made = ours.clip.encode("a red circle on a blue background")[0][0]
    assert (made - wanted).abs().max() < 1e-4
