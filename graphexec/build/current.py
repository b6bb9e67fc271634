"""The workflow that `with Workflow()` is building, and the one way in which node functions add to it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from graphexec.build.node import Node
from graphexec.build.sites import site
from graphexec.errors import UsageError

if TYPE_CHECKING:
    from graphexec.build.workflow import Workflow

CURRENT: ContextVar[Workflow | None] = ContextVar("graphexec_workflow", default=None)
"""Each thread and each asyncio task builds its own."""


def make(type: str, inputs: Mapping[str, Any], name: str | None, title: str | None) -> Node:
    """Add a node to the current workflow, for the caller of the function that calls this; inputs of None are left out.

    Raises UsageError outside `with Workflow()`, and for a name that is taken.
    """
    workflow = CURRENT.get()
    if workflow is None:
        raise UsageError(f"{type} is called outside of `with Workflow():`, so there is no workflow to add it to")
    return workflow._add(type, inputs, name, title, site(2))
