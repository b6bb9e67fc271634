"""The arguments of a node's calls: list mapping, lazy inputs, hidden values, blocked inputs, copies for packs.

Every value is a list of items, normally one. A node is called once for each item of its longest list; shorter
lists repeat their last item. A node that takes lists is called once with the lists themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphexec.errors import NodeError
from graphexec.execute.tasks import Task
from graphexec.ports import Blocked

_IMMUTABLE = (int, float, str, bool, bytes, type(None), Blocked)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The keyword arguments of each call, and whether there is one call for each item of a list."""

    calls: tuple[dict[str, Any], ...]
    mapped: bool


def gather(task: Task, hidden: Mapping[str, Any], isolate: Callable[[Any], Any]) -> Arguments:
    """Return the arguments of a task whose inputs are there; lazy inputs that are not are None.

    Raises NodeError when a list is empty and others are not.
    """
    node, spec = task.node, task.node.spec
    mapped = False
    single: dict[str, Any] = dict(node.params)
    lists: dict[str, list[Any]] = {}
    for (name, edge), source in zip(node.links.items(), task.sources):
        if name in spec.raw_inputs:
            single[name] = [edge.node, edge.slot]
            continue
        if not source.done:
            single[name] = None
            continue
        items = source.items(edge.slot)
        mapped = mapped or is_list(source, edge.slot)
        if len(items) == 1:
            item = items[0]
            single[name] = isolate(item) if spec.from_pack and not isinstance(item, _IMMUTABLE) else item
        elif spec.from_pack:
            lists[name] = [item if isinstance(item, _IMMUTABLE) else isolate(item) for item in items]
        else:
            lists[name] = list(items)
    single.update(hidden)
    if spec.input_is_list:
        return Arguments(({name: [value] for name, value in single.items()} | lists,), False)
    if not lists:
        return Arguments((single,), mapped)
    return Arguments(tuple(_calls(single, lists)), mapped)


def _calls(single: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    count = max(map(len, lists.values()))
    empty = [name for name, items in lists.items() if not items]
    if empty and (single or count):
        raise NodeError(f"the list given to {empty[0]!r} is empty")
    if not count:
        return [{}]
    return [
        {**single, **{name: items[min(call, len(items) - 1)] for name, items in lists.items()}} for call in range(count)
    ]


def is_list(task: Task, slot: int) -> bool:
    """Whether an output is a list of values rather than a single one."""
    return task.node.spec.outputs[slot].is_list or (task.entry is not None and task.entry.mapped)


def blocker(arguments: Mapping[str, Any], as_lists: bool) -> Blocked | None:
    """Return the first blocked argument of a call, or None."""
    for value in arguments.values():
        if isinstance(value, Blocked):
            return value
        if as_lists and isinstance(value, list):
            for item in value:
                if isinstance(item, Blocked):
                    return item
    return None
