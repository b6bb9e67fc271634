"""How many workers a sweep has, where each computes, and the order that opens its Session."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.cores import cores
from graphexec.document.load import read
from graphexec.errors import UsageError
from graphexec.sweep.messages import source_fields

if TYPE_CHECKING:
    from graphexec.api import Session
    from graphexec.sweep.plan import SweepPlan


def threads_each(jobs: int) -> int:
    """Return how many threads each of so many workers has, at least one."""
    return max(cores() // jobs, 1)


def places(jobs: int, devices: Sequence[str], per_device: int = 1) -> list[str]:
    """Return the device of each worker: `jobs` of them, in turn, but on an accelerator at most `per_device` each.

    Workers on one accelerator would hold its weights twice and wait for each other; the processor is shared.
    """
    made: list[str] = []
    for number in range(jobs):
        device = devices[number % len(devices)]
        if device == "cpu" or made.count(device) < per_device:
            made.append(device)
    return made


def orders(
    session: Session, plan: SweepPlan, jobs: int, devices: Sequence[str], per_device: int, previews: bool
) -> list[Mapping[str, Any]]:
    """Return the first message of each worker. Raises UsageError for what another process cannot be told."""
    if plan.batches:
        raise UsageError("a batch is computed in one process: use either --batch or --jobs")
    options: dict[str, Any] = {**session.options, "threads": session.policy.threads}
    if not all(isinstance(pack, (str, os.PathLike)) for pack in options["nodes"]):
        raise UsageError("nodes that are Python functions exist in this process only: use jobs=1")
    again, _ = read(plan.document.source, session.registry)
    if again is None or again.nodes != plan.document.nodes:
        raise UsageError("a document that was changed exists in this process only: use jobs=1, or write it to a file")
    source = source_fields(plan.document)
    for name in ("models", "nodes", "object_info"):
        options[name] = [os.fspath(path) for path in options[name]]
    for name in ("input", "output", "cache"):
        options[name] = None if options[name] is None else os.fspath(options[name])
    return [
        {"session": {**options, "device": device}, "source": source, "previews": previews}
        for device in places(jobs, devices or [session.policy.device], per_device)
    ]
