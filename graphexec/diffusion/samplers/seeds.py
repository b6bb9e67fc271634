"""Exponential Runge-Kutta samplers: SEEDS of two and three stages, and exponential Heun.

Gonzalez et al. 2023, arXiv 2305.14267 (SEEDS); Hochbruck & Ostermann 2010 (exponential integrators). Data prediction,
alpha = 1, h the step in lambda, g = (1 + eta) h; psi_1(z) = e^z - 1 = z phi_1(z), psi_2(z) = (e^z - 1 - z) / z =
z phi_2(z).
"""

from __future__ import annotations

import math
from types import MappingProxyType

from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, between


def psi_1(z: float) -> float:
    """z phi_1(z)."""
    return math.expm1(z)


def psi_2(z: float) -> float:
    """z phi_2(z)."""
    return (math.expm1(z) - z) / z


class Path:
    """The noise of one step, carried from stage to stage: an Ornstein-Uhlenbeck path sampled at the stages.

    From the stage at r_a to that at r_b: w = e^(-(r_b - r_a) eta h) w + sqrt(1 - e^(-2 (r_b - r_a) eta h)) z.
    """

    def __init__(self, problem: Problem, i: int, h: float) -> None:
        self.problem, self.h = problem, h
        self.eta, self.s_noise = float(problem.options["eta"]), float(problem.options["s_noise"])
        self.level, self.place = problem.sigmas[i], 0.0
        self.value: Tensor | None = None

    def added(self, x: Tensor, sigma: float, place: float) -> Tensor:
        """x with the noise of the stage at level sigma, a fraction `place` of the step."""
        if not (self.eta > 0 and self.s_noise > 0):
            return x
        decay = (place - self.place) * self.eta * self.h
        fresh = math.sqrt(-math.expm1(-2 * decay)) * self.problem.noise(self.level, sigma)
        self.value = fresh if self.value is None else math.exp(-decay) * self.value + fresh
        self.level, self.place = sigma, place
        return x + self.value * (sigma * self.s_noise)


def seeds_2(problem: Problem, state: State, i: int) -> State:
    """One stage at lambda + r h, D_1; then e^-g x - psi_1(-g) D_m (solver type phi_1), or b_1 D + b_2 D_1 (phi_2).

    D_m = (1 - f) D + f D_1 with f = 1 / (2 r); b_2 = -psi_2(-g) / r, b_1 = -psi_1(-g) - b_2.
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    options = problem.options
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    r, h = options["r"], math.log(sigma / sigma_next)
    g = (1 + options["eta"]) * h
    path = Path(problem, i, h)
    middle = between(sigma, sigma_next, r)
    stage = path.added(math.exp(-r * g) * state.x - psi_1(-r * g) * denoised, middle, r)
    denoised_1 = problem.denoise(stage, middle)
    b_2 = -psi_2(-g) / r if options["solver_type"] == "phi_2" else -psi_1(-g) / (2 * r)
    b_1 = -psi_1(-g) - b_2
    x = math.exp(-g) * state.x + b_1 * denoised + b_2 * denoised_1
    return state.next(path.added(x, sigma_next, 1.0), denoised)


def seeds_3(problem: Problem, state: State, i: int) -> State:
    """Stages at lambda + r_1 h and + r_2 h (D_1, D_2), the second made from D and D_1, the end from D and D_2.

    a_2 = -(r_2 / r_1) psi_2(-r_2 g), a_1 = -psi_1(-r_2 g) - a_2; b_3 = -psi_2(-g) / r_2, b_1 = -psi_1(-g) - b_3.
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    options = problem.options
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    r_1, r_2, h = options["r_1"], options["r_2"], math.log(sigma / sigma_next)
    g = (1 + options["eta"]) * h
    path = Path(problem, i, h)
    sigma_1, sigma_2 = between(sigma, sigma_next, r_1), between(sigma, sigma_next, r_2)
    stage = path.added(math.exp(-r_1 * g) * state.x - psi_1(-r_1 * g) * denoised, sigma_1, r_1)
    denoised_1 = problem.denoise(stage, sigma_1)
    a_2 = -(r_2 / r_1) * psi_2(-r_2 * g)
    a_1 = -psi_1(-r_2 * g) - a_2
    stage = path.added(math.exp(-r_2 * g) * state.x + a_1 * denoised + a_2 * denoised_1, sigma_2, r_2)
    b_3 = -psi_2(-g) / r_2
    b_1 = -psi_1(-g) - b_3
    x = math.exp(-g) * state.x + b_1 * denoised + b_3 * problem.denoise(stage, sigma_2)
    return state.next(path.added(x, sigma_next, 1.0), denoised)


SOURCE = "Gonzalez et al. 2023, arXiv 2305.14267"
HEUN = MappingProxyType({"eta": 0.0, "s_noise": 0.0, "r": 1.0, "solver_type": "phi_2"})
HEUN_SDE = MappingProxyType({**HEUN, "eta": 1.0, "s_noise": 1.0})

SAMPLERS = (
    SamplerSpec(
        "seeds_2",
        seeds_2,
        order=2,
        evaluations=2,
        noise="stream",
        options=MappingProxyType({"eta": 1.0, "s_noise": 1.0, "r": 0.5, "solver_type": "phi_1"}),
        source=SOURCE,
    ),
    SamplerSpec(
        "seeds_3",
        seeds_3,
        order=3,
        evaluations=3,
        noise="stream",
        options=MappingProxyType({"eta": 1.0, "s_noise": 1.0, "r_1": 1 / 3, "r_2": 2 / 3}),
        source=SOURCE,
    ),
    SamplerSpec("exp_heun_2_x0", seeds_2, order=2, evaluations=2, options=HEUN, source=SOURCE),
    SamplerSpec("exp_heun_2_x0_sde", seeds_2, order=2, evaluations=2, noise="stream", options=HEUN_SDE, source=SOURCE),
)
