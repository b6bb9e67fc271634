"""LoRA and ControlNet nodes in workflows: what they leave alone, what they say, what they share."""

import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from PIL import Image  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

import graphexec  # noqa: E402
from tests.diffusion.control.files import PICTURE, control_layout, controlnet_tensors  # noqa: E402

WRITER = Path(__file__).parents[2] / "workflows" / "tiny_checkpoint.py"
QUERY = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
KOHYA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
TEXT = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"


def low_rank(layer, outer, inner, seed=0, rank=2):
    draw = torch.Generator().manual_seed(seed)
    return {
        f"{layer}.lora_up.weight": torch.randn(outer, rank, generator=draw),
        f"{layer}.lora_down.weight": torch.randn(rank, inner, generator=draw),
    }


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    root = tmp_path_factory.mktemp("additions")
    writer = runpy.run_path(str(WRITER))
    size = writer["Size"](unet=(32, 64, 128, 128), text=128)
    writer["write"](root / "models" / "checkpoints" / "tiny.safetensors", size)
    for folder in ("loras", "controlnet"):
        (root / "models" / folder).mkdir()
    loras = root / "models" / "loras"
    save_file(low_rank(KOHYA, 32, 32) | low_rank(TEXT, 128, 128), loras / "one.safetensors")
    save_file(low_rank(KOHYA, 32, 32, seed=1), loras / "two.safetensors")
    strange = {f"lora_unet_nowhere_{i}": None for i in range(30)}
    odd = {k: v for layer in strange for k, v in low_rank(layer, 4, 4).items()}
    save_file(low_rank(KOHYA, 32, 32) | odd, loras / "odd.safetensors")
    (loras / "torn.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{}")
    assert control_layout("sd1").picture == (*PICTURE, 32)
    save_file(controlnet_tensors("sd1"), root / "models" / "controlnet" / "tiny.safetensors")
    places = {name: root / name for name in ("models", "input", "output")}
    (root / "input").mkdir()
    Image.effect_noise((80, 64), 90).convert("RGB").save(root / "input" / "noise.png")
    with graphexec.Session(**places, cache=None, device="cpu", dtype="fp32") as session:
        yield session


def node(type, **inputs):
    return {"class_type": type, "inputs": inputs}


def flow(**nodes):
    shared = {
        "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        "pos": node("CLIPTextEncode", text="a fox", clip=["m", 1]),
        "neg": node("CLIPTextEncode", text="", clip=["m", 1]),
        "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "image": node("LoadImage", image="noise.png"),
        "net": node("ControlNetLoader", control_net_name="tiny.safetensors"),
    }
    return shared | nodes


def ksampler(model=("m", 0), positive=("pos", 0), negative=("neg", 0)):
    return node(
        "KSampler", model=list(model), positive=list(positive), negative=list(negative), latent_image=["empty", 0],
        seed=1, steps=3, cfg=3.0, sampler_name="euler", scheduler="normal", denoise=1.0,
    )  # fmt: skip


def lora(name, model=("m", 0), **settings):
    chosen = {"strength_model": 1.0, "strength_clip": 1.0, **settings}
    return node("LoraLoader", model=list(model), clip=["m", 1], lora_name=name, **chosen)


def only(name, strength=1.0, model=("m", 0)):
    return node("LoraLoaderModelOnly", model=list(model), lora_name=name, strength_model=strength)


def apply(positive=("pos", 0), negative=("neg", 0), **settings):
    chosen = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0, **settings}
    sockets = {"positive": list(positive), "negative": list(negative), "control_net": ["net", 0], "image": ["image", 0]}
    return node("ControlNetApplyAdvanced", **sockets, **chosen)


def value(session, target, **nodes):
    return session.run(flow(**nodes), targets=[f"{target}:0"]).value(target, 0)


def samples(session, **nodes):
    return value(session, "k", **nodes)["samples"]


