"""Loaders of files that hold one model each, in workflows: the same latents as the checkpoint they come from."""

import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402

import graphexec  # noqa: E402
from graphexec.diffusion.models.tiny_autoencoder import decoder, encoder  # noqa: E402
from tests.diffusion.layouts import drawn, meta  # noqa: E402

WRITER = Path(__file__).parents[2] / "workflows" / "tiny_checkpoint.py"
TEXT = "cond_stage_model.transformer."


def node(kind, /, **inputs):
    return {"class_type": kind, "inputs": inputs}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    root = tmp_path_factory.mktemp("loaders")
    writer = runpy.run_path(str(WRITER))
    size = writer["Size"](unet=(32, 64, 128, 128), text=128)
    writer["write"](root / "models" / "checkpoints" / "tiny.safetensors", size)
    tensors = load_file(root / "models" / "checkpoints" / "tiny.safetensors")
    for folder in ("unet", "text_encoders", "vae", "vae_approx"):
        (root / "models" / folder).mkdir()

    def part(prefix, path, dtype=None, keep=""):
        found = {keep + n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        save_file({n: t.to(dtype or t.dtype).contiguous() for n, t in found.items()}, root / "models" / path)

    part("model.diffusion_model.", "unet/bare.safetensors")
    part("model.diffusion_model.", "unet/prefixed.safetensors", keep="model.diffusion_model.")
    part("model.diffusion_model.", "unet/stored8.safetensors", torch.float8_e4m3fn)
    part("model.diffusion_model.", "unet/stored5.safetensors", torch.float8_e5m2)
    part(TEXT, "text_encoders/l.safetensors")
    part("first_stage_model.", "vae/bare.safetensors")
    return root


@pytest.fixture(scope="module")
def session(places):
    folders = {name: places / name for name in ("models", "input", "output")}
    with graphexec.Session(**folders, cache=None, device="cpu", dtype="fp32") as session:
        yield session


def flow(model=("m", 0), clip=("m", 1), vae=("m", 2), **nodes):
    return {
        "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        "pos": node("CLIPTextEncode", text="a fox", clip=list(clip)),
        "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "k": node(
            "KSampler", model=list(model), positive=["pos", 0], negative=["pos", 0], latent_image=["empty", 0],
            seed=1, steps=2, cfg=1.0, sampler_name="euler", scheduler="normal", denoise=1.0,
        ),
        "d": node("VAEDecode", samples=["k", 0], vae=list(vae)),
    } | nodes  # fmt: skip


def image(session, **changes):
    return session.run(flow(**changes), targets=["d:0"]).value("d", 0)


def unet(name, weight_dtype="default"):
    return node("UNETLoader", unet_name=f"{name}.safetensors", weight_dtype=weight_dtype)


CLIP = node("CLIPLoader", clip_name="l.safetensors", type="stable_diffusion")


@pytest.mark.parametrize("name", ["bare", "prefixed"])
def test_three_files_are_their_checkpoint(session, name):
    vae = node("VAELoader", vae_name="bare.safetensors")
    parts = image(session, model=("u", 0), clip=("c", 0), vae=("v", 0), u=unet(name), c=CLIP, v=vae)
    assert torch.equal(parts, image(session))


@pytest.mark.parametrize(("choice", "stored"), [("fp8_e4m3fn", "stored8"), ("fp8_e5m2", "stored5"),
                                                ("fp8_e4m3fn_fast", "stored8")])  # fmt: skip
def test_fp8_weights_are_those_of_a_file_stored_in_fp8(session, choice, stored):
    rounded = image(session, model=("u", 0), u=unet("bare", choice))
    assert torch.equal(rounded, image(session, model=("u", 0), u=unet(stored)))
    assert not torch.equal(rounded, image(session))


def test_rounded_models_are_other_models(session):
    handles = session.run(
        flow(a=unet("bare"), b=unet("bare", "fp8_e4m3fn"), c=unet("bare", "fp8_e5m2")), targets=["a:0", "b:0", "c:0"]
    )
    assert len({handles.value(name, 0).identity for name in "abc"}) == 3


@pytest.mark.parametrize(
    ("loader", "message"),
    [
        (CLIP | {"inputs": CLIP["inputs"] | {"type": "sd3"}}, "'sd3' are not supported; 'stable_diffusion' is"),
        (node("DualCLIPLoader", clip_name1="l.safetensors", clip_name2="l.safetensors", type="flux"), "'sdxl' is"),
        (node("DualCLIPLoader", clip_name1="l.safetensors", clip_name2="l.safetensors", type="sdxl"), "not the two"),
    ],
)
def test_other_text_encoders_are_refused(session, loader, message):
    with pytest.raises(graphexec.RunFailed, match=message):
        session.run(flow(c=loader), targets=["c:0"])


def test_taesd_needs_both_of_its_files_and_its_key_follows_them(session, places):
    tiny = flow(vae=("v", 0), v=node("VAELoader", vae_name="taesd"))
    with pytest.raises(graphexec.InvalidWorkflow, match=r"taesd_encoder\.safetensors"):
        session.run(tiny)
    for name, build in (("encoder", encoder), ("decoder", decoder)):
        save_file(drawn(meta(build)), places / "models" / "vae_approx" / f"taesd_{name}.safetensors")
    first = session.run(tiny, targets=["d:0"])
    assert first.value("d", 0).shape == (1, 64, 64, 3)
    assert session.run(tiny, targets=["d:0"]).executed == ()
    other = {n: t * 1.5 for n, t in drawn(meta(decoder)).items()}
    save_file(other, places / "models" / "vae_approx" / "taesd_decoder.safetensors")
    again = session.run(tiny, targets=["d:0"])
    assert not torch.equal(again.value("d", 0), first.value("d", 0))
    assert "k" not in again.executed


def test_object_info_lists_tiny_autoencoders_that_are_there(places):
    from graphexec.files import Folders
    from graphexec.registry.loading import load_registry
    from graphexec.registry.object_info import object_info

    spec = load_registry(()).get("VAELoader")
    (places / "models" / "vae_approx" / "taesdxl_encoder.safetensors").touch()
    choices = object_info(spec, Folders([places / "models"]))["input"]["required"]["vae_name"][0]
    assert "bare.safetensors" in choices and "pixel_space" in choices and "taesdxl" not in choices
    (places / "models" / "vae_approx" / "taesdxl_decoder.pth").touch()
    assert "taesdxl" in object_info(spec, Folders([places / "models"]))["input"]["required"]["vae_name"][0]
