"""Limits in which two samplers are one: without noise, without guidance, at a range's cut."""

import math
from types import MappingProxyType

import pytest
import torch

from graphexec.diffusion.drive import drive
from graphexec.diffusion.samplers.base import Problem
from graphexec.diffusion.samplers.table import SAMPLERS
from tests.diffusion.sampling.exact import mixture, points, solve, uniform

LEVELS = [*uniform(9), 0.0]

WITHOUT_NOISE = {
    "euler_ancestral": "euler",
    "euler_ancestral_cfg_pp": "euler_cfg_pp",
    "ddpm": "euler",
    "dpm_2_ancestral": "dpm_2",
    "dpmpp_sde": "dpmpp_2s_ancestral",
    "dpmpp_2m_sde": "dpmpp_2m",
    "seeds_2": "dpmpp_2s_ancestral",
    "exp_heun_2_x0_sde": "exp_heun_2_x0",
    "res_multistep_ancestral": "res_multistep",
    "res_multistep_ancestral_cfg_pp": "res_multistep_cfg_pp",
    "sa_solver": "sa_solver",
}
WITHOUT_GUIDANCE = {
    "euler_cfg_pp": "euler",
    "dpmpp_2m_cfg_pp": "dpmpp_2m",
    "res_multistep_cfg_pp": "res_multistep",
    "gradient_estimation_cfg_pp": "gradient_estimation",
}
ONE_STEP = [
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "ddpm",
    "ddim",
    "lcm",
    "heun",
    "dpm_2",
    "dpm_2_ancestral",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "seeds_2",
    "seeds_3",
    "exp_heun_2_x0",
]


def by_level(sigma, sigma_next):
    """A noise that depends on the levels only, for runs that must draw the same."""
    source = torch.Generator().manual_seed(int((sigma + sigma_next) * 1e6))
    return torch.randn(points().shape, generator=source, dtype=torch.float64)


@pytest.mark.parametrize(("name", "twin"), WITHOUT_NOISE.items())
def test_eta_zero_is_the_deterministic_twin(name, twin):
    none = {"eta": 0.0} if "eta" in SAMPLERS[twin].options else {}
    noisy = solve(name, LEVELS, points(), noise=by_level, eta=0.0)
    torch.testing.assert_close(noisy, solve(twin, LEVELS, points(), **none), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [n for n, s in SAMPLERS.items() if "eta" in s.options and s.stochastic])
def test_noise_counts_at_the_default_eta(name):
    """The companion of the test above: with the default eta the same noise does change the result."""
    quiet, noisy = (solve(name, LEVELS, points(), noise=by_level, eta=eta) for eta in (0.0, 1.0))
    if name == "er_sde":  # whose default noise scale has no eta
        quiet = solve(name, LEVELS, points(), noise=by_level, s_noise=0.0)
    assert (noisy - quiet).abs().max() > 1e-3


@pytest.mark.parametrize(("name", "twin"), WITHOUT_GUIDANCE.items())
def test_cfg_pp_without_guidance_is_the_plain_method(name, twin):
    torch.testing.assert_close(solve(name, LEVELS, points()), solve(twin, LEVELS, points()), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["euler_cfg_pp", "dpmpp_2m_cfg_pp", "res_multistep_cfg_pp"])
def test_cfg_pp_takes_the_noise_direction_from_the_unconditional_estimate(name):
    """One first step from sigma to sigma': D + (sigma' / sigma) (x - U), whichever the member (arXiv 2406.08070)."""
    spec, x = SAMPLERS[name], points()
    problem = Problem(
        x=x,
        sigmas=(2.0, 1.0),
        denoise=mixture,
        denoise_pair=lambda x, sigma: (mixture(x, sigma), 0.3 * x),
        options=spec.options,
    )
    torch.testing.assert_close(drive(spec, problem).state.x, mixture(x, 2.0) + 0.5 * (x - 0.3 * x))


