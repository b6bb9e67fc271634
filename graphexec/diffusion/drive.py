"""The one loop: steps a sampler through its problem, with progress, cancellation and checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from graphexec.diffusion.samplers.base import Problem, SamplerSpec, State


class Report(Protocol):
    """Told after every step: steps done, steps in all, and the latest estimate (model space) for a preview.

    What it raises stops the run.
    """

    def __call__(self, done: int, total: int, denoised: Tensor | None, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run stands: `step` steps are done. Storable, and enough to go on.

    The step noise of ancestral samplers is a stream, so whoever goes on skips its first `draws`.
    """

    step: int
    state: State
    draws: int = 0


def drive(
    spec: SamplerSpec,
    problem: Problem,
    report: Report | None = None,
    resume: Checkpoint | None = None,
    save: Callable[[Checkpoint], None] | None = None,
    most: int | None = None,
) -> Checkpoint:
    """Run a sampler to its end, or for at most `most` steps, from the start or from a checkpoint; return where it is.

    The problem's noise has skipped the checkpoint's draws.
    """
    at = resume or Checkpoint(0, spec.start(problem))
    last = None if most is None else at.step + most
    while not spec.finished(problem, at.state, at.step) and at.step != last:
        state = spec.step(problem, at.state, at.step)
        at = Checkpoint(at.step + 1, state, getattr(problem.noise, "drawn", 0))
        if save is not None:
            save(at)
        if report is not None:
            report(at.step, max(problem.steps, at.step), state.denoised)
    return at
