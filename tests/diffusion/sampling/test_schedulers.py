"""Schedulers: laws that hold for all of them, and each one's own rule."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from graphexec.diffusion import schedulers
from graphexec.diffusion.names import SCHEDULER_NAMES
from graphexec.diffusion.schedulers import SCHEDULERS
from graphexec.diffusion.schedules import scaled_linear, sigma_max, sigma_min

SD = scaled_linear()
# ddim_uniform steps by whole table places, beta drops places met twice: both may give another number of steps.
FREE_LENGTH = {"ddim_uniform", "beta"}
FROM_THE_TOP = {"simple", "sgm_uniform", "karras", "exponential", "beta", "normal", "linear_quadratic", "kl_optimal"}


def test_names_are_those_of_the_editor_in_its_order():
    assert tuple(SCHEDULERS) == SCHEDULER_NAMES


@pytest.mark.parametrize("name", SCHEDULERS)
@given(steps=st.integers(1, 400))
def test_levels_fall_from_the_top_to_zero(name, steps):
    sigmas = SCHEDULERS[name](SD, steps)
    assert sigmas.dtype is torch.float32
    assert torch.isfinite(sigmas).all()
    assert float(sigmas[-1]) == 0
    assert (sigmas.diff() < 0).all()
    assert float(sigmas[0]) <= sigma_max(SD) * (1 + 1e-5)
    assert name in FREE_LENGTH or len(sigmas) == steps + 1
    if name in FROM_THE_TOP:
        assert float(sigmas[0]) == pytest.approx(sigma_max(SD), rel=1e-5)


@pytest.mark.parametrize("name", ["karras", "exponential", "normal", "kl_optimal"])
def test_last_positive_level_is_the_smallest(name):
    assert float(SCHEDULERS[name](SD, 12)[-2]) == pytest.approx(sigma_min(SD), rel=1e-5)


def transformed(name, function, steps=11):
    """The positive levels under a function in which the scheduler is uniform."""
    return [function(s) for s in SCHEDULERS[name](SD, steps)[:-1].tolist()]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("karras", lambda s: s ** (1 / 7)),
        ("exponential", math.log),
        ("kl_optimal", math.atan),
        ("normal", lambda s: interpolated_time(s)),
        ("sgm_uniform", lambda s: interpolated_time(s)),
    ],
)
def test_uniform_in_its_variable(name, function):
    values = transformed(name, function)
    gaps = [b - a for a, b in pairwise(values)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-3)


def interpolated_time(sigma):
    """The fractional timestep of a level, by bisection in the table's logs."""
    logs = SD.sigmas.double().log()
    k = min(int((logs <= math.log(sigma) + 1e-9).sum()) - 1, 998)
    return k + (math.log(sigma) - float(logs[k])) / float(logs[k + 1] - logs[k])


def test_simple_and_ddim_take_places_of_the_table():
    assert torch.equal(SCHEDULERS["simple"](SD, 4)[:-1], SD.sigmas[[999, 749, 499, 249]])
    assert torch.equal(SCHEDULERS["ddim_uniform"](SD, 4)[:-1], SD.sigmas[[751, 501, 251, 1]])
    assert len(SCHEDULERS["ddim_uniform"](SD, 7)) == 9  # a table of 1000 has 8 places 142 apart, from 1 on


def test_beta_takes_quantiles():
    places = [round(float(beta.ppf(1 - i / 10, 0.6, 0.6)) * 999) for i in range(10)]
    assert torch.equal(SCHEDULERS["beta"](SD, 10)[:-1], SD.sigmas[places])
    assert torch.equal(
        schedulers.beta_quantiles(SD, 10, 1.0, 1.0)[1:-1], SD.sigmas[[899, 799, 699, 599, 500, 400, 300, 200, 100]]
    )


def test_linear_quadratic_is_smooth_where_its_pieces_meet():
    removed = 1 - SCHEDULERS["linear_quadratic"](SD, 400).double() / sigma_max(SD)
    gaps = removed.diff()
    assert float(removed[200]) == pytest.approx(0.025, rel=1e-4)
    assert gaps[:200].tolist() == pytest.approx([0.025 / 200] * 200, rel=1e-2)
    assert gaps[200:].diff().tolist() == pytest.approx([float(gaps[300:].diff().mean())] * 199, rel=0.05)
    assert float(removed[-1]) == 1


def test_polyexponential_of_one_is_exponential_and_laplace_is_symmetric():
    torch.testing.assert_close(schedulers.polyexponential(9, 0.1, 10.0, 1.0), schedulers.exponential(9, 0.1, 10.0))
    logs = schedulers.laplace(9, 1e-3, 1e3, mu=0.0, beta=0.5).log()
    torch.testing.assert_close(logs, -logs.flip(0), rtol=0, atol=1e-4)


def test_vp_levels_are_those_of_the_vp_sde():
    """sigma^2 + 1 = exp(integral of beta from 0 to t), here by the trapezoidal rule, which is exact for a line."""
    for sigma, t in zip(schedulers.vp(5).tolist(), torch.linspace(1, 1e-3, 5).tolist()):
        integral = t * (0.1 + (0.1 + 19.9 * t)) / 2
        assert math.log1p(sigma**2) == pytest.approx(integral, rel=1e-4)
