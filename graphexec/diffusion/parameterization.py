"""Parameterizations: how a network's prediction and a noise level become an estimate of the clean latent.

With x = x0 + sigma * noise in model space and sigma_d the spread of the data (Karras et al. 2022, arXiv 2206.00364,
table 1), the network sees c_in x and predicts F; the estimate is D(x; sigma) = c_skip x + c_out F.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from graphexec.diffusion.schedules import Schedule, sigma_max


class Parameterization(Protocol):
    """What a network predicts. `x`, `output`: `(B, C, h, w)`; `sigma`: 0-D or `(B,)`."""

    def scale_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """c_in x: what the network sees."""

    def denoised(self, x: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """D(x; sigma), from the network's output for `scale_input(x, sigma)`."""


def column(sigma: Tensor, like: Tensor) -> Tensor:
    """Sigma `(B,)` shaped to multiply a batch; 0-D stays 0-D."""
    return sigma.reshape(-1, *([1] * (like.ndim - 1))) if sigma.ndim else sigma


@dataclass(frozen=True, slots=True)
class Eps:
    """F predicts the noise: D = x - sigma F (Ho et al. 2020, arXiv 2006.11239)."""

    sigma_data: float = 1.0

    def scale_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x / sqrt(sigma^2 + sigma_d^2)."""
        return x / (column(sigma, x) ** 2 + self.sigma_data**2) ** 0.5

    def denoised(self, x: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """x - sigma F."""
        return x - output * column(sigma, x)


@dataclass(frozen=True, slots=True)
class V(Eps):
    """F predicts v = alpha noise - sigma x0 (Salimans & Ho 2022, arXiv 2202.00512)."""

    def denoised(self, x: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """x sigma_d^2 / (sigma^2 + sigma_d^2) - F sigma sigma_d / sqrt(sigma^2 + sigma_d^2)."""
        s, d = column(sigma, x), self.sigma_data
        return x * d**2 / (s**2 + d**2) - output * s * d / (s**2 + d**2) ** 0.5


@dataclass(frozen=True, slots=True)
class Edm(Eps):
    """Karras et al. 2022: as `V` with the opposite sign of F; sigma_d is 0.5 for the models in use."""

    sigma_data: float = 0.5

    def denoised(self, x: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """x sigma_d^2 / (sigma^2 + sigma_d^2) + F sigma sigma_d / sqrt(sigma^2 + sigma_d^2)."""
        s, d = column(sigma, x), self.sigma_data
        return x * d**2 / (s**2 + d**2) + output * s * d / (s**2 + d**2) ** 0.5


@dataclass(frozen=True, slots=True)
class X0(Eps):
    """F predicts the clean latent itself."""

    def denoised(self, x: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """F."""
        return output


@dataclass(frozen=True, slots=True)
class ImageToImage(X0):
    """F predicts the clean latent from x as it stands, without scaling."""

    def scale_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x."""
        return x


@dataclass(frozen=True, slots=True)
class Lcm(Eps):
    """F predicts the noise; a consistency model's boundary condition mixes x in (Luo et al. 2023, arXiv 2310.04378).

    With s = 10 t for timestep t: D = c_out (x - sigma F) + c_skip x, c_skip = 0.25 / (s^2 + 0.25),
    c_out = s / sqrt(s^2 + 0.25).
    """

    schedule: Schedule = field(kw_only=True)

    def denoised(self, x: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """c_out (x - sigma F) + c_skip x."""
        s = column(self.schedule.timestep(sigma), x) * 10.0
        c_skip, c_out = 0.25 / (s**2 + 0.25), s / (s**2 + 0.25) ** 0.5
        return c_out * (x - output * column(sigma, x)) + c_skip * x


def starts_from_noise(sigma: float, schedule: Schedule) -> bool:
    """Whether a run that begins at `sigma` begins at the schedule's last level or above (to 1e-5)."""
    top = sigma_max(schedule)
    return sigma > top or math.isclose(sigma, top, rel_tol=1e-5)


def noised(latent: Tensor, noise: Tensor, sigma: float, from_noise: bool) -> Tensor:
    """The start of a run, of latent's shape: latent + noise sigma.

    From the schedule's last level (`from_noise`) the noise is scaled by sqrt(1 + sigma^2), the spread that x has
    there when the data has unit spread.
    """
    return latent + noise * ((1 + sigma**2) ** 0.5 if from_noise else sigma)
