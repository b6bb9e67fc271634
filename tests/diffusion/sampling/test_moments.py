"""Samplers with noise of their own keep the distribution: on normal data they end with its spread."""

import math
from itertools import pairwise

import pytest
import torch

from graphexec.diffusion.noise import step_noise
from graphexec.diffusion.samplers.table import SAMPLERS
from tests.diffusion.sampling.exact import gaussian, solve, uniform

SPREAD = 0.7
COUNT = 10_000
STEPS = {"stream": 120, "brownian": 30}  # the ancestral samplers are of first order; Brownian trees are slow
# One standard error of the measured spread is SPREAD / sqrt(2 COUNT) = 0.005; the rest is for finite steps.
NEAR = 0.03
STOCHASTIC = [name for name, spec in SAMPLERS.items() if spec.stochastic and not name.endswith("_gpu")]
# LCM is not meant to keep the spread (below); this CFG++ member has no order (see its docstring).
APART = {"lcm", "dpmpp_2s_ancestral_cfg_pp"}


def levels(name):
    return [*uniform(STEPS[SAMPLERS[name].noise], first=20.0, last=0.02), 0.0]


def sampled(name, **options):
    grid = levels(name)
    source = torch.Generator().manual_seed(7)
    x = torch.randn(1, 1, 1, COUNT, generator=source, dtype=torch.float64) * math.hypot(SPREAD, grid[0])
    noise = step_noise(SAMPLERS[name], x, grid, seed=11)
    return solve(name, grid, x, denoise=gaussian, noise=noise, **options)


@pytest.mark.parametrize("name", [name for name in STOCHASTIC if name not in APART])
def test_spread_and_mean_of_normal_data(name):
    x = sampled(name)
    assert float(x.mean()) == pytest.approx(0, abs=4 * SPREAD / math.sqrt(COUNT))
    assert float(x.std()) == pytest.approx(SPREAD, abs=NEAR)


@pytest.mark.parametrize("name", ["euler_ancestral", "dpmpp_2m_sde", "seeds_2"])
def test_wrong_noise_scale_is_noticed(name):
    """The companion: a tenth more noise a step does not pass."""
    assert float(sampled(name, s_noise=1.1).std()) != pytest.approx(SPREAD, abs=NEAR)


def test_lcm_follows_its_own_recursion():
    """x' = D + sigma' z with D = c x, c = s^2 / (s^2 + sigma^2): the variance is c^2 v + sigma'^2 each step."""
    variance = SPREAD**2 + levels("lcm")[0] ** 2
    for sigma, sigma_next in pairwise(levels("lcm")):
        variance = (SPREAD**2 / (SPREAD**2 + sigma**2)) ** 2 * variance + sigma_next**2
    assert float(sampled("lcm").std()) == pytest.approx(math.sqrt(variance), rel=0.03)
