"""What loaders need of a run: the pool of loaded weights that lives as long as the Session, and where models run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphexec.registry.authoring import Context

if TYPE_CHECKING:
    from graphexec.diffusion.devices import Placement
    from graphexec.diffusion.memory import WeightsPool

POOL = "weights"


def pool(context: Context) -> WeightsPool:
    """Return the Session's pool of weights."""
    from graphexec.diffusion.memory import WeightsPool

    found: WeightsPool = context.resources.setdefault(POOL, WeightsPool())
    return found


def placement(context: Context) -> Placement:
    """Return device and dtypes by the run's policy."""
    from graphexec.diffusion.devices import resolve

    return resolve(context.policy.device, context.policy.dtype)
