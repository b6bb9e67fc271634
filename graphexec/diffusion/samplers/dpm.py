"""DPM-Solver in noise prediction: DPM-Solver-2 in sigma with its ancestral form, and DPM-Solver-fast.

Lu et al. 2022, arXiv 2206.00927. In x = x0 + sigma noise the paper's alpha is 1 and its eps(x, t) is d.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, ancestral, derivative


def dpm_2(problem: Problem, state: State, i: int) -> State:
    """Midpoint method, the middle in lambda: x' = x + (down - sigma) d(sqrt(sigma down)) + s_noise up z.

    With eta = 0, down is sigma'. Euler where down = 0 (Karras et al. 2022, arXiv 2206.00364, appendix C.3).
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    eta, s_noise = problem.options["eta"], problem.options["s_noise"]
    denoised = problem.denoise(state.x, sigma)
    down, up = ancestral(sigma, sigma_next, eta)
    if down == 0:
        return state.next(denoised, denoised)
    middle = math.sqrt(sigma * down)
    x_middle = state.x + (middle - sigma) * derivative(state.x, sigma, denoised)
    d = derivative(x_middle, middle, problem.denoise(x_middle, middle))
    x = state.x + (down - sigma) * d
    if eta:
        x = x + problem.noise(sigma, sigma_next) * (s_noise * up)
    return state.next(x, denoised)


def solver_1(x: Tensor, eps: Tensor, lam: float, h: float) -> Tensor:
    """DPM-Solver-1: x' = x - sigma' (e^h - 1) eps (eq. 3.7); from lambda to lambda + h."""
    return x - math.exp(-lam - h) * math.expm1(h) * eps


def solver_2(problem: Problem, x: Tensor, eps: Tensor, lam: float, h: float, r1: float = 0.5) -> Tensor:
    """DPM-Solver-2: one stage at lambda + r1 h (algorithm 4)."""
    eps_1 = eps_at(problem, solver_1(x, eps, lam, r1 * h), lam + r1 * h)
    scale = math.exp(-lam - h) * math.expm1(h)
    return x - scale * eps - scale / (2 * r1) * (eps_1 - eps)


def solver_3(
    problem: Problem, x: Tensor, eps: Tensor, eps_1: Tensor, lam: float, h: float, r1: float = 1 / 3, r2: float = 2 / 3
) -> Tensor:
    """DPM-Solver-3: stages at lambda + r1 h (its eps_1 given) and lambda + r2 h (algorithm 5)."""
    h_2 = r2 * h
    stage = math.exp(-lam - h_2) * r2 / r1 * (math.expm1(h_2) / h_2 - 1)
    u2 = solver_1(x, eps, lam, h_2) - stage * (eps_1 - eps)
    eps_2 = eps_at(problem, u2, lam + h_2)
    last = math.exp(-lam - h) * (math.expm1(h) / h - 1) / r2
    return solver_1(x, eps, lam, h) - last * (eps_2 - eps)


def eps_at(problem: Problem, x: Tensor, lam: float) -> Tensor:
    """eps(x, lambda), one evaluation."""
    sigma = math.exp(-lam)
    return derivative(x, sigma, problem.denoise(x, sigma))


def lambda_ends(problem: Problem) -> tuple[float, float]:
    """The ends of a run in lambda; a last level of 0 is replaced by the one before it."""
    last = problem.sigmas[-1] or problem.sigmas[-2]
    return -math.log(problem.sigmas[0]), -math.log(last)


def fast_orders(evaluations: int) -> list[int]:
    """The orders of DPM-Solver-fast's steps, which use the given number of evaluations (section 3.3)."""
    threes, rest = divmod(evaluations, 3)
    return [3] * (threes - 1) + [2, 1] if rest == 0 else [3] * threes + [rest]


def dpm_fast(problem: Problem, state: State, i: int) -> State:
    """Step i of DPM-Solver-fast: steps equal in lambda between the ends, of order 3 but for the last."""
    orders = fast_orders(problem.steps)
    first, last = lambda_ends(problem)
    h = (last - first) / len(orders)
    lam = first + i * h
    eta, s_noise = problem.options["eta"], problem.options["s_noise"]
    sigma, sigma_next = math.exp(-lam), math.exp(-lam - h)
    down, up = ancestral(sigma, sigma_next, eta)
    h = math.log(sigma / max(down, math.exp(-last))) if eta else h
    up = math.sqrt(max(sigma_next**2 - math.exp(-lam - h) ** 2, 0.0)) if eta else up
    eps = eps_at(problem, state.x, lam)
    if orders[i] == 1:
        x = solver_1(state.x, eps, lam, h)
    elif orders[i] == 2:
        x = solver_2(problem, state.x, eps, lam, h)
    else:
        eps_1 = eps_at(problem, solver_1(state.x, eps, lam, h / 3), lam + h / 3)
        x = solver_3(problem, state.x, eps, eps_1, lam, h)
    if eta:
        x = x + problem.noise(sigma, sigma_next) * (s_noise * up)
    return state.next(x, state.x - sigma * eps)


def fast_done(problem: Problem, state: State, i: int) -> bool:
    """Whether DPM-Solver-fast has spent its evaluations."""
    return problem.steps < 1 or i >= len(fast_orders(problem.steps))


SOURCE = "Lu et al. 2022, arXiv 2206.00927"

SAMPLERS = (
    SamplerSpec(
        "dpm_2",
        dpm_2,
        order=2,
        evaluations=2,
        discard_penultimate=True,
        options=MappingProxyType({"eta": 0.0, "s_noise": 1.0}),
        source=SOURCE,
    ),
    SamplerSpec(
        "dpm_2_ancestral",
        dpm_2,
        order=2,
        evaluations=2,
        noise="stream",
        discard_penultimate=True,
        options=MappingProxyType({"eta": 1.0, "s_noise": 1.0}),
        source=SOURCE,
    ),
    SamplerSpec(
        "dpm_fast",
        dpm_fast,
        finished=fast_done,
        order=3,
        grid="own",
        options=MappingProxyType({"eta": 0.0, "s_noise": 1.0}),
        source=SOURCE,
    ),
)
