"""What loaders need of a run: the pool of loaded weights that lives as long as the Session, and where models run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from graphexec.registry.authoring import Context

if TYPE_CHECKING:
    from graphexec.diffusion.devices import Placement
    from graphexec.diffusion.memory import WeightsPool

POOL = "weights"


def pool(context: Context) -> WeightsPool:
    """Return the Session's pool of weights, under the policy's budget."""
    from graphexec.diffusion.memory import WeightsPool

    found: WeightsPool = context.resources.setdefault(POOL, WeightsPool(context.policy.memory))
    return found


def placement(context: Context, folder: str, path: Path, device: str | None = None) -> Placement:
    """Return where a model file runs and in which dtypes, by the run's policy; `device` takes the place of its own."""
    from graphexec.diffusion.devices import place
    from nodes.policy import formats

    return place(device or context.policy.device, formats(context.policy, folder, path), context.policy.memory)
