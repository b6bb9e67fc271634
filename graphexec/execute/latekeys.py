"""Keys of steps that could not have one before the run: made from the inputs that are now there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphexec.execute.tasks import Task
from graphexec.hashing import digest
from graphexec.plan.keys import Recipes, output_of, value_of
from graphexec.plan.model import Known
from graphexec.ports import Hooks
from graphexec.store.model import Items


def late_key(task: Task, tasks: Mapping[str, Task], recipes: Recipes, hooks: Hooks, changed: Any) -> Known | None:
    """Return the key, or None when an input has neither a key nor a digest. `changed` is IS_CHANGED's result.

    An input whose source had its key before the run is named by that key; another one by the digest of its
    value, so that a step which ran anew and gave the same value changes nothing downstream.
    """
    links: dict[str, str] = {}
    for name, edge in task.node.links.items():
        source = tasks[edge.node]
        if source.done or task.defers(name, source):
            stamp = _stamp(source, edge.slot, hooks)
            if stamp is None:
                return None
            links[name] = stamp
    return recipes.late(task.node, links, linked_values(task, tasks), changed)


def linked_values(task: Task, tasks: Mapping[str, Task]) -> dict[str, Items]:
    """Return the items of each linked input that is there."""
    found = ((name, edge.slot, tasks[edge.node]) for name, edge in task.node.links.items())
    return {name: source.items(slot) for name, slot, source in found if source.entry is not None}


def _stamp(source: Task, slot: int, hooks: Hooks) -> str | None:
    if source.early and isinstance(source.key, Known):
        return output_of(source.key, slot)
    value = value_digest(source, slot, source.items(slot), hooks)
    if value is not None:
        return value_of(value)
    return output_of(source.key, slot) if isinstance(source.key, Known) else None


def value_digest(source: Task, slot: int, items: Items, hooks: Hooks) -> str | None:
    """Return the digest of the items of an output, computed once; None when one of them has none."""
    if source.value_digests is None:
        source.value_digests = {}
    if slot not in source.value_digests:
        known = source.entry.digests.get(slot) if source.entry is not None else None
        source.value_digests[slot] = known or items_digest(items, hooks)
    return source.value_digests[slot]


def items_digest(items: Items, hooks: Hooks) -> str | None:
    """Return the digest of a list of items, or None when one of them has none."""
    found = [hooks.digest(item) for item in items]
    return None if None in found else digest("items", [item for item in found if item is not None])
