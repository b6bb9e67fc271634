"""Several seeds in one batch give what each gives alone, within the tolerance that ADR 18 states."""

import runpy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from graphexec.api import Session
from graphexec.diffusion.ksampler import Settings, sample
from graphexec.diffusion.seed_batches import sample_seeds
from graphexec.store.blobs import MemoryBlobs
from tests.project.commands import ROOT

TOLERANCES = {"tiny": 1e-4, "shapes": 1e-3}
"""Of the largest value. Measured over all samplers: at most 1.6e-5 with random weights, 4.1e-4 with trained ones, both
for dpm_2.
"""
SEEDS = [1, 2**64 - 1, 3]


@pytest.fixture(scope="module", params=TOLERANCES)
def checkpoint(request):
    return request.param


@pytest.fixture(scope="module")
def parts(tmp_path_factory, checkpoint):
    """Return a model, conditionings and a latent of the example workflow, and what makes a context for sampling."""
    home = tmp_path_factory.mktemp("models")
    writer = runpy.run_path(str(ROOT / "workflows/tiny_checkpoint.py"))
    writer["write"](home / "checkpoints/tiny.safetensors", writer["Size"]())
    names = ("base", "canvas", "positive", "negative")
    with Session(models=home, cache=None, device="cpu", dtype="fp32") as session, torch.inference_mode():
        result = session.run(
            str(ROOT / "workflows/hello.yaml"),
            targets=[f"{name}:0" for name in names],
            params={"size": 64, "checkpoint": f"{checkpoint}.safetensors"},
        )
        yield [result.value(name) for name in names], lambda: context(session.policy)


def context(policy):
    return SimpleNamespace(
        policy=policy, blobs=MemoryBlobs(), continuation=None, progress=lambda *given: None, warn=print,
        steps_reused=lambda count: None,
    )  # fmt: skip


def both(parts, settings, latent=None, seeds=SEEDS):
    """Return the latents of a batch, and those of runs alone."""
    (model, canvas, positive, negative), new = parts
    latent = latent or canvas
    together = sample_seeds(model, latent, positive, negative, settings, seeds, new())
    alone = [sample(model, latent, positive, negative, replace(settings, seed=seed), new()) for seed in seeds]
    return together, alone


def error(together, alone):
    return max(
        ((a["samples"] - b["samples"]).abs().max() / b["samples"].abs().max()).item() for a, b in zip(together, alone)
    )


@pytest.mark.parametrize(
    "sampler", ["euler", "dpm_2", "dpmpp_2m", "euler_ancestral", "dpmpp_2m_sde", "dpmpp_3m_sde_gpu", "lcm", "uni_pc"]
)
def test_a_batch_gives_what_single_runs_give(parts, checkpoint, sampler):
    together, alone = both(parts, Settings(0, 5, 7.0, sampler, "karras"))
    assert [a["samples"].shape for a in together] == [b["samples"].shape for b in alone]
    assert error(together, alone) < TOLERANCES[checkpoint]
    assert error(together, alone[1:] + alone[:1]) > 100 * TOLERANCES[checkpoint], "the seeds would not matter"


def test_latents_of_several_items_and_batch_indices_keep_their_noise(parts, checkpoint):
    latent = {"samples": torch.randn(2, 4, 8, 8), "batch_index": [3, 1]}
    together, alone = both(parts, Settings(0, 3, 4.0, "euler_ancestral", "normal"), latent)
    assert error(together, alone) < TOLERANCES[checkpoint] and all(a["batch_index"] == [3, 1] for a in together)


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        (Settings(0, 3, 4.0, "dpm_adaptive", "normal"), {}),
        (Settings(0, 3, 4.0, "euler", "normal"), {"noise_mask": torch.ones(1, 64, 64)}),
        (Settings(0, 3, 4.0, "euler", "normal", start=3), {}),
    ],
)
def test_what_would_depend_on_its_neighbours_is_computed_alone(parts, settings, more):
    together, alone = both(parts, settings, {**parts[0][1], **more})
    assert (
        error(together, alone) == 0
        if settings.start == 0
        else all(torch.equal(a["samples"], b["samples"]) for a, b in zip(together, alone))
    )


def test_a_window_without_noise_of_its_own(parts, checkpoint):
    latent = {"samples": torch.randn(1, 4, 8, 8)}
    settings = Settings(0, 6, 4.0, "dpmpp_sde", "normal", add_noise=False, start=2, end=4)
    together, alone = both(parts, settings, latent)
    assert error(together, alone) < TOLERANCES[checkpoint]
