"""Refined exponential solvers in multistep form: RES, its ancestral and CFG++ forms.

Zhang et al. 2023, arXiv 2308.02157. With alpha = 1 and h the step in lambda, phi_1(z) = (e^z - 1) / z and
phi_2(z) = (phi_1(z) - 1) / z.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, ancestral, derivative, remembered


def weights(sigma_before: float, sigma: float, down_before: float, down: float) -> tuple[float, float]:
    """h b_1 and h b_2, the weights of the newest estimate and of the one before.

    c_2 is the older estimate's place in units of the step, measured from the level `down_before` that the last step
    stepped down to: without added noise that is sigma itself.
    """
    h = math.log(sigma / down)
    c_2 = math.log(down_before / sigma_before) / h
    phi_1 = math.expm1(-h) / -h
    phi_2 = (phi_1 - 1) / -h
    b_2 = phi_2 / c_2 if c_2 else 0.0
    return h * (phi_1 - b_2 if c_2 else 0.0), h * b_2


def res_multistep(problem: Problem, state: State, i: int) -> State:
    """x' = e^-h x + h (b_1 D + b_2 D_1) + s_noise up z; Euler in the first step and into sigma 0.

    The CFG++ form (needs_pair) decays the noise as the unconditional estimate U sees it: x + D - U takes the place of
    x, and U that of D (arXiv 2406.08070).
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    options = problem.options
    if options["cfg_pp"]:
        denoised, estimate = problem.denoise_pair(state.x, sigma)
    else:
        estimate = denoised = problem.denoise(state.x, sigma)
    down, up = ancestral(sigma, sigma_next, options["eta"])
    past = state.history("estimate")
    if down == 0 or not past:
        x = denoised + down * derivative(state.x, sigma, estimate)
    else:
        sigma_before = problem.sigmas[i - 1]
        down_before, _ = ancestral(sigma_before, sigma, options["eta"])
        w_1, w_2 = weights(sigma_before, sigma, down_before, down)
        x = (down / sigma) * (state.x + (denoised - estimate)) + w_1 * estimate + w_2 * past[0]
    if sigma_next > 0 and up:
        x = x + problem.noise(sigma, sigma_next) * (options["s_noise"] * up)
    return state.next(x, denoised, **remembered("estimate", [estimate], 1))


def row(name: str, eta: float, cfg_pp: bool) -> SamplerSpec:
    """A member of the family."""
    return SamplerSpec(
        name,
        res_multistep,
        order=2,
        noise="stream" if eta else "none",
        needs_pair=cfg_pp,
        options=MappingProxyType({"eta": eta, "s_noise": 1.0, "cfg_pp": cfg_pp}),
        source="Zhang et al. 2023, arXiv 2308.02157" + ("; Chung et al. 2024, arXiv 2406.08070" if cfg_pp else ""),
    )


SAMPLERS = (
    row("res_multistep", 0.0, cfg_pp=False),
    row("res_multistep_cfg_pp", 0.0, cfg_pp=True),
    row("res_multistep_ancestral", 1.0, cfg_pp=False),
    row("res_multistep_ancestral_cfg_pp", 1.0, cfg_pp=True),
)
