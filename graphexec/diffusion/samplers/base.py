"""What a sampler is: a table row and two pure functions, `start(problem)` and `step(problem, state, i)`.

To add a sampler: write the two functions in a module of its family, formulas beside the code in the paper's
symbols, and add a `SamplerSpec` row to that module's `SAMPLERS`; `table.py` lists the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

import torch
from torch import Tensor


class Denoise(Protocol):
    """The guided denoiser D(x; sigma): x `(B, C, H, W)`, sigma a 0-D or `(B,)` tensor; returns x0 of x's shape."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor: ...


class DenoisePair(Protocol):
    """The guided denoiser together with the unconditional one, `(D, D_uncond)`, for the CFG++ samplers."""

    def __call__(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]: ...


class StepNoise(Protocol):
    """Noise of one step between two sigmas: a standard normal of x's shape. Called in step order."""

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a sampler may read. `x` is the noised start in model space, `sigmas` N+1 descending levels.

    `noise` draws the step noise of ancestral samplers (a random stream, so it is called once a step, in order);
    `brownian(sigma, sigma_next)` that of SDE samplers (a function of its arguments only). `options` are the
    sampler's own settings (eta, s_noise, order, ...), the defaults of its row overridden by the caller.
    `lambda_of` is the log-SNR half of a sigma for the model's kind (eps, v: -log sigma; flow: log((1-s)/s)).
    """

    x: Tensor
    sigmas: Tensor
    denoise: Denoise
    denoise_pair: DenoisePair | None = None
    noise: StepNoise | None = None
    brownian: StepNoise | None = None
    flow: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def steps(self) -> int:
        """The number of steps N."""
        return int(self.sigmas.shape[0]) - 1


@dataclass(frozen=True, slots=True)
class State:
    """A sampler's whole state between steps: named tensors and integers, so that it can be stored.

    `x` is the current latent; `denoised` the latest estimate (for previews); `memory` what multistep methods
    remember.
    """

    x: Tensor
    denoised: Tensor | None = None
    memory: Mapping[str, Tensor | int] = field(default_factory=lambda: MappingProxyType({}))

    def next(self, x: Tensor, denoised: Tensor | None = None, **memory: Tensor | int) -> State:
        """Return the state after a step; memory not named is forgotten."""
        return replace(self, x=x, denoised=denoised, memory=MappingProxyType(memory))


Start: TypeAlias = Callable[[Problem], State]
Step: TypeAlias = Callable[[Problem, State, int], State]


def start(problem: Problem) -> State:
    """The start of every sampler without a memory."""
    return State(x=problem.x)


@dataclass(frozen=True, slots=True)
class SamplerSpec:
    """A row of the table of samplers.

    `order` is the measured order of convergence on a smooth problem (None for stochastic samplers);
    `evaluations` the model calls a step; `prefix_stable` whether the first k steps depend only on the first k+1
    sigmas; `noise` which kind of step noise it draws; `discard_penultimate` whether KSampler computes N+1 steps
    and drops the last sigma but one. `whole` runs a sampler that cannot be stepped (adaptive grids).
    """

    name: str
    step: Step
    start: Start = start
    order: int | None = 1
    evaluations: int = 1
    noise: Literal["none", "stream", "brownian"] = "none"
    brownian_device: Literal["cpu", "model"] = "cpu"
    grid: Literal["fixed", "adaptive"] = "fixed"
    prefix_stable: bool = True
    needs_pair: bool = False
    discard_penultimate: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""

    @property
    def stochastic(self) -> bool:
        """Whether the sampler draws noise of its own."""
        return self.noise != "none"


def scalar(value: Tensor) -> float:
    """Return a 0-D tensor as a Python float; one host synchronisation, so not for hot loops on a GPU."""
    return float(value)


def expand(sigma: Tensor, like: Tensor) -> Tensor:
    """Return a 0-D sigma as a `(B,)` tensor for the batch of `like`."""
    return sigma.expand(like.shape[0]) if sigma.ndim == 0 else torch.as_tensor(sigma)
