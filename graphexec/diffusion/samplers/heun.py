"""Runge-Kutta samplers in sigma: Heun's method and Heun++."""

from __future__ import annotations

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State, derivative


def heun(problem: Problem, state: State, i: int) -> State:
    """x' = x + (sigma' - sigma) (d + d') / 2, d' at the Euler step's end (algorithm 1); Euler where sigma' = 0."""
    sigma, sigma_next = problem.sigmas[i : i + 2]
    denoised = problem.denoise(state.x, sigma)
    d = derivative(state.x, sigma, denoised)
    euler = state.x + (sigma_next - sigma) * d
    if sigma_next == 0:
        return state.next(euler, denoised)
    d_next = derivative(euler, sigma_next, problem.denoise(euler, sigma_next))
    return state.next(state.x + (sigma_next - sigma) * (d + d_next) / 2, denoised)


def heun_plus_plus(problem: Problem, state: State, i: int) -> State:
    """Heun++: x' = x + (sigma' - sigma) (w1 d1 + w2 d2 + w3 d3), d2 and d3 one and two Euler steps ahead.

    The weights fall with the level: w2 = sigma' / (n sigma_0), w3 = sigma'' / (n sigma_0), w1 the rest, where n is
    the number of derivatives: 3, 2 in the last step but one, 1 in the last.
    """
    sigma, ahead = problem.sigmas[i], problem.sigmas[i + 1 : i + 3]
    top, end = problem.sigmas[0], problem.sigmas[-1]
    denoised = problem.denoise(state.x, sigma)
    d = derivative(state.x, sigma, denoised)
    if ahead[0] == end:
        return state.next(state.x + (ahead[0] - sigma) * d, denoised)
    levels = ahead[:1] if ahead[1] == end else ahead
    weights = [level / ((len(levels) + 1) * top) for level in levels]
    direction = (1 - sum(weights)) * d
    x, level = state.x, sigma
    for weight, level_next in zip(weights, levels, strict=True):
        x, level = x + (level_next - level) * d, level_next
        d = derivative(x, level, problem.denoise(x, level))
        direction = direction + weight * d
    return state.next(state.x + (ahead[0] - sigma) * direction, denoised)


SAMPLERS = (
    SamplerSpec("heun", heun, order=2, evaluations=2, source="Karras et al. 2022, arXiv 2206.00364, algorithm 1"),
    SamplerSpec(
        "heunpp2",
        heun_plus_plus,
        order=1,
        evaluations=3,
        source="Heun++, as in github.com/Carzit/sd-webui-samplers-scheduler (MIT)",
    ),
)
