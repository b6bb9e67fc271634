"""Sampling nodes against each other, on a tiny checkpoint: different ways to ask for the same picture give it."""

import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
import graphexec  # noqa: E402
from nodes.samplers import NODES  # noqa: E402

SAMPLERS = {spec.type: spec for spec in NODES.specs}
WRITER = Path(__file__).parents[2] / "workflows" / "tiny_checkpoint.py"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    root = tmp_path_factory.mktemp("sampling")
    writer = runpy.run_path(str(WRITER))
    writer["write"](root / "models" / "checkpoints" / "tiny.safetensors", writer["Size"]())
    places = {name: root / name for name in ("models", "input", "output")}
    with graphexec.Session(**places, cache=None, device="cpu", dtype="fp32") as session:
        yield session


def node(type, **inputs):
    return {"class_type": type, "inputs": inputs}


def flow(**nodes):
    """A workflow: model "m", prompts "pos" and "neg", an empty latent "empty", and the given nodes."""
    shared = {
        "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        "pos": node("CLIPTextEncode", text="a fox", clip=["m", 1]),
        "neg": node("CLIPTextEncode", text="", clip=["m", 1]),
        "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    }
    return shared | nodes


def ksampler(latent="empty", type="KSampler", **settings):
    chosen = {"steps": 4, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal", **settings}
    sockets = {"model": ["m", 0], "positive": ["pos", 0], "negative": ["neg", 0], "latent_image": [latent, 0]}
    return node(type, **chosen, **sockets)


def advanced(latent="empty", **settings):
    defaults = {
        "add_noise": "enable",
        "noise_seed": 5,
        "start_at_step": 0,
        "end_at_step": 10000,
        "return_with_leftover_noise": "disable",
    }
    return ksampler(latent, "KSamplerAdvanced", **{**defaults, **settings})


def custom(noise="noise", sigmas=("levels", 0), latent="empty", sampler="sampler", guider="guider"):
    return node(
        "SamplerCustomAdvanced",
        noise=[noise, 0],
        guider=[guider, 0],
        sampler=[sampler, 0],
        sigmas=list(sigmas),
        latent_image=[latent, 0],
    )


PARTS = {
    "noise": node("RandomNoise", noise_seed=5),
    "none": node("DisableNoise"),
    "guider": node("CFGGuider", model=["m", 0], positive=["pos", 0], negative=["neg", 0], cfg=3.0),
    "sampler": node("KSamplerSelect", sampler_name="euler"),
    "levels": node("BasicScheduler", model=["m", 0], scheduler="normal", steps=4, denoise=1.0),
}


def samples(session, workflow, *targets):
    result = session.run(workflow, targets=[f"{t}:0" for t in targets])
    return [result.value(t, 0)["samples"] for t in targets]


def test_ksampler_is_the_advanced_one_without_a_window(session):
    plain, same = samples(session, flow(a=ksampler(seed=5, denoise=1.0), b=advanced()), "a", "b")
    assert torch.equal(plain, same) and plain.abs().max() > 0.1


def test_ksampler_is_custom_sampling_from_its_parts(session):
    plain, same = samples(session, flow(**PARTS, a=ksampler(seed=5, denoise=1.0), b=custom()), "a", "b")
    assert torch.equal(plain, same)


def test_a_part_of_the_denoising_is_the_scheduler_with_that_part(session):
    parts = PARTS | {"levels": node("BasicScheduler", model=["m", 0], scheduler="normal", steps=4, denoise=0.5)}
    plain, same = samples(session, flow(**parts, a=ksampler(seed=5, denoise=0.5), b=custom()), "a", "b")
    assert torch.equal(plain, same)


def test_two_windows_with_leftover_noise_are_one_run(session):
    first = advanced(end_at_step=2, return_with_leftover_noise="enable")
    second = advanced("a", add_noise="disable", noise_seed=9, start_at_step=2)
    whole, split = samples(session, flow(a=first, b=second, c=advanced()), "c", "b")
    torch.testing.assert_close(split, whole, atol=1e-5, rtol=1e-5)


def test_split_sigmas_are_windows(session):
    nodes = {
        "halves": node("SplitSigmas", sigmas=["levels", 0], step=2),
        "a": custom(sigmas=("halves", 0)),
        "b": custom("none", ("halves", 1), "a"),
        "c": custom(),
    }
    split, whole = samples(session, flow(**PARTS, **nodes), "b", "c")
    torch.testing.assert_close(split, whole, atol=1e-5, rtol=1e-5)


def test_sampler_custom_is_the_advanced_one(session):
    guided = {"model": ["m", 0], "positive": ["pos", 0], "negative": ["neg", 0], "cfg": 3.0, "noise_seed": 5}
    rest = {"sampler": ["sampler", 0], "sigmas": ["levels", 0], "latent_image": ["empty", 0]}
    nodes = {
        "a": node("SamplerCustom", add_noise=True, **guided, **rest),
        "b": custom(),
        "c": node("SamplerCustom", add_noise=False, **guided, **rest),
        "d": custom("none"),
    }
    with_noise, same, without, same_without = samples(session, flow(**PARTS, **nodes), "a", "b", "c", "d")
    assert torch.equal(with_noise, same) and torch.equal(without, same_without)
    assert not torch.equal(with_noise, without)


def test_no_levels_leave_the_latent_as_it_is(session):
    nodes = {
        "nothing": node("BasicScheduler", model=["m", 0], scheduler="normal", steps=4, denoise=0.0),
        "a": custom(sigmas=("nothing", 0)),
        "b": advanced(start_at_step=4),
    }
    custom_result, window = samples(session, flow(**PARTS, **nodes), "a", "b")
    assert not custom_result.any() and not window.any()


def test_one_level_adds_its_noise_and_no_more(session):
    nodes = {
        "one": node("SplitSigmas", sigmas=["levels", 0], step=0),
        "a": custom(sigmas=("one", 0)),
        "b": node("AddNoise", model=["m", 0], noise=["noise", 0], sigmas=["low", 0], latent_image=["empty", 0]),
        "low": node("KarrasScheduler", steps=1, sigma_max=3.0, sigma_min=3.0, rho=7.0),
    }
    one, added = samples(session, flow(**PARTS, **nodes), "a", "b")
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(added * 0.18215, noise * 3.0)
    torch.testing.assert_close(one / one.std(), noise / noise.std(), atol=1e-4, rtol=1e-4)


def test_settings_reach_the_sampler(session):
    """Without the noise of its own, the ancestral sampler is Euler's method."""
    nodes = {
        "quiet": node("SamplerEulerAncestral", eta=0.0, s_noise=1.0),
        "loud": node("SamplerEulerAncestral", eta=1.0, s_noise=1.0),
        "a": custom(sampler="quiet"),
        "b": custom(sampler="loud"),
        "c": custom(),
    }
    quiet, loud, euler = samples(session, flow(**PARTS, **nodes), "a", "b", "c")
    torch.testing.assert_close(quiet, euler, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(loud, euler, atol=1e-2)


@pytest.mark.parametrize(
    ("chosen", "settings", "plain"),
    [
        ("SamplerLMS", {}, "lms"),
        ("SamplerDPMPP_2M_SDE", {"solver_type": "midpoint", "noise_device": "cpu"}, "dpmpp_2m_sde"),
        ("SamplerDPMPP_2M_SDE", {"solver_type": "heun", "noise_device": "cpu"}, "dpmpp_2m_sde_heun"),
        ("SamplerDPMPP_3M_SDE", {"noise_device": "gpu"}, "dpmpp_3m_sde_gpu"),
        ("SamplerDPMPP_SDE", {"noise_device": "cpu"}, "dpmpp_sde"),
        ("SamplerDPMPP_2S_Ancestral", {}, "dpmpp_2s_ancestral"),
        ("SamplerEulerAncestralCFGPP", {}, "euler_ancestral_cfg_pp"),
        ("SamplerDPMAdaptative", {}, "dpm_adaptive"),
        ("SamplerER_SDE", {"solver_type": "ER-SDE"}, "er_sde"),
    ],
)
def test_option_nodes_with_their_defaults_are_the_named_samplers(session, chosen, settings, plain):
    declared = {i.name: i.default for i in SAMPLERS[chosen].inputs if i.has_default}
    nodes = {
        "options": node(chosen, **{**declared, **settings}),
        "named": node("KSamplerSelect", sampler_name=plain),
        "a": custom(sampler="options"),
        "b": custom(sampler="named"),
    }
    parts = PARTS | {"levels": node("KarrasScheduler", steps=3, sigma_max=5.0, sigma_min=0.2, rho=7.0)}
    optioned, named = samples(session, flow(**parts, **nodes), "a", "b")
    torch.testing.assert_close(optioned, named, atol=1e-5, rtol=1e-5)


def test_guiders_agree_where_their_formulas_do(session):
    both = {"model": ["m", 0], "cond1": ["pos", 0], "negative": ["neg", 0]}
    nodes = {
        "basic": node("BasicGuider", model=["m", 0], conditioning=["pos", 0]),
        "one": node("CFGGuider", model=["m", 0], positive=["pos", 0], negative=["neg", 0], cfg=1.0),
        "dual": node("DualCFGGuider", cond2=["neg", 0], cfg_conds=3.0, cfg_cond2_negative=1.0, style="regular", **both),
        "nested": node(
            "DualCFGGuider", cond2=["neg", 0], cfg_conds=3.0, cfg_cond2_negative=1.0, style="nested", **both
        ),
        **{f"by {g}": custom(guider=g) for g in ("basic", "one", "dual", "nested", "guider")},
    }
    names = [f"by {g}" for g in ("basic", "one", "dual", "nested", "guider")]
    basic, one, dual, nested, cfg = samples(session, flow(**PARTS, **nodes), *names)
    torch.testing.assert_close(one, basic, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(dual, cfg, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(nested, cfg, atol=1e-4, rtol=1e-4)


def test_the_second_output_is_the_last_clean_estimate(session):
    result = session.run(flow(**PARTS, a=custom()), targets=["a:0", "a:1"])
    torch.testing.assert_close(result.value("a", 0)["samples"], result.value("a", 1)["samples"])
    nodes = {"first": node("SplitSigmas", sigmas=["levels", 0], step=1), "a": custom(sigmas=("first", 0))}
    result = session.run(flow(**PARTS, **nodes), targets=["a:0", "a:1", "levels:0"])
    after, clean = (result.value("a", slot)["samples"] * 0.18215 for slot in (0, 1))
    high, low = result.value("levels", 0)[:2]
    before = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5)) * (1 + high**2) ** 0.5
    torch.testing.assert_close(after, clean + (before - clean) * low / high, atol=1e-4, rtol=1e-4)


def test_the_sdxl_prompt_node_says_what_it_needs(session):
    sizes = {"width": 64, "height": 64, "crop_w": 0, "crop_h": 0, "target_width": 64, "target_height": 64}
    with pytest.raises(graphexec.RunFailed, match="two text encoders"):
        session.run(flow(a=node("CLIPTextEncodeSDXL", clip=["m", 1], text_g="a", text_l="b", **sizes)), targets=["a:0"])


def test_tiles_larger_than_the_picture_are_the_whole(session):
    nodes = {
        "a": ksampler(seed=5, denoise=1.0),
        "whole": node("VAEDecode", samples=["a", 0], vae=["m", 2]),
        "tiled": node("VAEDecodeTiled", samples=["a", 0], vae=["m", 2], tile_size=512, overlap=64),
    }
    nodes["tiled"]["inputs"] |= {"temporal_size": 64, "temporal_overlap": 8}
    result = session.run(flow(**nodes), targets=["whole:0", "tiled:0"])
    whole, tiled = result.value("whole", 0), result.value("tiled", 0)
    assert whole.shape == (1, 64, 64, 3)
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=1e-5)


def test_inpainting_keeps_what_the_mask_leaves_out(session):
    nodes = {
        "first": ksampler(seed=1, denoise=1.0),
        "mask": node("SolidMask", value=1.0, width=64, height=64),
        "half": node("MaskComposite", destination=["mask", 0], source=["mask", 0], x=32, y=0, operation="subtract"),
        "set": node("SetLatentNoiseMask", samples=["first", 0], mask=["half", 0]),
        "again": ksampler("set", seed=2, denoise=1.0),
    }
    before, after = samples(session, flow(**nodes), "first", "again")
    torch.testing.assert_close(after[..., 4:], before[..., 4:], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(after[..., :4], before[..., :4], atol=1e-1)
