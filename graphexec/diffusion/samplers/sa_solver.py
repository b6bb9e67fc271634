"""SA-Solver: a stochastic Adams predictor-corrector, of third order predicting and fourth correcting.

Xue et al. 2023, arXiv 2309.05019. Data prediction with alpha = 1; tau scales the noise of the SDE, and is eta inside
an interval of levels, 0 outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, half_log_snr, remembered


def tau(problem: Problem, i: int) -> float:
    """The noise scale of the step to level i: eta between the levels at `start_percent` and `end_percent`."""
    options = problem.options
    inside = (
        problem.percent_to_sigma(options["start_percent"])
        >= problem.sigmas[i]
        >= problem.percent_to_sigma(options["end_percent"])
    )
    return float(options["eta"]) if inside else 0.0


def adams(problem: Problem, i: int, nodes: range, scale: float) -> list[float]:
    """b_j: (1 + tau^2) times the integral over step i of e^(-(1 + tau^2) (lambda' - l)) L_j(l) dl (eq. 14).

    L_j are the Lagrange polynomials of lambda at the levels `nodes`. In u = l - lambda' the moments of the weight
    follow by parts: m_k = -(-h)^k e^(-q h) - (k / q) m_(k-1), m_0 = 1 - e^(-q h), q = 1 + tau^2.
    """
    end = half_log_snr(problem.sigmas[i + 1])
    h, q = end - half_log_snr(problem.sigmas[i]), 1 + scale**2
    moments = [-math.expm1(-q * h)]
    for k in range(1, len(nodes)):
        moments.append(-((-h) ** k) * math.exp(-q * h) - k / q * moments[-1])
    places = [half_log_snr(problem.sigmas[node]) - end for node in nodes]
    matrix = np.vander(np.asarray(places), len(places), increasing=True).T
    return [float(b) for b in np.linalg.solve(matrix, np.asarray(moments))]


def advanced(problem: Problem, x: Tensor, i: int, nodes: range, estimates: Sequence[Tensor], scale: float) -> Tensor:
    """x at level i + 1 without its noise: (sigma' / sigma) e^(-tau^2 h) x + sum b_j D_j."""
    ratio = problem.sigmas[i + 1] / problem.sigmas[i]
    x = ratio ** (1 + scale**2) * x
    for b, estimate in zip(adams(problem, i, nodes, scale), estimates):
        x = x + b * estimate
    return x


def corrector_order(problem: Problem, i: int) -> int:
    """How many estimates the corrector at level i uses, the newest included; 0 is none."""
    if i == 0 or (problem.sigmas[i + 1] == 0 and not problem.options["pece"]):
        return 0
    order = min(int(problem.options["corrector_order"]), i + 1)
    return min(order, problem.steps - i) if problem.sigmas[-1] == 0 else order


def predictor_order(problem: Problem, i: int) -> int:
    """How many estimates the predictor of step i uses."""
    order = min(int(problem.options["predictor_order"]), i + 1)
    return min(order, problem.steps - 1 - i) if problem.sigmas[-1] == 0 else order


def sa_solver(problem: Problem, state: State, i: int) -> State:
    """Correct the step that led to level i with the estimate there, then predict level i + 1.

    The corrector adds the same noise as the prediction it corrects. With `pece` the estimate is made again after the
    correction. The step into sigma 0 gives the estimate.
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    options = problem.options
    denoised = problem.denoise(state.x, sigma)
    estimates = [denoised, *state.history("denoised")]
    x = state.x
    if order := corrector_order(problem, i):
        x = advanced(problem, state.tensor("corrected"), i - 1, range(i, i - order, -1), estimates, tau(problem, i))
        if "noise" in state.memory:
            x = x + state.tensor("noise")
        if options["pece"]:
            denoised = problem.denoise(x, sigma)
            estimates[0] = denoised
    if sigma_next == 0:
        return state.next(denoised, denoised)
    scale = tau(problem, i + 1)
    predicted = advanced(problem, x, i, range(i, i - predictor_order(problem, i), -1), estimates, scale)
    memory = remembered("denoised", estimates, max(options["corrector_order"], options["predictor_order"]) - 1)
    if scale > 0 and options["s_noise"] > 0:
        h = math.log(sigma / sigma_next)
        spread = options["s_noise"] * sigma_next * math.sqrt(-math.expm1(-2 * scale**2 * h))
        memory["noise"] = problem.noise(sigma, sigma_next) * spread
        predicted = predicted + memory["noise"]
    return state.next(predicted, denoised, corrected=x, **memory)


def row(name: str, pece: bool) -> SamplerSpec:
    """A member of the family."""
    return SamplerSpec(
        name,
        sa_solver,
        order=4,
        evaluations=2 if pece else 1,
        noise="stream",
        options=MappingProxyType(
            {
                "eta": 1.0,
                "start_percent": 0.2,
                "end_percent": 0.8,
                "s_noise": 1.0,
                "predictor_order": 3,
                "corrector_order": 4,
                "pece": pece,
            }
        ),
        source="Xue et al. 2023, arXiv 2309.05019",
    )


SAMPLERS = (row("sa_solver", pece=False), row("sa_solver_pece", pece=True))
