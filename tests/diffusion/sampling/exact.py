"""Denoisers whose probability-flow ODE is solved exactly, and runs of samplers over them in float64."""

import math
from functools import cache
from types import MappingProxyType

import torch

from graphexec.diffusion.drive import drive
from graphexec.diffusion.samplers.base import Problem
from graphexec.diffusion.samplers.table import SAMPLERS

WEIGHTS = torch.tensor([0.3, 0.7], dtype=torch.float64)
MEANS = torch.tensor([-1.0, 0.8], dtype=torch.float64)
SPREADS = torch.tensor([0.5, 0.7], dtype=torch.float64)
"""A mixture of two normals: its denoiser is not linear in x, so no term of a method's error cancels by chance."""


def mixture(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """The posterior mean E[x0 | x] of the mixture under noise of level sigma, point by point."""
    variance = SPREADS**2 + sigma**2
    z = x[..., None] - MEANS
    logits = WEIGHTS.log() - z**2 / (2 * variance) - variance.log() / 2
    means = MEANS + SPREADS**2 / variance * z
    return (logits.softmax(dim=-1) * means).sum(dim=-1)


def mixture_cdf(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """The distribution function of mixture plus noise."""
    spread = (SPREADS**2 + sigma**2).sqrt()
    return (WEIGHTS * torch.special.ndtr((x[..., None] - MEANS) / spread)).sum(dim=-1)


def mixture_flow(x: torch.Tensor, sigma: float, sigma_next: float) -> torch.Tensor:
    """The exact solution: in one dimension the flow keeps quantiles, so F_next(x_next) = F(x); by bisection."""
    target = mixture_cdf(x, sigma)
    low, high = torch.full_like(x, -60.0), torch.full_like(x, 60.0)
    for _ in range(80):
        middle = (low + high) / 2
        below = mixture_cdf(middle, sigma_next) < target
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


def gaussian(x: torch.Tensor, sigma: float, spread: float = 0.7) -> torch.Tensor:
    """The posterior mean for normal data of zero mean."""
    return x * spread**2 / (spread**2 + sigma**2)


def uniform(steps: int, first: float = 10.0, last: float = 0.5) -> list[float]:
    """Levels uniform in log sigma, both ends in."""
    return [math.exp(math.log(first) + i / steps * math.log(last / first)) for i in range(steps + 1)]


def linear(steps: int, first: float = 10.0, last: float = 0.5) -> list[float]:
    """Levels uniform in sigma, both ends in."""
    return [first + i / steps * (last - first) for i in range(steps + 1)]


def eased(steps: int, first: float = 10.0, last: float = 0.5, halvings: int = 24) -> list[float]:
    """The same with the first and last step replaced by ones that halve towards the ends.

    A multistep method begins (and may end) at a low order; over steps this short that costs nothing, so what is
    left to measure is the order under way.
    """
    levels = uniform(steps, first, last)
    ease = [levels[0] * (levels[1] / levels[0]) ** (0.5**k) for k in range(halvings, 0, -1)]
    back = [levels[-1] * (levels[-2] / levels[-1]) ** (0.5**k) for k in range(1, halvings + 1)]
    return [levels[0], *ease, *levels[1:-1], *back, levels[-1]]


def solve(name, levels, x, denoise=mixture, spec=None, noise=None, **options):
    """Run a sampler in float64; `options` are set on top of its own."""
    spec = spec or SAMPLERS[name]
    problem = Problem(
        x=x,
        sigmas=tuple(levels),
        denoise=denoise,
        denoise_pair=lambda x, sigma: (denoise(x, sigma),) * 2,
        noise=noise or (lambda sigma, sigma_next: torch.zeros_like(x)),
        percent_to_sigma=lambda percent: 10.0 * (1 - percent),
        options=MappingProxyType({**spec.options, **options}),
    )
    return drive(spec, problem).state.x


def points(sigma: float = 10.0, count: int = 7) -> torch.Tensor:
    """Starting points spread over what x is at the level, `(1, 1, 1, count)`."""
    return torch.linspace(-1.5, 1.5, count, dtype=torch.float64).reshape(1, 1, 1, -1) * sigma


@cache
def solution(first: float, last: float) -> torch.Tensor:
    """Where the flow takes `points(first)`."""
    return mixture_flow(points(first), first, last)


def errors(name, grid, counts, spec=None, **options):
    """The root mean square error at the end for each number of steps."""
    grids = [grid(count) for count in counts]
    ends = [solve(name, levels, points(levels[0]), spec=spec, **options) for levels in grids]
    return [
        float((x - solution(levels[0], levels[-1])).square().mean().sqrt())
        for x, levels in zip(ends, grids, strict=True)
    ]
