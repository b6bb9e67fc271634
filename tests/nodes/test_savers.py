"""Savers in workflows: what is written loads as the same model, patches included, with the workflow inside."""

import json
import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors import safe_open  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

import graphexec  # noqa: E402

WRITER = Path(__file__).parents[2] / "workflows" / "tiny_checkpoint.py"
KOHYA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
TEXT = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"


def node(kind, /, **inputs):
    return {"class_type": kind, "inputs": inputs}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    root = tmp_path_factory.mktemp("savers")
    writer = runpy.run_path(str(WRITER))
    size = writer["Size"](unet=(32, 64, 128, 128), text=128)
    writer["write"](root / "models" / "checkpoints" / "tiny.safetensors", size)
    (root / "models" / "loras").mkdir()
    draw = torch.Generator().manual_seed(0)
    lora = {
        f"{layer}.lora_{side}.weight": torch.randn(*shape, generator=draw)
        for layer, width in ((KOHYA, 32), (TEXT, 128))
        for side, shape in (("up", (width, 2)), ("down", (2, width)))
    }
    save_file(lora, root / "models" / "loras" / "one.safetensors")
    places = {name: root / name for name in ("models", "input", "output")}
    with graphexec.Session(**places, cache=None, device="cpu", dtype="fp32") as session:
        yield session


def flow(model, clip, vae, **nodes):
    return {
        "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        "l": node("LoraLoader", model=["m", 0], clip=["m", 1], lora_name="one.safetensors", strength_model=0.5,
                  strength_clip=0.8),
        "pos": node("CLIPTextEncode", text="a fox", clip=list(clip)),
        "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "k": node(
            "KSampler", model=list(model), positive=["pos", 0], negative=["pos", 0], latent_image=["empty", 0],
            seed=1, steps=2, cfg=1.0, sampler_name="euler", scheduler="normal", denoise=1.0,
        ),
        "d": node("VAEDecode", samples=["k", 0], vae=list(vae)),
    } | nodes  # fmt: skip


def image(session, *parts, **nodes):
    return session.run(flow(*parts, **nodes), targets=["d:0"]).value("d", 0)


SAVE = {
    "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
    "l": node("LoraLoader", model=["m", 0], clip=["m", 1], lora_name="one.safetensors", strength_model=0.5,
              strength_clip=0.8),
    "a": node("CheckpointSave", model=["l", 0], clip=["l", 1], vae=["m", 2], filename_prefix="checkpoints/x"),
    "b": node("ModelSave", model=["l", 0], filename_prefix="diffusion_models/x"),
    "c": node("CLIPSave", clip=["l", 1], filename_prefix="clip/x"),
    "v": node("VAESave", vae=["m", 2], filename_prefix="vae/x"),
}  # fmt: skip


def test_saved_models_are_the_models_that_were_saved(session):
    result = session.run(SAVE)
    names = [Path(path).relative_to(session.output).as_posix() for path in result.files]
    assert sorted(names) == [
        "checkpoints/x_00001_.safetensors",
        "clip/x_clip_l_00001_.safetensors",
        "diffusion_models/x_00001_.safetensors",
        "vae/x_00001_.safetensors",
    ]
    for path in result.files:
        with safe_open(path, "pt") as file:
            assert json.loads(file.metadata()["prompt"]) == SAVE
    wanted = image(session, ("l", 0), ("l", 1), ("m", 2))
    whole = image(
        session, ("s", 0), ("s", 1), ("s", 2), s=node("CheckpointLoaderSimple", ckpt_name=Path(names[0]).name)
    )
    apart = image(
        session, ("u", 0), ("c", 0), ("v", 0),
        u=node("UNETLoader", unet_name="x_00001_.safetensors", weight_dtype="default"),
        c=node("CLIPLoader", clip_name="x_clip_l_00001_.safetensors", type="stable_diffusion"),
        v=node("VAELoader", vae_name="x_00001_.safetensors"),
    )  # fmt: skip
    plain = image(session, ("m", 0), ("m", 1), ("m", 2))
    assert (wanted - plain).abs().max() > 1e-3
    for found in (whole, apart):  # patched weights are rounded to the half precision of the file
        torch.testing.assert_close(found, wanted, atol=2e-3, rtol=0)


def test_a_second_run_finds_the_files_there(session):
    assert session.run(SAVE).files == session.run(SAVE).files


def test_what_has_no_weights_cannot_be_saved(session):
    pixels = {"1": node("VAELoader", vae_name="pixel_space"), "2": node("VAESave", vae=["1", 0], filename_prefix="x")}
    with pytest.raises(graphexec.RunFailed, match="cannot be saved"):
        session.run(pixels)
