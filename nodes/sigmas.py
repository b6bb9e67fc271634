"""Nodes that make noise schedules (SIGMAS)."""

from __future__ import annotations

from typing import Any

from graphexec.diffusion.names import SCHEDULER_NAMES
from graphexec.registry.authoring import Choice, Context, Float, Int, NodeTable, Output, Socket

NODES = NodeTable("sampling/custom_sampling/schedulers")


@NODES.node(
    "BasicScheduler",
    inputs=(
        Socket("model", "MODEL"),
        Choice("scheduler", SCHEDULER_NAMES),
        Int("steps", 20, min=1, max=10000),
        Float("denoise", 1.0, min=0.0, max=1.0, step=0.01),
    ),
    outputs=(Output("SIGMAS"),),
)
def basic_scheduler(context: Context, model: Any, scheduler: str, steps: int, denoise: float) -> tuple[Any]:
    """Return the noise levels of a scheduler for a model; `denoise` below 1 keeps the lower ones."""
    from graphexec.diffusion import schedules

    return (schedules.basic(model, scheduler, steps, denoise),)