def test_strength_zero_is_the_model_itself(session):
    result = session.run(
        flow(a=lora("one.safetensors", strength_model=0, strength_clip=0), b=only("two.safetensors", 0.0)),
        targets=["m:0", "m:1", "a:0", "a:1", "b:0"],
    )
    assert result.value("a", 0) == result.value("m", 0) == result.value("b", 0)
    assert result.value("a", 1) == result.value("m", 1)


def test_two_branches_share_memory_and_both_come_out_right(session):
    result = session.run(
        flow(a=lora("one.safetensors"), b=only("two.safetensors", 0.5), c=only("two.safetensors", 0.25, ("b", 0))),
        targets=["m:0", "a:0", "b:0", "c:0"],
    )
    handles = [result.value(name, 0) for name in "mabc"]
    assert len({handle.identity for handle in handles}) == 4
    plain, *changed = (handle.network().module.state_dict() for handle in handles)
    one, two = (low_rank(KOHYA, 32, 32, seed=seed) for seed in (0, 1))
    products = [p[f"{KOHYA}.lora_up.weight"] @ p[f"{KOHYA}.lora_down.weight"] for p in (one, two)]
    expected = [products[0], 0.5 * products[1], 0.75 * products[1]]
    for tensors, product in zip(changed, expected, strict=True):
        for name, tensor in tensors.items():
            assert (tensor.data_ptr() == plain[name].data_ptr()) == (name != QUERY)
        torch.testing.assert_close(tensors[QUERY], plain[QUERY] + product, atol=1e-5, rtol=1e-5)


def test_what_a_lora_does_not_change_is_said(session):
    events = []
    session.run(flow(a=only("odd.safetensors")), targets=["a:0"], listener=events.append)
    (warning,) = [event.message for event in events if event.kind == "warning"]
    assert "odd.safetensors" in warning and "30 keys" in warning and "lora_unet_nowhere_17, " in warning
    assert "and 10 more" in warning


def test_a_lora_that_fits_whole_says_nothing(session):
    events = []
    session.run(flow(a=lora("one.safetensors"), b=only("one.safetensors")), targets=["a:0", "b:0"],
                listener=events.append)  # fmt: skip
    assert [event.message for event in events if event.kind == "warning"] == []


def test_a_torn_file_is_an_error_that_names_it(session):
    with pytest.raises(graphexec.RunFailed, match=r"torn\.safetensors"):
        value(session, "a", a=only("torn.safetensors"))


def test_control_of_strength_zero_is_none(session):
    plain = samples(session, k=ksampler())
    none = samples(session, c=apply(strength=0.0), k=ksampler(positive=("c", 0), negative=("c", 1)))
    late = samples(session, c=apply(start_percent=1.0), k=ksampler(positive=("c", 0), negative=("c", 1)))
    full = samples(session, c=apply(), k=ksampler(positive=("c", 0), negative=("c", 1)))
    assert torch.equal(plain, none) and torch.equal(plain, late)
    assert (full - plain).abs().max() > 1e-2


def test_the_old_node_gives_its_control_to_the_negative_side_too(session):
    old = node("ControlNetApply", conditioning=["pos", 0], control_net=["net", 0], image=["image", 0], strength=0.7)
    one = samples(session, c=old, k=ksampler(positive=("c", 0)))
    both = samples(session, c=apply(strength=0.7), k=ksampler(positive=("c", 0), negative=("c", 1)))
    torch.testing.assert_close(one, both, atol=1e-5, rtol=1e-5)


def test_chained_controls_add_up(session):
    twice = samples(session, c=apply(strength=0.4), d=apply(("c", 0), ("c", 1), strength=0.6),
                    k=ksampler(positive=("d", 0), negative=("d", 1)))  # fmt: skip
    once = samples(session, c=apply(), k=ksampler(positive=("c", 0), negative=("c", 1)))
    torch.testing.assert_close(twice, once, atol=1e-4, rtol=1e-4)
