"""DPM-Solver++ multistep: 2M with its CFG++ form, and the SDE forms 2M and 3M.

Lu et al. 2022, arXiv 2211.01095. With alpha = 1 and steps h in lambda; h_1, h_2 are the lengths of the last steps,
D_1, D_2 the estimates at their starts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, half_log_snr, remembered


def step_length(problem: Problem, i: int) -> float:
    """h of step i: lambda' - lambda; infinite into sigma 0."""
    return half_log_snr(problem.sigmas[i + 1]) - half_log_snr(problem.sigmas[i])


def dpmpp_2m(problem: Problem, state: State, i: int) -> State:
    """x' = e^-h x - (e^-h - 1) (D + (D - D_1) / (2 r)), r = h_1 / h (algorithm 2); first order into sigma 0."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    towards = denoised
    if sigma_next > 0 and (past := state.history("denoised")):
        r = step_length(problem, i - 1) / step_length(problem, i)
        towards = denoised + (denoised - past[0]) / (2 * r)
    x = (sigma_next / sigma) * state.x - math.expm1(-step_length(problem, i)) * towards
    return state.next(x, denoised, **remembered("denoised", [denoised], 1))


def dpmpp_2m_cfg_pp(problem: Problem, state: State, i: int) -> State:
    """2M with the noise direction of U = D_uncond (CFG++, arXiv 2406.08070).

    x' = D + e^-h (x - U) - (e^-h - 1) (D - U_1) / (2 r).
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised, uncond = problem.denoise_pair(state.x, sigma)
    x = denoised + (sigma_next / sigma) * (state.x - uncond)
    if sigma_next > 0 and (past := state.history("uncond")):
        r = step_length(problem, i - 1) / step_length(problem, i)
        x = x - math.expm1(-step_length(problem, i)) / (2 * r) * (denoised - past[0])
    return state.next(x, denoised, **remembered("uncond", [uncond], 1))


def diffused(problem: Problem, x: Tensor, i: int) -> Tensor:
    """Add the step's noise: s_noise sigma' sqrt(1 - e^(-2 eta h)) z."""
    eta, s_noise = problem.options["eta"], problem.options["s_noise"]
    if not (eta and s_noise):
        return x
    sigma, sigma_next = problem.sigmas[i : i + 2]
    scale: float = s_noise * sigma_next * math.sqrt(-math.expm1(-2 * eta * step_length(problem, i)))
    return x + scale * problem.noise(sigma, sigma_next)


def dpmpp_2m_sde(problem: Problem, state: State, i: int) -> State:
    """SDE-DPM-Solver++(2M): with g = (1 + eta) h,

    x' = e^(-eta h) (sigma' / sigma) x + (1 - e^-g) D + c (D - D_1) / r, c = (1 - e^-g) / 2 (solver type midpoint) or
    1 - (1 - e^-g) / g (heun).
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    h = step_length(problem, i)
    g = (1 + problem.options["eta"]) * h
    x = math.exp(-g) * state.x - math.expm1(-g) * denoised
    if past := state.history("denoised"):
        c = -math.expm1(-g) / 2 if problem.options["solver_type"] == "midpoint" else 1 + math.expm1(-g) / g
        x = x + c * (h / step_length(problem, i - 1)) * (denoised - past[0])
    return state.next(diffused(problem, x, i), denoised, **remembered("denoised", [denoised], 1))


def dpmpp_3m_sde(problem: Problem, state: State, i: int) -> State:
    """SDE-DPM-Solver++(3M): x' = e^-g x + (1 - e^-g) D + phi_2 D' - phi_3 D'', g = (1 + eta) h.

    phi_2 = (e^-g - 1) / g + 1, phi_3 = phi_2 / g - 1/2; D' and D'' are divided differences over the last three
    estimates (two in the second step, where D'' is left out), scaled by h. The implementation in use, kept here, has
    half of the exact weight of D'', which leaves the method of second order.
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    h = step_length(problem, i)
    g = (1 + problem.options["eta"]) * h
    phi_2 = math.expm1(-g) / g + 1
    phi_3 = phi_2 / g - 0.5
    past = state.history("denoised")
    x = math.exp(-g) * state.x - math.expm1(-g) * denoised
    if past:
        r0 = step_length(problem, i - 1) / h
        first = (denoised - past[0]) / r0
        if len(past) > 1:
            r1 = step_length(problem, i - 2) / h
            second = (first - (past[0] - past[1]) / r1) / (r0 + r1)
            first = first + r0 * second
            x = x - phi_3 * second
        x = x + phi_2 * first
    return state.next(diffused(problem, x, i), denoised, **remembered("denoised", [denoised, *past], 2))


SOURCE = "Lu et al. 2022, arXiv 2211.01095"

DPMPP_2M_SDE = SamplerSpec(
    "dpmpp_2m_sde",
    dpmpp_2m_sde,
    order=2,
    noise="brownian",
    options=MappingProxyType({"eta": 1.0, "s_noise": 1.0, "solver_type": "midpoint"}),
    source=SOURCE,
)
DPMPP_2M_SDE_HEUN = replace(
    DPMPP_2M_SDE,
    name="dpmpp_2m_sde_heun",
    options=MappingProxyType({"eta": 1.0, "s_noise": 1.0, "solver_type": "heun"}),
)
DPMPP_3M_SDE = SamplerSpec(
    "dpmpp_3m_sde",
    dpmpp_3m_sde,
    order=2,
    noise="brownian",
    options=MappingProxyType({"eta": 1.0, "s_noise": 1.0}),
    source=SOURCE,
)

SAMPLERS = (
    SamplerSpec("dpmpp_2m", dpmpp_2m, order=2, source=SOURCE),
    SamplerSpec(
        "dpmpp_2m_cfg_pp",
        dpmpp_2m_cfg_pp,
        order=2,
        needs_pair=True,
        source=f"{SOURCE}; Chung et al. 2024, arXiv 2406.08070",
    ),
    DPMPP_2M_SDE,
    replace(DPMPP_2M_SDE, name="dpmpp_2m_sde_gpu", brownian_device="model"),
    DPMPP_2M_SDE_HEUN,
    replace(DPMPP_2M_SDE_HEUN, name="dpmpp_2m_sde_heun_gpu", brownian_device="model"),
    DPMPP_3M_SDE,
    replace(DPMPP_3M_SDE, name="dpmpp_3m_sde_gpu", brownian_device="model"),
)
