"""DPM-Solver++ in single steps of second order: 2S with its ancestral and CFG++ forms, and the SDE form.

Lu et al. 2022, arXiv 2211.01095. In x = x0 + sigma noise the paper's alpha is 1: the exponential step over h in
lambda towards an estimate D is x' = e^-h x - (e^-h - 1) D.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

from torch import Tensor

from graphexec.diffusion.samplers.base import (
    Problem,
    SamplerSpec,
    State,
    ancestral,
    between,
    derivative,
)


def exponential(x: Tensor, denoised: Tensor, h: float) -> Tensor:
    """e^-h x - (e^-h - 1) D: exact for a constant D (eq. 8 of arXiv 2211.01095)."""
    return math.exp(-h) * x - math.expm1(-h) * denoised


def dpmpp_2s_ancestral(problem: Problem, state: State, i: int) -> State:
    """DPM-Solver++(2S), r = 1/2, to the ancestral level: D is taken in the middle of the step (algorithm 1)."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    down, up = ancestral(sigma, sigma_next, problem.options["eta"])
    if down == 0:
        return state.next(denoised, denoised)
    h = math.log(sigma / down)
    middle = exponential(state.x, denoised, h / 2)
    x = exponential(state.x, problem.denoise(middle, math.sqrt(sigma * down)), h)
    if up:
        x = x + problem.noise(sigma, sigma_next) * (problem.options["s_noise"] * up)
    return state.next(x, denoised)


def dpmpp_2s_ancestral_cfg_pp(problem: Problem, state: State, i: int) -> State:
    """The same with the noise direction of the unconditional estimate (CFG++, arXiv 2406.08070).

    x is moved by D - D_uncond before the exponential decay, so that what decays is noise as D_uncond sees it. In the
    second half D_uncond is the middle's while D is not: so it is in the implementation that pictures were made with,
    and it costs the method its order.
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised, uncond = problem.denoise_pair(state.x, sigma)
    down, up = ancestral(sigma, sigma_next, problem.options["eta"])
    if down == 0:
        return state.next(denoised + down * derivative(state.x, sigma, uncond), denoised)
    h = math.log(sigma / down)
    middle = exponential(state.x + (denoised - uncond), denoised, h / 2)
    denoised_2, uncond_2 = problem.denoise_pair(middle, math.sqrt(sigma * down))
    x = exponential(state.x + (denoised - uncond_2), denoised_2, h)
    if up:
        x = x + problem.noise(sigma, sigma_next) * (problem.options["s_noise"] * up)
    return state.next(x, denoised)


def dpmpp_sde(problem: Problem, state: State, i: int) -> State:
    """SDE-DPM-Solver++ with one stage at lambda + r h; both stages step ancestrally, from the same Brownian path.

    D of the second is (1 - f) D + f D_1, f = 1 / (2 r).
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    eta, s_noise, r = (problem.options[name] for name in ("eta", "s_noise", "r"))
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    middle = between(sigma, sigma_next, r)
    down, up = ancestral(sigma, middle, eta)
    x = exponential(state.x, denoised, math.log(sigma / down))
    if eta and s_noise:
        x = x + problem.noise(sigma, middle) * (s_noise * up)
    f = 1 / (2 * r)
    mixed = (1 - f) * denoised + f * problem.denoise(x, middle)
    down, up = ancestral(sigma, sigma_next, eta)
    x = exponential(state.x, mixed, math.log(sigma / down))
    if eta and s_noise:
        x = x + problem.noise(sigma, sigma_next) * (s_noise * up)
    return state.next(x, denoised)


ANCESTRAL = MappingProxyType({"eta": 1.0, "s_noise": 1.0})
SOURCE = "Lu et al. 2022, arXiv 2211.01095"

DPMPP_SDE = SamplerSpec(
    "dpmpp_sde",
    dpmpp_sde,
    order=2,
    evaluations=2,
    noise="brownian",
    options=MappingProxyType({"eta": 1.0, "s_noise": 1.0, "r": 0.5}),
    source=SOURCE,
)

SAMPLERS = (
    SamplerSpec(
        "dpmpp_2s_ancestral",
        dpmpp_2s_ancestral,
        order=2,
        evaluations=2,
        noise="stream",
        options=ANCESTRAL,
        source=SOURCE,
    ),
    SamplerSpec(
        "dpmpp_2s_ancestral_cfg_pp",
        dpmpp_2s_ancestral_cfg_pp,
        order=None,
        evaluations=2,
        noise="stream",
        needs_pair=True,
        options=ANCESTRAL,
        source=f"{SOURCE}; Chung et al. 2024, arXiv 2406.08070",
    ),
    DPMPP_SDE,
    replace(DPMPP_SDE, name="dpmpp_sde_gpu", brownian_device="model"),
)
