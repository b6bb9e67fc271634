"""Noise schedules against the definitions of the diffusion process, and the maps between sigma and timestep."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion.schedules import distilled, log_uniform, scaled_linear, sigma_max, sigma_min

SD = scaled_linear()
DISTILLED = distilled(SD)
CONTINUOUS = [log_uniform(0.002, 120.0, "edm"), log_uniform(0.03, 500.0, "v")]


def test_levels_follow_the_forward_process():
    """sigma_t^2 + 1 is the product of 1 / (1 - beta) up to t, in plain Python floats."""
    product, root = 1.0, [math.sqrt(0.00085), math.sqrt(0.012)]
    for t in range(1000):
        product *= 1 - (root[0] + (root[1] - root[0]) * t / 999) ** 2
        if t in (0, 1, 499, 998, 999):
            assert float(SD.sigmas[t]) == pytest.approx(math.sqrt(1 / product - 1), rel=1e-6)
    assert sigma_max(SD) == pytest.approx(14.614642, rel=1e-6)
    assert sigma_min(SD) == pytest.approx(0.0291671, rel=1e-5)


@pytest.mark.parametrize("schedule", [SD, DISTILLED])
def test_timesteps_of_the_table_come_back(schedule):
    times = schedule.timestep(schedule.sigmas)
    assert torch.equal(times, torch.arange(schedule.stride - 1, 1000, schedule.stride).float())
    torch.testing.assert_close(schedule.sigma(times), schedule.sigmas, rtol=2e-6, atol=0)


@pytest.mark.parametrize("schedule", CONTINUOUS)
def test_continuous_times_come_back(schedule):
    torch.testing.assert_close(schedule.sigma(schedule.timestep(schedule.sigmas)), schedule.sigmas, rtol=2e-4, atol=0)


@given(st.floats(0, 999))
def test_sigma_between_timesteps_is_the_geometric_mean_of_its_neighbours(t):
    low, high = SD.sigmas[math.floor(t)].double().log(), SD.sigmas[math.ceil(t)].double().log()
    expected = low + (t - math.floor(t)) * (high - low)
    assert float(SD.sigma(torch.tensor(t, dtype=torch.float64)).log()) == pytest.approx(float(expected), abs=2e-4)


@given(st.floats(0.0, 100.0))
def test_timestep_is_that_of_the_nearest_level(sigma):
    sigma = max(sigma, 1e-4)
    t = int(SD.timestep(torch.tensor(sigma)))
    distance = (SD.sigmas.double().log() - math.log(sigma)).abs()
    assert float(distance[t]) <= float(distance.min()) + 1e-6


def test_timesteps_keep_the_batch():
    assert SD.timestep(torch.full((3,), 2.0)).shape == (3,)
    assert SD.timestep(torch.tensor(2.0)).shape == ()


@pytest.mark.parametrize("schedule", [SD, *CONTINUOUS])
def test_percent_runs_down_the_range(schedule):
    assert schedule.percent_to_sigma(0.0) > sigma_max(schedule) * 1e6
    assert schedule.percent_to_sigma(1.0) == 0.0
    inside = [schedule.percent_to_sigma(p) for p in (1e-9, 0.2, 0.5, 0.8, 1 - 1e-9)]
    assert inside == sorted(inside, reverse=True)
    assert inside[0] == pytest.approx(sigma_max(schedule), rel=1e-4)
    assert inside[-1] == pytest.approx(sigma_min(schedule), rel=1e-4)


def test_zero_terminal_snr_keeps_the_first_level_and_ends_in_noise():
    rescaled = scaled_linear(zero_terminal_snr=True)
    assert float(rescaled.sigmas[0]) == pytest.approx(sigma_min(SD), rel=1e-6)
    assert sigma_max(rescaled) == pytest.approx(1 / math.sqrt(4.8973451890853435e-08), rel=1e-6)
    assert (rescaled.sigmas.diff() > 0).all()
    # In sqrt(alpha_bar) the rescaling is linear (Lin et al. 2023, algorithm 1).
    before, after = (1 / (s.double() ** 2 + 1).sqrt() for s in (SD.sigmas, rescaled.sigmas))
    slopes = (after[:998] - after[1:999]) / (before[:998] - before[1:999])
    torch.testing.assert_close(slopes, slopes.mean().expand_as(slopes), rtol=2e-3, atol=0)


def test_distilled_keeps_every_twentieth_level_from_the_top():
    assert DISTILLED.sigmas.shape == (50,)
    assert torch.equal(DISTILLED.sigmas, SD.sigmas[19::20])
