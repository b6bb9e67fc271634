"""One-step samplers of first order: Euler, its ancestral and CFG++ forms, DDIM, DDPM and LCM."""

from __future__ import annotations

from types import MappingProxyType

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, ancestral, derivative


def euler(problem: Problem, state: State, i: int) -> State:
    """x' = x + (sigma' - sigma) d (Karras et al. 2022, arXiv 2206.00364, algorithm 1; DDIM, arXiv 2010.02502)."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    d = derivative(state.x, sigma, denoised)
    return state.next(state.x + (sigma_next - sigma) * d, denoised)


def euler_ancestral(problem: Problem, state: State, i: int) -> State:
    """x' = x + (down - sigma) d + s_noise up z, with down^2 + up^2 = sigma'^2 (arXiv 2010.02502, eq. 12 and 16)."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    down, up = ancestral(sigma, sigma_next, problem.options["eta"])
    if down == 0:
        return state.next(denoised, denoised)
    x = state.x + (down - sigma) * derivative(state.x, sigma, denoised)
    return state.next(x + problem.noise(sigma, sigma_next) * (problem.options["s_noise"] * up), denoised)


def euler_ancestral_cfg_pp(problem: Problem, state: State, i: int) -> State:
    """x' = D + down d_uncond + s_noise up z: the noise direction is the unconditional one (CFG++, arXiv 2406.08070)."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    eta, s_noise = problem.options["eta"], problem.options["s_noise"]
    denoised, uncond = problem.denoise_pair(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    down, up = ancestral(sigma, sigma_next, eta)
    x = denoised + down * derivative(state.x, sigma, uncond)
    if eta > 0 and s_noise > 0:
        x = x + problem.noise(sigma, sigma_next) * (s_noise * up)
    return state.next(x, denoised)


def lcm(problem: Problem, state: State, i: int) -> State:
    """x' = D + sigma' z: multistep consistency sampling (Luo et al. 2023, arXiv 2310.04378, algorithm 3)."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    if sigma_next == 0:
        return state.next(denoised, denoised)
    return state.next(denoised + problem.noise(sigma, sigma_next) * sigma_next, denoised)


ANCESTRAL = MappingProxyType({"eta": 1.0, "s_noise": 1.0})
KARRAS = "Karras et al. 2022, arXiv 2206.00364"
DDIM = "Song et al. 2020, arXiv 2010.02502"
CFG_PP = "Chung et al. 2024, arXiv 2406.08070"

SAMPLERS = (
    SamplerSpec("euler", euler, source=KARRAS),
    SamplerSpec(
        "euler_cfg_pp",
        euler_ancestral_cfg_pp,
        needs_pair=True,
        options=MappingProxyType({"eta": 0.0, "s_noise": 0.0}),
        source=CFG_PP,
    ),
    SamplerSpec("euler_ancestral", euler_ancestral, noise="stream", options=ANCESTRAL, source=DDIM),
    SamplerSpec(
        "euler_ancestral_cfg_pp",
        euler_ancestral_cfg_pp,
        noise="stream",
        needs_pair=True,
        options=ANCESTRAL,
        source=CFG_PP,
    ),
    SamplerSpec(  # the posterior of the discrete chain is the ancestral step with eta = 1
        "ddpm", euler_ancestral, noise="stream", options=ANCESTRAL, source="Ho et al. 2020, arXiv 2006.11239, eq. 7"
    ),
    SamplerSpec("lcm", lcm, order=None, noise="stream", source="Luo et al. 2023, arXiv 2310.04378"),
    SamplerSpec("ddim", euler, inpaint_noise="fresh", source=DDIM),
)
