"""KSampler and KSamplerAdvanced: which levels are visited, what noise is added, what comes back."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion import sampling
from graphexec.diffusion.ksampler import Settings, denoise_range, full_range, levels, sample, window, with_channels
from graphexec.diffusion.noise import initial_noise
from graphexec.diffusion.samplers.table import SAMPLERS
from graphexec.diffusion.schedulers import SCHEDULERS
from graphexec.errors import NodeError
from tests.diffusion.sampling.toy import SD, Bench, echoing, pointwise, says

LATENT = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(6))
BASE = Settings(seed=24301, steps=6, cfg=3.0, sampler="euler", scheduler="normal")
steps = st.integers(0, 40)


def run(model=None, latent=None, **changes):
    settings = dataclasses.replace(BASE, **changes)
    return sample(model or pointwise(), latent or {"samples": LATENT}, says(0.4), says(-0.3), settings, Bench())


@given(n=st.integers(1, 30), start=steps, end=steps, leftover=st.booleans())
def test_window_keeps_the_steps_asked_for(n, start, end, leftover):
    sigmas = torch.arange(n, -1, -1).float()
    part = window(sigmas, start, end, leftover)
    stop = min(end, n)
    if start >= stop:
        assert len(part) < 2
        return
    expected = sigmas[start : stop + 1].tolist()
    assert part.tolist()[:-1] == expected[:-1]
    assert float(part[-1]) == (expected[-1] if leftover else 0.0)
    assert sigmas.tolist() == list(range(n, -1, -1))  # the caller's levels are not written to


@given(n=st.integers(2, 30), cut=st.integers(1, 29))
def test_two_windows_hand_over_at_one_level(n, cut):
    sigmas = SCHEDULERS["karras"](SD, n)
    cut = min(cut, n - 1)
    first, second = window(sigmas, 0, cut, True), window(sigmas, cut, 10000, False)
    assert torch.equal(torch.cat([first[:-1], second]), sigmas)


@pytest.mark.parametrize("name", ["dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"])
def test_some_samplers_leave_out_the_penultimate_level(name):
    more = SCHEDULERS["normal"](SD, 9)
    assert torch.equal(full_range(SD, SAMPLERS[name], SCHEDULERS["normal"], 8), torch.cat([more[:8], more[9:]]))


def test_no_other_sampler_does():
    discarding = {name for name, spec in SAMPLERS.items() if spec.discard_penultimate}
    assert discarding == {"dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"}


@pytest.mark.parametrize(
    ("denoise", "total"), [(1.0, 20), (0.99995, 20), (0.9999, 20), (0.5, 40), (0.33, 60), (0.05, 400)]
)
def test_denoise_takes_the_last_steps_of_a_longer_run(denoise, total):
    got = denoise_range(SD, SAMPLERS["euler"], SCHEDULERS["karras"], 20, denoise)
    assert torch.equal(got, SCHEDULERS["karras"](SD, total)[-21:])
    assert len(denoise_range(SD, SAMPLERS["euler"], SCHEDULERS["karras"], 20, 0.0)) == 0


@pytest.mark.parametrize("changes", [{"denoise": 0.0}, {"start": 6}, {"start": 4, "end": 4}, {"start": 5, "end": 2}])
def test_nothing_to_do_returns_the_latent(changes):
    model = pointwise()
    latent = {"samples": LATENT, "noise_mask": torch.ones(1, 1, 8, 8), "batch_index": [0, 1, 2]}
    result = run(model, latent, **changes)
    assert not model.net.calls
    assert torch.equal(result["samples"], LATENT)
    assert result.keys() == latent.keys()


def test_start_is_the_latent_with_noise_of_the_first_level():
    model = pointwise()
    run(model, denoise=0.5)
    sigma = float(model.net.calls[0].options["sigmas"][0])
    expected = LATENT * 0.5 + initial_noise(LATENT.shape, BASE.seed) * sigma
    torch.testing.assert_close(model.net.calls[0].x[:3] * (sigma**2 + 1) ** 0.5, expected)


def test_full_run_starts_with_the_spread_of_data_and_noise():
    model = pointwise()
    run(model, latent={"samples": torch.zeros_like(LATENT)})
    torch.testing.assert_close(model.net.calls[0].x[:3], initial_noise(LATENT.shape, BASE.seed), rtol=1e-5, atol=1e-5)


def test_without_added_noise_the_latent_is_taken_as_it_is():
    model = pointwise()
    run(model, add_noise=False)
    sigma = float(model.net.calls[0].options["sigmas"][0])
    torch.testing.assert_close(model.net.calls[0].x[:3] * (sigma**2 + 1) ** 0.5, LATENT * 0.5)


@pytest.mark.parametrize("name", ["euler", "heun", "dpm_2", "ddim", "exp_heun_2_x0"])
@pytest.mark.parametrize("cut", [1, 3, 5])
def test_two_stages_equal_one_run(name, cut):
    whole = run(sampler=name)["samples"]
    first = run(sampler=name, end=cut, leftover_noise=True)
    second = run(sampler=name, latent=first, start=cut, add_noise=False)["samples"]
    torch.testing.assert_close(second, whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["euler", "dpmpp_2m", "uni_pc", "lms", "deis"])
def test_one_image_alone_equals_the_same_in_a_batch(name):
    """With noise an item (batch_index), items do not see each other."""
    batch = run(sampler=name, latent={"samples": LATENT, "batch_index": [5, 0, 2]})
    for k, index in enumerate([5, 0, 2]):
        alone = run(sampler=name, latent={"samples": LATENT[k : k + 1], "batch_index": [index]})
        torch.testing.assert_close(alone["samples"], batch["samples"][k : k + 1], rtol=0, atol=1e-5)
    assert batch["batch_index"] == [5, 0, 2]


def test_result_is_a_new_latent_in_float32():
    latent = {"samples": LATENT.clone(), "extra": "kept"}
    result = run(latent=latent)
    assert torch.equal(latent["samples"], LATENT)
    assert result["samples"].dtype is torch.float32
    assert result["extra"] == "kept"


def test_certain_model_ends_at_its_estimate():
    result = run(echoing(), cfg=1.0)
    torch.testing.assert_close(result["samples"], torch.full_like(LATENT, 0.8), rtol=0, atol=1e-4)


def test_channels():
    assert with_channels(torch.zeros(2, 16, 4, 4), 4).shape == (2, 4, 4, 4)
    with pytest.raises(NodeError, match="16 channels, this model works on 4"):
        with_channels(torch.ones(2, 16, 4, 4), 4)


def test_unknown_names_are_errors_with_suggestions():
    with pytest.raises(NodeError, match="did you mean dpmpp_2m"):
        run(sampler="dpmpp_2n")
    with pytest.raises(NodeError, match="unknown scheduler 'karas'; did you mean karras"):
        run(scheduler="karas")
    with pytest.raises(NodeError, match="option of sampler euler_ancestral: 'eat'"):
        sampling.sampler("euler_ancestral", eat=1.0)


def test_levels_of_a_window():
    settings = dataclasses.replace(BASE, start=2, end=4, leftover_noise=False)
    whole = SCHEDULERS["normal"](SD, 6).tolist()
    assert list(levels(SD, settings)) == [whole[2], whole[3], 0.0]
