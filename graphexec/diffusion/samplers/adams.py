"""Adams-Bashforth multistep samplers over d: LMS, iPNDM and DEIS.

x' = x + sum_k c_k d_k over the current derivative and those of the steps before. The members differ in the variable
in which the d_k are interpolated by a polynomial: sigma (LMS), the step number (iPNDM), the time of the
variance-preserving SDE (DEIS).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, Step, derivative, remembered

Coefficients = Callable[[Sequence[float], int, int], Sequence[float]]
"""`(sigmas, i, order)` to the weights of step i, the newest derivative's first."""


def lagrange(nodes: Sequence[float], k: int, at: np.ndarray) -> np.ndarray:
    """The k-th Lagrange basis polynomial of the nodes."""
    others = [node for j, node in enumerate(nodes) if j != k]
    factors = [(at - node) / (nodes[k] - node) for node in others]
    return np.prod(factors, axis=0) if factors else np.ones_like(at)


def lms(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """c_k: the integral over [sigma, sigma'] of the k-th Lagrange polynomial of the last levels.

    Gauss-Legendre quadrature with order / 2 nodes integrates these polynomials exactly.
    """
    nodes, weights = np.polynomial.legendre.leggauss((order + 1) // 2)
    half, middle = (sigmas[i + 1] - sigmas[i]) / 2, (sigmas[i + 1] + sigmas[i]) / 2
    past = sigmas[i - order + 1 : i + 1][::-1]
    return [float(half * weights @ lagrange(past, k, middle + half * nodes)) for k in range(order)]


BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


def ipndm(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """c_k = (sigma' - sigma) b_k with the constant weights of equal steps (Liu et al. 2022, arXiv 2202.09778)."""
    return [(sigmas[i + 1] - sigmas[i]) * b for b in BASHFORTH[order - 1]]


def ipndm_v(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """The weights of unequal steps h, h_1, h_2, h_3 (newest first).

    Of order 2 these are Adams-Bashforth's. The higher ones are those of the implementation in use, which differ: at
    order 3 for unequal steps, at order 4 always, so that the method is of third order.
    """
    h, h_1, h_2, h_3 = (sigmas[i + 1 - k] - sigmas[i - k] if k < order else 1.0 for k in range(4))
    first, last = h / h_1, h_1 / h_2
    if order == 1:
        return [h]
    c = [(2 + first) / 2, -first / 2, 0.0, 0.0]
    if order >= 3:
        t = (1 - h / (3 * (h + h_1)) * (h * (h + h_1)) / (h_1 * (h_1 + h_2))) / 2
        c = [c[0] + t, c[1] - (1 + last) * t, t * last, 0.0]
    if order == 4:
        q = h_1 * (h_1 + h_2) / (h_2 * (h_2 + h_3))
        u = (1 - h / (3 * (h + h_1))) / 2 + (1 - h / (2 * (h + h_1))) * h / (6 * (h + h_1 + h_2))
        u *= h * (h + h_1) * (h + h_1 + h_2) / (h_1 * (h_1 + h_2) * (h_1 + h_2 + h_3))
        c = [c[0] + u, c[1] - (1 + last + q) * u, c[2] + (last + q * (1 + h_2 / h_3)) * u, -u * q * last]
    return [h * weight for weight in c[:order]]


DEIS_ENDS = ((0.002, 1e-3), (80.0, 1.0))


def deis(sigmas: Sequence[float], i: int, order: int) -> list[float]:
    """c_k: the integral over the step of the k-th Lagrange polynomial in t, d sigma (Zhang & Chen 2022, 2204.13902).

    t is the time of the VP SDE, with log(1 + sigma^2) = a t^2 + b t through t = 0.001 at sigma 0.002 and t = 1 at 80.
    """
    (low, t_low), (high, t_high) = ((math.log1p(sigma**2), t) for sigma, t in DEIS_ENDS)
    a = (high / t_high - low / t_low) / (t_high - t_low)
    b = low / t_low - a * t_low
    nodes, weights = np.polynomial.legendre.leggauss(16)
    times = [(math.sqrt(b * b + 4 * a * math.log1p(sigma**2)) - b) / (2 * a) for sigma in sigmas[: i + 2]]
    half = (times[i + 1] - times[i]) / 2
    t = (times[i + 1] + times[i]) / 2 + half * nodes
    grown = np.expm1(a * t**2 + b * t)  # sigma^2; 2 sigma d sigma = (1 + sigma^2) (2 a t + b) dt
    d_sigma = (1 + grown) * (2 * a * t + b) / (2 * np.sqrt(grown)) * half * weights
    past = times[i - order + 1 : i + 1][::-1]
    return [float(d_sigma @ lagrange(past, k, t)) for k in range(order)]


def multistep(coefficients: Coefficients) -> Step:
    """The sampler of a rule for the weights; its last step into sigma 0 is Euler's, which gives D."""

    def step(problem: Problem, state: State, i: int) -> State:
        sigma, sigma_next = problem.sigmas[i : i + 2]
        denoised = problem.denoise(state.x, sigma)
        if sigma_next == 0:
            return state.next(denoised, denoised)
        order = min(problem.options["order"], i + 1)
        past = [derivative(state.x, sigma, denoised), *state.history("d")][:order]
        x = state.x
        for c, d in zip(coefficients(problem.sigmas, i, order), past, strict=True):
            x = x + c * d
        return state.next(x, denoised, **remembered("d", past, problem.options["order"] - 1))

    return step


def options(order: int) -> MappingProxyType[str, int]:
    """The one setting of these samplers: how many derivatives are combined at most."""
    return MappingProxyType({"order": order})


SAMPLERS = (
    SamplerSpec("lms", multistep(lms), order=4, options=options(4), source="Karras et al. 2022; Liu et al. 2022"),
    SamplerSpec("ipndm", multistep(ipndm), order=2, options=options(4), source="Liu et al. 2022, arXiv 2202.09778"),
    SamplerSpec("ipndm_v", multistep(ipndm_v), order=3, options=options(4), source="Liu et al. 2022, arXiv 2202.09778"),
    SamplerSpec("deis", multistep(deis), order=3, options=options(3), source="Zhang & Chen 2022, arXiv 2204.13902"),
)
