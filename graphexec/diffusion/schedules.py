"""Noise schedules: the table of noise levels that a model was trained on, and the map between sigma and timestep.

Levels are `sigma = sqrt((1 - alpha_bar) / alpha_bar)`, the noise per unit of signal (Karras et al. 2022,
arXiv 2206.00364). They are kept in float32, as checkpoints are sampled with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

BEYOND_MAX = 999999999.9  # the level before the first step: above every schedule's sigma_max


class Schedule(Protocol):
    """The noise levels of a model: an ascending float32 table of L levels and its maps."""

    @property
    def sigmas(self) -> Tensor:
        """The table, `(L,)` float32, ascending."""

    def sigma(self, timestep: Tensor) -> Tensor:
        """Sigma of (fractional) timesteps, of their shape."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """The timestep the network is given for a sigma, of sigma's shape, float32."""

    def percent_to_sigma(self, percent: float) -> float:
        """Sigma at a fraction of the sampling range: 0 is before the first step, 1 is after the last."""


def sigma_min(schedule: Schedule) -> float:
    """The smallest level of the table."""
    return float(schedule.sigmas[0])


def sigma_max(schedule: Schedule) -> float:
    """The largest level of the table."""
    return float(schedule.sigmas[-1])


@dataclass(frozen=True, slots=True, eq=False)
class NoiseSchedule:
    """A discrete schedule: `sigmas` and their logs, both `(L,)` float32, rounded from float64.

    `stride` > 1 is that of a distilled model, which knows every stride-th timestep only.
    """

    sigmas: Tensor
    log_sigmas: Tensor
    stride: int = 1

    @classmethod
    def of(cls, sigmas: Tensor, stride: int = 1) -> NoiseSchedule:
        """The schedule of a table of levels, best given in float64."""
        return cls(sigmas.float(), sigmas.log().float(), stride)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Sigma of timesteps, interpolated linearly in log sigma and clamped to the table."""
        place = (timestep.float().to(self.log_sigmas.device) - (self.stride - 1)) / self.stride
        place = place.clamp(0, self.log_sigmas.shape[0] - 1)
        low, high, fraction = place.floor().long(), place.ceil().long(), place.frac()
        logs = (1 - fraction) * self.log_sigmas[low] + fraction * self.log_sigmas[high]
        return logs.exp().to(timestep.device)

    def timestep(self, sigma: Tensor) -> Tensor:
        """The timestep whose level is nearest in log sigma."""
        distance = (sigma.log()[..., None] - self.log_sigmas.to(sigma.device)).abs()
        return (distance.argmin(dim=-1) * self.stride + (self.stride - 1)).float()

    def percent_to_sigma(self, percent: float) -> float:
        """Sigma at a fraction of the range, uniform in timesteps."""
        if percent <= 0.0:
            return BEYOND_MAX
        if percent >= 1.0:
            return 0.0
        return float(self.sigma(torch.tensor((1.0 - percent) * 999.0)))


@dataclass(frozen=True, slots=True, eq=False)
class ContinuousSchedule:
    """A log-uniform range of levels. `clock` is how the network is told the level.

    `edm`: t = log(sigma) / 4 (Karras et al. 2022); `v`: t = 2 atan(sigma) / pi (Salimans & Ho 2022, arXiv 2202.00512).
    """

    sigmas: Tensor
    clock: Literal["edm", "v"]

    def sigma(self, timestep: Tensor) -> Tensor:
        """Inverse of `timestep`."""
        return (timestep * 4).exp() if self.clock == "edm" else (timestep * (math.pi / 2)).tan()

    def timestep(self, sigma: Tensor) -> Tensor:
        """The network's time of a level."""
        return sigma.log() / 4 if self.clock == "edm" else sigma.atan() / (math.pi / 2)

    def percent_to_sigma(self, percent: float) -> float:
        """Sigma at a fraction of the range, uniform in log sigma."""
        if percent <= 0.0:
            return BEYOND_MAX
        if percent >= 1.0:
            return 0.0
        low, high = math.log(sigma_min(self)), math.log(sigma_max(self))
        return math.exp((high - low) * (1.0 - percent) + low)


def scaled_linear(
    beta_start: float = 0.00085, beta_end: float = 0.012, steps: int = 1000, zero_terminal_snr: bool = False
) -> NoiseSchedule:
    """The schedule of Stable Diffusion: sqrt(beta) linear in the timestep (Rombach et al. 2022, arXiv 2112.10752)."""
    betas = torch.linspace(beta_start**0.5, beta_end**0.5, steps, dtype=torch.float64) ** 2
    sigmas = levels((1 - betas).cumprod(dim=0))
    return NoiseSchedule.of(rescaled(sigmas) if zero_terminal_snr else sigmas)


def levels(alpha_bar: Tensor) -> Tensor:
    """Sigmas of a table of alpha_bar (the product of 1 - beta)."""
    return ((1 - alpha_bar) / alpha_bar).sqrt()


def rescaled(sigmas: Tensor) -> Tensor:
    """The levels `(L,)` with zero terminal SNR (Lin et al. 2023, arXiv 2305.08891, algorithm 1).

    The last alpha_bar is the small value in use, 4.8973451890853435e-08, rather than 0, which has no finite sigma.
    """
    root = (1 / (sigmas**2 + 1)).sqrt()
    first, last = root[0].clone(), root[-1].clone()
    alpha_bar = ((root - last) * (first / (first - last))) ** 2
    alpha_bar[-1] = 4.8973451890853435e-08
    return levels(alpha_bar)


def distilled(schedule: NoiseSchedule, kept: int = 50) -> NoiseSchedule:
    """The levels a consistency-distilled model was trained on: `kept` of the table's (Luo et al. 2023, 2310.04378)."""
    stride = schedule.sigmas.shape[0] // kept
    return NoiseSchedule.of(schedule.sigmas.flip(0)[::stride][:kept].flip(0), stride)


def log_uniform(low: float, high: float, clock: Literal["edm", "v"], steps: int = 1000) -> ContinuousSchedule:
    """Levels from `low` to `high`, uniform in log sigma."""
    return ContinuousSchedule(torch.linspace(math.log(low), math.log(high), steps).exp(), clock)
