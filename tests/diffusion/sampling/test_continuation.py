"""Stages with `continuation: exact` equal one run bit for bit, or say why they do not."""

import dataclasses
import math

import pytest
import torch

from graphexec.diffusion import continuation, custom_sampling, resumption
from graphexec.diffusion.continuation import KEY
from graphexec.diffusion.custom_sampling import NoNoise, RandomNoise
from graphexec.diffusion.guidance import Guider
from graphexec.diffusion.ksampler import Settings, levels, sample
from graphexec.diffusion.latents import with_noise_mask
from graphexec.diffusion.names import LOOKS_AHEAD, OWN_LEVELS
from graphexec.diffusion.parameterization import Eps
from graphexec.diffusion.patching.differential import differential_diffusion
from graphexec.diffusion.samplers.table import SAMPLERS
from graphexec.diffusion.sampling import sampler
from graphexec.errors import NodeError
from graphexec.store.blobs import MemoryBlobs
from tests.diffusion.sampling.toy import SD, Bench, Pointwise, Toy, says

LATENT = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(6))
SOFT = torch.linspace(0, 1, 36).reshape(1, 1, 6, 6)
BASE = Settings(seed=11, steps=8, cfg=3.0, sampler="euler", scheduler="normal")
SPLITTABLE = [name for name in SAMPLERS if name not in OWN_LEVELS]
MODEL = Toy(Pointwise(), Eps(), identity="toy")


def stage(latent, bench=None, model=MODEL, positive=0.4, **changes):
    settings = dataclasses.replace(BASE, **changes)
    return sample(model, latent, says(positive), says(-0.3), settings, bench or Bench(continuation="exact"))


def start(mask=None):
    return {"samples": LATENT, "batch_index": [4, 2]} | ({} if mask is None else {"noise_mask": mask})


def chain(*cuts, mask=None, benches=None, **changes):
    """The samples after stages that hand over at these steps."""
    latent, ends = start(mask), [*cuts, 10000]
    for k, (first, last) in enumerate(zip([0, *cuts], ends, strict=True)):
        more = {"start": first, "end": last, "leftover_noise": k < len(cuts), "add_noise": k == 0}
        latent = stage(latent, benches and benches[k], **more, **changes)
    return latent


