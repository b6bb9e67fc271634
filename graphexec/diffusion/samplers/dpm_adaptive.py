"""DPM-Solver with an adaptive step size: DPM-Solver-12 and -23 under a PID controller of the local error.

Lu et al. 2022, arXiv 2206.00927, appendix C; the controller of Soderlind 2003 with the limiter 1 + atan(x - 1).
"""

from __future__ import annotations

import math
from types import MappingProxyType

import torch
from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, ancestral
from graphexec.diffusion.samplers.dpm import SOURCE, eps_at, lambda_ends, solver_1, solver_2, solver_3

CLOSE = 1e-5  # the run is over this near to its end in lambda


def start(problem: Problem) -> State:
    """The start: at the first level, with the initial step size and no error history.

    `control` holds lambda, h and the inverses of the last three errors (0 before the first), in float64.
    """
    first, _ = lambda_ends(problem)
    control = torch.tensor([first, problem.options["h_init"], 0.0, 0.0, 0.0], dtype=torch.float64)
    return State(x=problem.x).next(problem.x, control=control, lower=problem.x)


def done(problem: Problem, state: State, i: int) -> bool:
    """Whether lambda has come to the end."""
    return float(state.tensor("control")[0]) >= lambda_ends(problem)[1] - CLOSE


def trial(problem: Problem, x: Tensor, lam: float, h: float) -> tuple[Tensor, Tensor, Tensor]:
    """One step of two orders: `(eps, lower, higher)`."""
    eps = eps_at(problem, x, lam)
    if problem.options["order"] == 2:
        return eps, solver_1(x, eps, lam, h), solver_2(problem, x, eps, lam, h)
    eps_1 = eps_at(problem, solver_1(x, eps, lam, h / 3), lam + h / 3)
    scale = math.exp(-lam - h) * math.expm1(h)
    lower = x - scale * eps - scale * 1.5 * (eps_1 - eps)
    return eps, lower, solver_3(problem, x, eps, eps_1, lam, h)


def step(problem: Problem, state: State, i: int) -> State:
    """Try a step; take it if the controller accepts its error, else only shrink h. The error is over the batch."""
    options = problem.options
    lam, h, *inverses = state.tensor("control").tolist()
    last = lambda_ends(problem)[1]
    target = min(last, lam + h)
    sigma, sigma_next = math.exp(-lam), math.exp(-target)
    reached, up = target, 0.0
    if options["eta"]:
        reached = min(last, -math.log(ancestral(sigma, sigma_next, options["eta"])[0]))
        up = math.sqrt(max(sigma_next**2 - math.exp(-reached) ** 2, 0.0))
    eps, lower, higher = trial(problem, state.x, lam, reached - lam)
    before = state.tensor("lower")
    tolerance = (options["rtol"] * torch.maximum(lower.abs(), before.abs())).clamp_min(options["atol"])
    error = float(torch.linalg.vector_norm((lower - higher) / tolerance)) / math.sqrt(lower.numel())
    inverse = 1 / (error + 1e-8)
    inverses = [inverse, *(inverses[1:] if inverses[1] else [inverse, inverse])]
    factor = growth(problem, inverses)
    denoised = state.x - sigma * eps
    if factor < options["accept_safety"]:
        control = [lam, h * factor, *inverses]
        return state.next(state.x, denoised, control=as_control(control), lower=before)
    if options["eta"]:
        higher = higher + problem.noise(sigma, sigma_next) * (options["s_noise"] * up)
    control = [target, h * factor, inverses[0], inverses[0], inverses[1]]
    return state.next(higher, denoised, control=as_control(control), lower=lower)


def as_control(values: list[float]) -> Tensor:
    """The controller's numbers as a tensor that a state can keep."""
    return torch.tensor(values, dtype=torch.float64)


def growth(problem: Problem, inverses: list[float]) -> float:
    """The factor by which h changes: a product of powers of inverse errors, limited."""
    options = problem.options
    p, i, d = options["pcoeff"], options["icoeff"], options["dcoeff"]
    order = 1.5 if options["eta"] else options["order"]
    powers = ((p + i + d) / order, -(p + 2 * d) / order, d / order)
    product = math.prod(inverse**power for inverse, power in zip(inverses, powers, strict=True))
    return 1 + math.atan(product - 1)


SAMPLERS = (
    SamplerSpec(
        "dpm_adaptive",
        step,
        start,
        done,
        order=3,
        evaluations=3,
        grid="own",
        options=MappingProxyType(
            {
                "order": 3,
                "rtol": 0.05,
                "atol": 0.0078,
                "h_init": 0.05,
                "pcoeff": 0.0,
                "icoeff": 1.0,
                "dcoeff": 0.0,
                "accept_safety": 0.81,
                "eta": 0.0,
                "s_noise": 1.0,
            }
        ),
        source=SOURCE,
    ),
)
