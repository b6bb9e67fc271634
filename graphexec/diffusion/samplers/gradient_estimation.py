"""Gradient-estimation sampling: the derivative is corrected by how it changed since the last step.

Permenter & Yuan 2023, arXiv 2306.04848, section 4.
"""

from __future__ import annotations

from types import MappingProxyType

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, derivative, remembered


def gradient_estimation(problem: Problem, state: State, i: int) -> State:
    """x' = x + (sigma' - sigma) (gamma d + (1 - gamma) d_1), gamma = 2; Euler in the first step and into sigma 0.

    The CFG++ form (needs_pair) starts from D and takes d from the unconditional estimate (arXiv 2406.08070).
    """
    sigma, sigma_next = problem.sigmas[i : i + 2]
    if problem.options["cfg_pp"]:
        denoised, estimate = problem.denoise_pair(state.x, sigma)
    else:
        estimate = denoised = problem.denoise(state.x, sigma)
    d = derivative(state.x, sigma, estimate)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    x = denoised + sigma_next * d
    if past := state.history("d"):
        x = x + (sigma_next - sigma) * (problem.options["gamma"] - 1) * (d - past[0])
    return state.next(x, denoised, **remembered("d", [d], 1))


SOURCE = "Permenter & Yuan 2023, arXiv 2306.04848"

SAMPLERS = (
    SamplerSpec(
        "gradient_estimation",
        gradient_estimation,
        options=MappingProxyType({"gamma": 2.0, "cfg_pp": False}),
        source=SOURCE,
    ),
    SamplerSpec(
        "gradient_estimation_cfg_pp",
        gradient_estimation,
        needs_pair=True,
        options=MappingProxyType({"gamma": 2.0, "cfg_pp": True}),
        source=f"{SOURCE}; Chung et al. 2024, arXiv 2406.08070",
    ),
)
