"""Extended reverse-time SDE solvers (ER-SDE-Solver) of up to three stages.

Cui et al. 2023, arXiv 2309.06169, algorithm 1 for variance-exploding noise; phi is the paper's noise scale function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, remembered

Levels: TypeAlias = Any  # a float or an array of them
POINTS = 200  # of the numerical integrals; the left sums are part of the method as used


def noise_scale(options: Mapping[str, Any]) -> Callable[[Levels], Levels]:
    """phi(sigma): sigma (e^(sigma^0.3) + 10), the paper's ER-SDE 5; or sigma^(1 + eta), the reverse-time SDE of eta.

    eta = 0 is the probability-flow ODE.
    """
    if options["solver_type"] == "ER-SDE":
        return lambda sigma: sigma * (np.exp(sigma**0.3) + 10.0)
    return lambda sigma: sigma ** (1.0 + options["eta"])


def er_sde(problem: Problem, state: State, i: int) -> State:
    """With r = phi(sigma') / phi(sigma) and dt = sigma' - sigma:

    x' = r x + (1 - r) D + (dt + phi(sigma') S) D' + (dt^2 / 2 + phi(sigma') S_u) D'' + s_noise s z, where S and S_u
    are the integrals from sigma' to sigma of 1 / phi and (tau - sigma) / phi, s^2 = sigma'^2 - (r sigma)^2, and D',
    D'' are divided differences of the estimates.
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    options = problem.options
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    phi = noise_scale(options)
    r, dt = float(phi(sigma_next) / phi(sigma)), sigma_next - sigma
    tau = sigma_next + np.arange(POINTS) * (-dt / POINTS)
    x = r * state.x + (1 - r) * denoised
    past, past_slope = state.history("denoised"), state.history("slope")
    slopes = []
    if past and options["max_stage"] >= 2:
        integral = float(np.sum(1 / phi(tau)) * (-dt / POINTS))
        slopes = [(denoised - past[0]) / (sigma - problem.sigmas[i - 1])]
        x = x + (dt + integral * float(phi(sigma_next))) * slopes[0]
    if past_slope and options["max_stage"] >= 3:
        integral = float(np.sum((tau - sigma) / phi(tau)) * (-dt / POINTS))
        second = (slopes[0] - past_slope[0]) / ((sigma - problem.sigmas[i - 2]) / 2)
        x = x + (dt**2 / 2 + integral * float(phi(sigma_next))) * second
    if options["s_noise"] > 0:
        scale = math.sqrt(max(sigma_next**2 - (sigma * r) ** 2, 0.0))
        x = x + problem.noise(sigma, sigma_next) * (options["s_noise"] * scale)
    return state.next(x, denoised, **remembered("denoised", [denoised], 1), **remembered("slope", slopes, 1))


SAMPLERS = (
    SamplerSpec(
        "er_sde",
        er_sde,
        order=None,
        noise="stream",
        options=MappingProxyType({"solver_type": "ER-SDE", "eta": 1.0, "s_noise": 1.0, "max_stage": 3}),
        source="Cui et al. 2023, arXiv 2309.06169",
    ),
)
