"""What a sampler is: a table row and two pure functions, `start(problem)` and `step(problem, state, i)`.

Symbols in all sampler modules: sigma the noise level, lambda = -log sigma half the log-SNR of x = x0 + sigma noise,
D the denoised estimate, d = (x - D) / sigma the derivative dx/dsigma of the probability-flow ODE, h a step in lambda.
Levels and coefficients are Python floats (a step never waits for a device); tensors keep the dtype of `problem.x`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

import torch
from torch import Tensor

from graphexec.diffusion.names import LOOKS_AHEAD


class Denoise(Protocol):
    """The guided denoiser D(x; sigma): x `(B, C, H, W)` in model space; returns x0 of x's shape."""

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor: ...


class DenoisePair(Protocol):
    """The guided denoiser together with the unconditional one, `(D, D_uncond)`, for the CFG++ samplers."""

    def __call__(self, x: Tensor, sigma: float, /) -> tuple[Tensor, Tensor]: ...


class StepNoise(Protocol):
    """Noise of a step between two levels: a standard normal of x's shape. Called in step order."""

    def __call__(self, sigma: float, sigma_next: float, /) -> Tensor: ...


def unset(*_: Any) -> Any:
    """Stand in for a callable that this sampler was declared not to need."""
    raise TypeError("the sampler's row does not declare that it draws this noise or needs the unconditional estimate")


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a sampler may read. `x` is the noised start in model space, `sigmas` N+1 descending levels.

    `noise(sigma, sigma_next)` is a standard normal for the step between the levels: a stream for ancestral samplers
    (each call is the next draw), a function of the levels for those declared `brownian`. `options` are the
    sampler's settings (eta, s_noise, order, ...): its row's defaults, overridden by the caller. `percent_to_sigma`
    is the schedule's, for samplers that act in a part of the range only.
    """

    x: Tensor
    sigmas: tuple[float, ...]
    denoise: Denoise
    denoise_pair: DenoisePair = unset
    noise: StepNoise = unset
    percent_to_sigma: Callable[[float], float] = unset
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def steps(self) -> int:
        """The number of steps N of the grid."""
        return len(self.sigmas) - 1


@dataclass(frozen=True, slots=True)
class State:
    """A sampler's whole state between steps: named tensors and integers, so that it can be stored.

    `x` is the current latent; `denoised` the latest estimate (for previews); `memory` what the next steps need.
    """

    x: Tensor
    denoised: Tensor | None = None
    memory: Mapping[str, Tensor | int] = field(default_factory=lambda: MappingProxyType({}))

    def next(self, x: Tensor, denoised: Tensor | None = None, **memory: Tensor | int) -> State:
        """Return the state after a step; memory not named is forgotten."""
        return replace(self, x=x, denoised=denoised, memory=MappingProxyType(memory))

    def tensor(self, name: str) -> Tensor:
        """Return a tensor of the memory."""
        value = self.memory[name]
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} is a number")
        return value

    def history(self, name: str) -> list[Tensor]:
        """Return what `remembered` kept under a name, the newest first."""
        kept: list[Tensor] = []
        while f"{name}.{len(kept)}" in self.memory:
            kept.append(self.tensor(f"{name}.{len(kept)}"))
        return kept


def remembered(name: str, values: list[Tensor], keep: int) -> dict[str, Tensor | int]:
    """Return the first `keep` values as memory entries that `State.history` finds again."""
    return {f"{name}.{k}": value for k, value in enumerate(values[:keep])}


Start: TypeAlias = Callable[[Problem], State]
Step: TypeAlias = Callable[[Problem, State, int], State]
Finished: TypeAlias = Callable[[Problem, State, int], bool]


def start(problem: Problem) -> State:
    """The start of every sampler without a memory."""
    return State(x=problem.x)


def grid_done(problem: Problem, state: State, i: int) -> bool:
    """Whether the grid's N steps are over: the end of every sampler that follows the given sigmas."""
    return i >= problem.steps


@dataclass(frozen=True, slots=True)
class SamplerSpec:
    """A row of the table of samplers.

    `order` is the order of convergence on a smooth problem and grid, without noise (eta = 0) and, for a multistep
    method, between its first and last steps; None where the method has none. `evaluations` are the model calls a step;
    `noise` which kind of step noise it draws; `grid` is `own` where the sampler chooses its levels between the ends
    given. `discard_penultimate`: KSampler computes N + 1 steps and drops the last sigma but one. `inpaint_noise`: kept
    areas of an inpainting run are re-noised with the start's noise, or with fresh noise of seed + 1.
    """

    name: str
    step: Step
    start: Start = start
    finished: Finished = grid_done
    order: int | None = 1
    evaluations: int = 1
    noise: Literal["none", "stream", "brownian"] = "none"
    brownian_device: Literal["cpu", "model"] = "cpu"
    grid: Literal["given", "own"] = "given"
    needs_pair: bool = False
    discard_penultimate: bool = False
    inpaint_noise: Literal["start", "fresh"] = "start"
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""

    @property
    def stochastic(self) -> bool:
        """Whether the sampler draws noise of its own."""
        return self.noise != "none"

    @property
    def prefix_stable(self) -> bool:
        """Whether the first k steps depend only on the first k + 1 sigmas; `names.LOOKS_AHEAD` says why not."""
        return self.name not in LOOKS_AHEAD


def derivative(x: Tensor, sigma: float, denoised: Tensor) -> Tensor:
    """d = (x - D) / sigma (Karras et al. 2022, arXiv 2206.00364, eq. 1)."""
    return (x - denoised) / sigma


def half_log_snr(sigma: float) -> float:
    """lambda = -log sigma; infinite at sigma 0."""
    return -math.log(sigma) if sigma > 0 else math.inf


def ancestral(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """The level to step down to, and the noise to add, so that the sum has level sigma_next: `(down, up)`.

    up^2 = eta^2 sigma_next^2 (sigma^2 - sigma_next^2) / sigma^2 at most sigma_next^2, down^2 = sigma_next^2 - up^2
    (Song et al. 2020, arXiv 2010.02502, eq. 16, in sigmas).
    """
    if not eta:
        return sigma_next, 0.0
    up = min(sigma_next, eta * math.sqrt(max(sigma_next**2 * (sigma**2 - sigma_next**2), 0.0)) / sigma)
    return math.sqrt(sigma_next**2 - up**2), up


def between(sigma: float, sigma_next: float, ratio: float) -> float:
    """The level a `ratio` of the way in lambda, in float32 arithmetic.

    Brownian noise is a function of the level: one computed more exactly would be another draw than the one users know.
    """
    first, last = -torch.tensor([sigma, sigma_next], dtype=torch.float32).log()
    return float((-(first + ratio * (last - first))).exp())
