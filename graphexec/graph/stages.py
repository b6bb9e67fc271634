"""Sampler nodes as stages over a schedule: which steps they take, what noise they add and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphexec.graph.model import GraphNode

SAMPLERS = frozenset({"KSampler", "KSamplerAdvanced"})
_TRAINING_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Stage:
    """A sampler node. None stands for what is not known before the run, because it comes by link.

    `start` and `end` are as written; `adds_noise` and `keeps_noise` are add_noise and
    return_with_leftover_noise as booleans. `simple` tells KSampler, which has none of these inputs. `exact` is the
    setting `continuation: exact`.
    """

    id: str
    simple: bool
    steps: int | None
    scheduler: str | None
    start: int | None
    end: int | None
    adds_noise: bool | None
    keeps_noise: bool | None
    exact: bool = False

    @classmethod
    def of(cls, node: GraphNode) -> Stage:
        """Read the stage off a checked KSampler or KSamplerAdvanced."""
        get = node.params.get
        if node.spec.type == "KSampler":
            steps, denoise = get("steps"), get("denoise")
            end = None if denoise is None else steps if denoise > 0 else 0  # it takes all its steps, or none
            exact = node.continuation is not None
            return cls(node.id, True, steps, get("scheduler"), 0, end, True, False, exact)
        switch: dict[Any, bool] = {"enable": True, "disable": False}
        return cls(
            node.id,
            False,
            get("steps"),
            get("scheduler"),
            get("start_at_step"),
            get("end_at_step"),
            adds_noise=switch.get(get("add_noise")),
            keeps_noise=switch.get(get("return_with_leftover_noise")),
            exact=node.continuation is not None,
        )

    @property
    def length(self) -> int | None:
        """The number of steps that the schedule really has: `ddim_uniform` takes every k-th of 1000, k whole."""
        if self.steps is None or self.scheduler != "ddim_uniform":
            return self.steps
        return len(range(1, _TRAINING_STEPS, max(_TRAINING_STEPS // self.steps, 1)))

    @property
    def last(self) -> int | None:
        """The step after which the stage stops: `end`, but no later than the schedule."""
        return None if self.end is None or self.length is None else min(self.end, self.length)

    @property
    def is_idle(self) -> bool | None:
        """Whether no step is left between start and end, so that the latent passes unchanged."""
        return None if self.start is None or self.last is None else self.start >= self.last

    @property
    def hands_over(self) -> bool | None:
        """Whether noise is left in the latent for a next stage."""
        if self.keeps_noise is False or self.is_complete:
            return False
        return None if self.keeps_noise is None or self.is_complete is None else True

    @property
    def is_complete(self) -> bool | None:
        """Whether the stage runs to the end of its schedule, where no noise is left."""
        return None if self.end is None or self.length is None else self.end >= self.length