def test_ddpm_samples_the_posterior():
    """A step draws from q(x' | x, D), written with alpha_bar as in Ho et al. 2020, eq. 6 and 7."""
    sigma, sigma_next, x = 3.0, 1.2, points(3.0)
    bar, bar_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
    alpha = bar / bar_next
    estimate, noise = mixture(x, sigma), by_level(sigma, sigma_next)
    mean = math.sqrt(bar_next) * (1 - alpha) / (1 - bar) * estimate
    mean = mean + math.sqrt(alpha) * (1 - bar_next) / (1 - bar) * x * math.sqrt(bar)
    expected = (mean + math.sqrt((1 - bar_next) / (1 - bar) * (1 - alpha)) * noise) / math.sqrt(bar_next)
    torch.testing.assert_close(solve("ddpm", [sigma, sigma_next], x, noise=by_level), expected)


@pytest.mark.parametrize("name", ONE_STEP)
@pytest.mark.parametrize("cut", [1, 5, 9])
def test_range_split_in_two_equals_one_run(name, cut):
    whole = solve(name, LEVELS, points(), noise=by_level)
    half = solve(name, LEVELS[: cut + 1], points(), noise=by_level)
    torch.testing.assert_close(solve(name, LEVELS[cut:], half, noise=by_level), whole, rtol=0, atol=1e-5)


def after(name, levels, steps):
    """The state after some steps over levels."""
    spec = SAMPLERS[name]
    problem = Problem(
        x=points(),
        sigmas=tuple(levels),
        denoise=mixture,
        denoise_pair=lambda x, sigma: (mixture(x, sigma), 0.9 * mixture(x, sigma)),
        noise=by_level,
        percent_to_sigma=lambda percent: 10.0 * (1 - percent),
        options=MappingProxyType({**spec.options}),
    )
    return drive(spec, problem, most=steps).state.x


PREFIX = {name: spec.prefix_stable for name, spec in SAMPLERS.items() if spec.noise != "brownian"}


@pytest.mark.parametrize("name", [name for name, stable in PREFIX.items() if stable])
def test_prefix_stable_samplers_do_not_look_ahead(name):
    for steps in (1, 4, 8):
        torch.testing.assert_close(after(name, LEVELS[: steps + 1], steps), after(name, LEVELS, steps), rtol=0, atol=0)


@pytest.mark.parametrize("name", [name for name, stable in PREFIX.items() if not stable])
def test_samplers_declared_prefix_unstable_do_look_ahead(name):
    pairs = [(after(name, LEVELS[: steps + 1], steps), after(name, LEVELS, steps)) for steps in range(2, 9)]
    assert any(not torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize(
    "name", [n for n, s in SAMPLERS.items() if s.grid == "given" and n not in ("uni_pc", "uni_pc_bh2")]
)
def test_step_into_no_noise_gives_an_estimate(name):
    """The last step into sigma 0 returns D at some level, so for data at one point, that point."""
    x = solve(name, LEVELS, points(), denoise=lambda x, sigma: torch.full_like(x, 0.25), noise=by_level)
    torch.testing.assert_close(x, torch.full_like(x, 0.25), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["uni_pc", "uni_pc_bh2"])
def test_uni_pc_ends_at_a_thousandth(name):
    """UniPC replaces a last sigma of 0 by 0.001, and leaves that much of the noise."""
    x = solve(name, LEVELS, points(), denoise=lambda x, sigma: torch.full_like(x, 0.25))
    torch.testing.assert_close(x, 0.25 + (points() - 0.25) * 0.001 / LEVELS[0], rtol=0, atol=1e-12)


def test_uni_pc_of_one_step_only_rescales():
    """x / sqrt(1 + sigma^2) is the same before and behind."""
    x = solve("uni_pc", [2.0, 0.0], points())
    torch.testing.assert_close(x / math.sqrt(1 + 0.001**2), points() / math.sqrt(1 + 2.0**2))
