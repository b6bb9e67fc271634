"""Schedulers: which noise levels a run of N steps visits. One function a name, one row of `SCHEDULERS` each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from graphexec.diffusion.schedules import Schedule, sigma_max, sigma_min

Scheduler = Callable[[Schedule, int], Tensor]


def descending(values: list[float]) -> Tensor:
    """A run's levels as float32, closed with 0."""
    return torch.tensor([*values, 0.0], dtype=torch.float32)


def closed(sigmas: Tensor) -> Tensor:
    """A run's levels, closed with 0."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def karras(steps: int, low: float, high: float, rho: float = 7.0) -> Tensor:
    """Levels uniform in sigma^(1/rho), `(steps + 1,)` (Karras et al. 2022, arXiv 2206.00364, eq. 5)."""
    ramp = torch.linspace(0, 1, steps)
    return closed((high ** (1 / rho) + ramp * (low ** (1 / rho) - high ** (1 / rho))) ** rho)


def exponential(steps: int, low: float, high: float) -> Tensor:
    """Levels uniform in log sigma, `(steps + 1,)`."""
    return closed(torch.linspace(math.log(high), math.log(low), steps).exp())


def polyexponential(steps: int, low: float, high: float, rho: float = 1.0) -> Tensor:
    """Levels whose log is a power `rho` of a linear ramp, `(steps + 1,)`."""
    ramp = torch.linspace(1, 0, steps) ** rho
    return closed((ramp * (math.log(high) - math.log(low)) + math.log(low)).exp())


def vp(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3) -> Tensor:
    """Levels of the continuous variance-preserving SDE, `(steps + 1,)` (Song et al. 2021, arXiv 2011.13456)."""
    t = torch.linspace(1, eps_s, steps)
    return closed((beta_d * t**2 / 2 + beta_min * t).expm1().sqrt())


def laplace(steps: int, low: float, high: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Levels whose log is Laplace distributed, `(steps,)`: not closed with 0 (Hang et al. 2024, arXiv 2407.03297)."""
    x = torch.linspace(0, 1, steps)
    spread = 1 - 2 * (0.5 - x).abs() + 1e-5
    return (mu - beta * (0.5 - x).sign() * spread.log()).exp().clamp(low, high)


def simple(schedule: Schedule, steps: int) -> Tensor:
    """Every (L/N)-th level from the top."""
    table = schedule.sigmas
    return descending([float(table[-(1 + int(i * (len(table) / steps)))]) for i in range(steps)])


def ddim_uniform(schedule: Schedule, steps: int) -> Tensor:
    """Every (L//N)-th level from index 1 up; may give more than N steps (Song et al. 2020, arXiv 2010.02502)."""
    table = schedule.sigmas
    stride = max(len(table) // steps, 1)
    if math.isclose(float(table[1]), 0.0, abs_tol=1e-5):
        return table[1 :: max(len(table) // (steps + 1), 1)].flip(0).float()
    return closed(table[1::stride].flip(0).float())


def in_timesteps(schedule: Schedule, steps: int, first: float | None = None, last: float | None = None) -> Tensor:
    """Levels uniform in timesteps from sigma `first` (or the table's largest) to `last` (or the smallest), both in."""
    table = schedule.sigmas
    start = schedule.timestep(table[-1] if first is None else torch.tensor(first))
    end = schedule.timestep(table[0] if last is None else torch.tensor(last))
    return schedule.sigma(torch.linspace(float(start), float(end), steps)).float()


def normal(schedule: Schedule, steps: int) -> Tensor:
    """Levels uniform in timesteps, the smallest included."""
    if math.isclose(float(schedule.sigma(schedule.timestep(schedule.sigmas[0]))), 0.0, abs_tol=1e-5):
        return in_timesteps(schedule, steps + 1)
    return closed(in_timesteps(schedule, steps))


def sgm_uniform(schedule: Schedule, steps: int) -> Tensor:
    """Levels uniform in timesteps, the smallest left out."""
    return closed(in_timesteps(schedule, steps + 1)[:-1])


def beta_quantiles(schedule: Schedule, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Table places at the quantiles of Beta(alpha, beta), repeated places dropped (Lee et al. 2024, 2407.12173)."""
    from scipy.special import betaincinv

    last = len(schedule.sigmas) - 1
    places = [round(float(betaincinv(alpha, beta, 1 - i / steps)) * last) for i in range(steps)]
    kept = [place for i, place in enumerate(places) if i == 0 or place != places[i - 1]]
    return descending([float(schedule.sigmas[place]) for place in kept])


def linear_quadratic(schedule: Schedule, steps: int, threshold: float = 0.025) -> Tensor:
    """Half the steps remove `threshold` of the noise linearly, the rest a parabola (Movie Gen 2024, 2410.13720).

    The parabola meets the line with equal slope after L = N // 2 steps: 1 - sigma / sigma_max =
    threshold (1 + k / L) + c k^2 at the k-th step behind it, with c such that step N removes all noise.
    """
    if steps == 1:
        return descending([sigma_max(schedule)])
    line = steps // 2
    curve = (1 - threshold * steps / line) / (steps - line) ** 2
    removed = [threshold * i / line + curve * max(i - line, 0) ** 2 for i in range(steps)]
    return descending([1.0 - part for part in removed]) * sigma_max(schedule)


def kl_optimal(schedule: Schedule, steps: int) -> Tensor:
    """Levels uniform in atan(sigma) (Sabour et al. 2024, arXiv 2404.14507, section 3.1)."""
    ramp = torch.arange(steps, dtype=torch.float32) / max(steps - 1, 1)
    low, high = math.atan(sigma_min(schedule)), math.atan(sigma_max(schedule))
    return closed((ramp * low + (1 - ramp) * high).tan())


SCHEDULERS: Mapping[str, Scheduler] = MappingProxyType(
    {
        "simple": simple,
        "sgm_uniform": sgm_uniform,
        "karras": lambda schedule, steps: karras(steps, sigma_min(schedule), sigma_max(schedule)),
        "exponential": lambda schedule, steps: exponential(steps, sigma_min(schedule), sigma_max(schedule)),
        "ddim_uniform": ddim_uniform,
        "beta": beta_quantiles,
        "normal": normal,
        "linear_quadratic": linear_quadratic,
        "kl_optimal": kl_optimal,
    }
)
