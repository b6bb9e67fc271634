"""Every deterministic sampler converges as fast as its row declares, and with a wrong coefficient it does not."""

import math

import pytest

from graphexec.diffusion.samplers.table import SAMPLERS
from tests.diffusion.sampling.exact import eased, errors, linear, uniform
from tests.diffusion.sampling.faults import spoiled

NEAR = 0.35
"""How far a slope measured at moderate step counts may be from the order; a wrong coefficient costs a whole one."""

# Samplers that need a grid of their own: iPNDM's weights are for even steps (in sigma or smoothly graded), and
# DPM-Solver-fast makes its own levels and has its full order when its last step is of order 2.
GRIDS = {"ipndm": uniform, "ipndm_v": linear, "dpm_fast": uniform}
COUNTS = {"dpm_fast": (98, 194), "ipndm_v": (64, 128)}
DECLARED = [name for name, spec in SAMPLERS.items() if spec.order is not None and name != "dpm_adaptive"]

FUNCTIONS = {
    "euler": ("euler", ("euler",)),
    "ddim": ("euler", ("euler",)),
    "heun": ("heun", ("heun",)),
    "dpm_2": ("dpm", ("dpm_2",)),
    "dpm_fast": ("dpm", ("dpm_fast", "solver_1", "solver_2", "solver_3")),
    "dpmpp_2s_ancestral": ("dpmpp_single", ("dpmpp_2s_ancestral", "exponential")),
    "dpmpp_sde": ("dpmpp_single", ("dpmpp_sde", "exponential")),
    "dpmpp_2m": ("dpmpp_multi", ("dpmpp_2m", "step_length")),
    "dpmpp_2m_sde": ("dpmpp_multi", ("dpmpp_2m_sde",)),
    "dpmpp_2m_sde_heun": ("dpmpp_multi", ("dpmpp_2m_sde",)),
    "lms": ("adams", ("lms", "lagrange", "step")),
    "ipndm": ("adams", ("ipndm", "step")),
    "res_multistep": ("res", ("res_multistep", "weights")),
    "seeds_2": ("seeds", ("seeds_2", "psi_1", "psi_2")),
    "seeds_3": ("seeds", ("seeds_3", "psi_2")),
    "exp_heun_2_x0": ("seeds", ("seeds_2", "psi_2")),
    "sa_solver": ("sa_solver", ("adams", "advanced")),
    "uni_pc": ("unipc", ("update", "combination", "uni_pc")),
    "uni_pc_bh2": ("unipc", ("update", "combination")),
}


def deterministic(name):
    return {"eta": 0.0} if "eta" in SAMPLERS[name].options else {}


def measured(name, spec=None):
    """The errors at two numbers of steps and the slope between them."""
    counts = COUNTS.get(name, (48, 96))
    pair = errors(name, GRIDS.get(name, eased), counts, spec=spec, **deterministic(name))
    return pair, math.log(pair[0] / pair[1]) / math.log(counts[1] / counts[0])


@pytest.mark.parametrize("name", DECLARED)
def test_declared_order_is_measured(name):
    _, slope = measured(name)
    assert slope == pytest.approx(SAMPLERS[name].order, abs=NEAR)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_coefficient_fails_the_order(name):
    sound, _ = measured(name)
    caught = 0
    for expression, spec in spoiled(*FUNCTIONS[name], name):
        try:
            pair, slope = measured(name, spec)
        except (ArithmeticError, ValueError, TypeError):  # so wrong that it does not run
            caught += 1
            continue
        if pair == sound:  # not on the path of a run without noise
            continue
        assert slope != pytest.approx(SAMPLERS[name].order, abs=NEAR), f"1.2 * ({expression}) was not noticed"
        caught += 1
    assert caught >= 2


def test_adaptive_sampler_follows_its_tolerance():
    """DPM-Solver-23's error falls with the tolerance, and its result is the exact one for a tight one."""
    loose, tight = (errors("dpm_adaptive", uniform, [2], rtol=tol, atol=tol / 10)[0] for tol in (0.05, 1e-4))
    assert tight < 1e-4
    assert tight < loose / 30


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_er_sde_without_noise_solves_the_ode(stage):
    """The ODE option converges; the higher stages are more accurate, down to the error of their 200-point sums."""
    options = {"solver_type": "ODE", "eta": 0.0, "s_noise": 0.0, "max_stage": stage}
    coarse, fine = errors("er_sde", uniform, [32, 64], **options)
    assert fine < coarse / (1.9 if stage == 1 else 3)