def plain_values(value):
    """Whether a value can be written by whoever writes tensors, numbers and texts."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain_values(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(plain_values, value))
    return value is None or isinstance(value, (torch.Tensor, int, float, str))


@pytest.mark.parametrize("name", SPLITTABLE)
@pytest.mark.parametrize("cuts", [(3,), (1,), (7,), (2, 5)])
@pytest.mark.parametrize("mask", [None, SOFT], ids=["", "masked"])
def test_stages_equal_one_run(name, cuts, mask):
    whole = stage(start(mask), Bench(), sampler=name)
    benches = [Bench(continuation="exact") for _ in range(len(cuts) + 1)]
    split = chain(*cuts, mask=mask, benches=benches, sampler=name)
    assert torch.equal(split["samples"], whole["samples"])
    assert KEY not in split
    assert not any(bench.warnings for bench in benches)
    done = [[*range(1, b - a + 1)] for a, b in zip((0, *cuts), (*cuts, 8), strict=True)]
    assert [bench.done for bench in benches] == done


@pytest.mark.parametrize("name", SPLITTABLE)
def test_what_is_handed_over_is_plain_and_leaves_the_latent_as_it_is(name):
    first = chain(3, sampler=name)
    latent = stage(start(), sampler=name, end=3)
    assert plain_values(latent[KEY])
    assert latent[KEY]["checkpoint"]["step"] == 3 and len(latent[KEY]["levels"]) == 9
    assert torch.equal(latent[KEY]["checkpoint"]["x"] / MODEL.latent_format.scale, latent["samples"])
    assert latent["samples"].shape == LATENT.shape and latent["batch_index"] == [4, 2]
    assert first.keys() == {"samples", "batch_index"}
    # Whoever sees `samples` only goes on as ComfyUI does.
    plain = stage(latent, Bench(), sampler=name, start=3, add_noise=False)
    assert KEY not in plain


@pytest.mark.parametrize("name", ["dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_sde", "lms"])
def test_the_default_is_what_comfyui_does(name):
    """A multistep sampler starts anew in the second stage, and noise is drawn from the start."""
    whole = stage(start(), Bench(), sampler=name)["samples"]
    first = stage(start(), Bench(), sampler=name, end=3)
    assert KEY not in first
    second = stage(first, Bench(), sampler=name, start=3, add_noise=False)["samples"]
    assert not torch.equal(second, whole)


@pytest.mark.parametrize("name", ["euler", "dpmpp_sde"])
def test_masks_that_change_by_level(name):
    soft = Toy(Pointwise(), Eps(), identity="toy", patches=(differential_diffusion(),))
    whole = stage(start(SOFT), Bench(), model=soft, sampler=name)["samples"]
    assert torch.equal(chain(3, mask=SOFT, model=soft, sampler=name)["samples"], whole)


@pytest.mark.parametrize("name", OWN_LEVELS)
def test_samplers_with_levels_of_their_own_are_refused(name):
    with pytest.raises(NodeError, match="cannot be continued exactly: it chooses levels"):
        stage(start(), sampler=name, end=3)


def second(latent, **changes):
    """The warnings of a second stage, and whether it did what ComfyUI does."""
    bench, told = Bench(continuation="exact"), {"start": 3, "add_noise": False} | changes
    samples = stage(latent, bench, **told)["samples"]
    plain = stage(latent, Bench(), **told)["samples"]
    return bench.warnings, torch.equal(samples, plain)


DIFFERENT = {
    "cfg": ({"cfg": 3.5}, "the model, a prompt or the guidance is not the same"),
    "prompt": ({"positive": 0.5}, "the model, a prompt or the guidance is not the same"),
    "model": ({"model": Toy(Pointwise(), Eps(), identity="other")}, "the model, a prompt or the guidance is not"),
    "nameless model": ({"model": Toy(Pointwise(), Eps())}, "the model, a prompt or the guidance is not"),
    "sampler": ({"sampler": "heun"}, "the sampler is not the same"),
    "start": ({"start": 4}, "the stage before ended at noise level"),
    "steps": ({"steps": 9}, "the stage before ended at noise level"),
}


@pytest.mark.parametrize(("changes", "reason"), DIFFERENT.values(), ids=DIFFERENT)
def test_other_settings_are_told_once(changes, reason):
    warnings, as_comfyui = second(stage(start(), end=3), **changes)
    assert len(warnings) == 1 and warnings[0].startswith("not continued exactly, but as ComfyUI does: ")
    assert reason in warnings[0]
    assert as_comfyui


@pytest.mark.parametrize(
    "change",
    [
        lambda latent: {**latent, "samples": latent["samples"] + 1e-6},
        lambda latent: {**latent, "samples": latent["samples"].flip(0)},
        lambda latent: {**latent, "batch_index": [0, 1]},
        lambda latent: with_noise_mask(latent, SOFT),
    ],
)
def test_a_changed_latent_is_told(change):
    warnings, as_comfyui = second(change(stage(start(), end=3)))
    assert len(warnings) == 1 and "the latent was changed since it was sampled" in warnings[0]
    assert as_comfyui


def test_a_latent_without_state_is_told():
    warnings, as_comfyui = second(stage(start(), Bench(), end=3))
    assert len(warnings) == 1 and "the stage before needs continuation: exact too" in warnings[0]
    assert as_comfyui


def test_a_latent_of_another_version_is_told():
    (warning,), as_comfyui = second({**stage(start(), end=3), KEY: {"version": 2}})
    assert "another version" in warning and as_comfyui


def test_a_stage_that_adds_noise_begins_a_run():
    latent, bench = stage(start(), end=3), Bench(continuation="exact")
    again = stage(latent, bench, start=3)["samples"]
    assert torch.equal(again, stage(latent, Bench(), start=3)["samples"])
    assert len(bench.warnings) == 1 and "begins a run of its own" in bench.warnings[0]


def test_a_model_of_unknown_content_hands_nothing_over():
    bench = Bench(continuation="exact")
    assert KEY not in stage(start(), bench, model=Toy(Pointwise(), Eps()), end=3)
    assert len(bench.warnings) == 1 and "content is unknown" in bench.warnings[0]


@pytest.mark.parametrize(("name", "same"), [("dpmpp_2m", True), ("euler_ancestral", False), ("ddim", True)])
def test_the_seed_counts_where_something_draws_from_it(name, same):
    latent, bench = stage(start(), sampler=name, end=3), Bench(continuation="exact")
    samples = stage(latent, bench, sampler=name, start=3, add_noise=False, seed=99)["samples"]
    assert torch.equal(samples, stage(start(), Bench(), sampler=name)["samples"]) == same
    assert len(bench.warnings) == (not same)


def test_no_noise_left_hands_nothing_over():
    assert KEY not in stage(start(), end=3, leftover_noise=False)
    assert KEY not in stage(start())


def test_ending_early_without_noise_is_exact_for_samplers_that_do_not_look_ahead():
    latent = stage(start(), sampler="dpmpp_2m", end=3)
    bench = Bench(continuation="exact")
    told = {"sampler": "dpmpp_2m", "end": 6, "leftover_noise": False}
    split = stage(latent, bench, start=3, add_noise=False, **told)["samples"]
    assert torch.equal(split, stage(start(), Bench(), **told)["samples"]) and not bench.warnings
    latent = stage(start(), sampler="uni_pc", end=3)
    warnings, as_comfyui = second(latent, sampler="uni_pc", end=6, leftover_noise=False)
    assert as_comfyui and LOOKS_AHEAD["uni_pc"] in warnings[0]


@pytest.mark.parametrize("name", ["euler_ancestral", "dpmpp_2m_sde", "uni_pc", "dpmpp_2m"])
def test_killed_stages_go_on_too(name, monkeypatch):
    monkeypatch.setattr(resumption, "INTERVAL", 0.0)
    monkeypatch.setattr(resumption, "SHARE", math.inf)
    whole = stage(start(), Bench(), sampler=name)["samples"]
    blobs = MemoryBlobs()
    with pytest.raises(KeyboardInterrupt):
        stage(start(), Bench(blobs, continuation="exact", stop_at=2), sampler=name, end=4)
    again = Bench(blobs, continuation="exact")
    latent = stage(start(), again, sampler=name, end=4)
    assert again.reused == 2
    with pytest.raises(KeyboardInterrupt):
        stage(latent, Bench(blobs, continuation="exact", stop_at=3), sampler=name, start=4, add_noise=False)
    again = Bench(blobs, continuation="exact")
    samples = stage(latent, again, sampler=name, start=4, add_noise=False)["samples"]
    assert again.reused == 3
    assert torch.equal(samples, whole)


def custom(latent, noise, sigmas, name, bench):
    guider = Guider(MODEL, says(0.4), says(-0.3), 3.0)
    return custom_sampling.sample(bench, noise, guider, sampler(name), torch.tensor(sigmas), latent)[0]


@pytest.mark.parametrize("name", [name for name in SPLITTABLE if name not in LOOKS_AHEAD])
def test_custom_stages_equal_one_run(name):
    sigmas = levels(SD, dataclasses.replace(BASE, sampler=name))
    whole = custom(start(), RandomNoise(11), sigmas, name, Bench())["samples"]
    bench = Bench(continuation="exact")
    latent = custom(start(), RandomNoise(11), sigmas[:4], name, bench)
    latent = custom(latent, NoNoise(11), sigmas[3:6], name, bench)
    latent = custom(latent, NoNoise(11), sigmas[5:], name, bench)
    assert torch.equal(latent["samples"], whole) and not bench.warnings


@pytest.mark.parametrize("name", [name for name in SPLITTABLE if name in LOOKS_AHEAD])
def test_custom_stages_say_that_they_do_not_know_the_whole_range(name):
    sigmas = levels(SD, dataclasses.replace(BASE, sampler=name))
    bench = Bench(continuation="exact")
    latent = custom(start(), RandomNoise(11), sigmas[:4], name, bench)
    result = custom(latent, NoNoise(11), sigmas[3:], name, bench)["samples"]
    assert len(bench.warnings) == 1 and LOOKS_AHEAD[name] in bench.warnings[0]
    assert torch.equal(result, custom(latent, NoNoise(11), sigmas[3:], name, Bench())["samples"])


@pytest.mark.parametrize("forgotten", ["draws", "memory"])
def test_faults_are_noticed(forgotten, monkeypatch):
    """Planted: a state without its memory, or without the count of the noise drawn, gives another picture."""
    name = {"draws": "euler_ancestral", "memory": "dpmpp_2m"}[forgotten]
    whole = stage(start(), Bench(), sampler=name)["samples"]

    def restored(*given, real=continuation.restored):
        found = real(*given)
        state = dataclasses.replace(found.state, memory={}) if forgotten == "memory" else found.state
        return dataclasses.replace(found, state=state, draws=0 if forgotten == "draws" else found.draws)

    monkeypatch.setattr(continuation, "restored", restored)
    assert not torch.equal(chain(3, sampler=name)["samples"], whole)
