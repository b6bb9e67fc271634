"""Telling families apart, from files in every published layout."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from graphexec.diffusion.loading.checkpoint import load_checkpoint, load_unet
from graphexec.diffusion.loading.family import V_MARK, Family
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs
from tests.diffusion.layouts import FULL, tiny, write_unet

NAMES = {
    **dict.fromkeys(("sdxl", "ssd-1b", "vega", "koala-700m", "koala-1b"), "sdxl"),
    **dict.fromkeys(("sd1", "sd1-inpaint"), "sd1"),
    **dict.fromkeys(("sd2",), "sd2"),
    **dict.fromkeys(("sdxl-refiner",), "sdxl-refiner"),
}


def marked(spread):
    """The bias that tells v from eps in SD2, with a spread of its own."""
    return torch.tensor([spread, -spread] * 32).half()


@pytest.mark.parametrize("name", FULL)
def test_every_layout_loads_and_runs(tmp_path, name):
    prefix = "" if name in ("sd2", "vega") else "model.diffusion_model."
    handle = load_unet(write_unet(tmp_path / "a.safetensors", name, prefix), WeightsPool())
    assert handle.family.name == NAMES[name] and handle.layout == tiny(name)
    assert handle.concat_channels == (5 if name == "sd1-inpaint" else 0)
    y = handle.vector({"pooled_output": torch.zeros(1, 128)}, 512, 512)
    x = torch.randn(1, 4, 8, 8)
    concat = torch.zeros(1, 5, 8, 8) if handle.concat_channels else None
    out = handle.network()(Inputs(x, torch.tensor([500.0]), torch.randn(1, 77, 128), y=y, concat=concat))
    assert out.shape == x.shape and out.dtype is torch.float32 and torch.isfinite(out).all()


@pytest.mark.parametrize(("spread", "prediction"), [(0.05, "eps"), (0.2, "v")])
def test_sd2_tells_its_prediction_by_the_spread_of_one_bias(tmp_path, spread, prediction):
    extra = {f"model.diffusion_model.{V_MARK}": marked(spread)}
    path = write_unet(tmp_path / "a.safetensors", "sd2", **extra)
    assert load_unet(path, WeightsPool()).family == Family("sd2", prediction)


def test_sdxl_tells_its_prediction_by_markers(tmp_path):
    def family(**extra):
        return load_unet(write_unet(tmp_path / "a.safetensors", "sdxl", **extra), WeightsPool()).family

    empty = torch.zeros(0)
    assert family() == Family("sdxl")
    assert family(v_pred=empty) == Family("sdxl", "v")
    assert family(v_pred=empty, ztsnr=empty) == Family("sdxl", "v", zero_snr=True)
    assert family(ztsnr=empty) == Family("sdxl")
    edm = {"edm_vpred.sigma_max": torch.tensor(80.0), "edm_vpred.sigma_min": torch.tensor(0.5)}
    found = family(**edm)
    assert found == Family("sdxl", "v", edm=(0.5, 80.0))
    assert float(found.schedule().sigmas[0]) == pytest.approx(0.5)
    assert float(found.schedule().sigmas[-1]) == pytest.approx(80.0)


def test_zero_terminal_snr_reaches_almost_pure_noise():
    plain, zero = (float(Family("sdxl", "v", zero_snr=z).schedule().sigmas[-1]) for z in (False, True))
    assert plain < 15 and zero > 4000


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (["model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale"], "Flux"),
        (["model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight"], "Stable Diffusion 3"),
        (["down_blocks.0.resnets.0.conv1.weight", "conv_out.weight"], "no known layout"),
        (["something.weight"], "holds no diffusion model"),
        (["model.diffusion_model.input_blocks.0.0.weight", "model.diffusion_model.out.2.weight"], "no known layout"),
    ],
)
def test_other_models_are_named_in_the_error(tmp_path, tensors, words):
    save_file({name: torch.zeros(2, 2) for name in tensors}, tmp_path / "other.safetensors")
    with pytest.raises(BadModelFile, match=f"other.safetensors: .*{words}"):
        load_unet(tmp_path / "other.safetensors", WeightsPool())


def test_a_tensor_that_is_missing_is_named(tmp_path):
    path = write_unet(tmp_path / "a.safetensors", "sd1", "")
    tensors = load_file(path)
    del tensors["input_blocks.1.0.out_layers.3.bias"]
    save_file(tensors, path)
    with pytest.raises(BadModelFile, match="lacks the tensor input_blocks"):
        load_unet(path, WeightsPool()).network()


def test_a_checkpoint_without_the_others_has_none(tmp_path):
    checkpoint = load_checkpoint(write_unet(tmp_path / "a.safetensors", "sd1"), WeightsPool())
    assert checkpoint.clip is None and checkpoint.vae is None
