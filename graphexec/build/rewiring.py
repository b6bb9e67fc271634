"""Links led from one output to another, in all nodes and targets of a workflow."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphexec.build.handles import Handle
from graphexec.build.node import Node
from graphexec.document.model import Link, Target
from graphexec.errors import UsageError
from graphexec.graph.links import find_output
from graphexec.graph.scope import Interface

if TYPE_CHECKING:
    from graphexec.build.workflow import Workflow


def rewire(workflow: Workflow, old: Node | Handle[Any], new: Node | Handle[Any], but: Container[str]) -> None:
    """Lead all links to `old` to `new`, but for those of the nodes `but`. Raises UsageError for two unlike things."""
    if isinstance(old, Node) != isinstance(new, Node):
        raise UsageError("a node is replaced by a node, an output by an output")
    outputs = _Outputs(workflow)
    start = old.node if isinstance(old, Handle) else old
    end = new.node if isinstance(new, Handle) else new

    def led(node: str, slot: int | str | None) -> tuple[str, int | str | None] | None:
        if node != start.id:
            return None
        if isinstance(old, Node) or isinstance(new, Node):
            return end.id, slot
        return (end.id, new.slot) if slot is not None and outputs.same(start, slot, old.slot) else None

    for node in workflow:
        if node.id in but:
            continue
        for name, value in node._inputs.items():
            if isinstance(value, Link) and (to := led(value.node, value.output)) is not None:
                node._inputs[name] = Link(to[0], value.output if to[1] is None else to[1])
    workflow._targets = [_led(target, led(target.node, target.output)) for target in workflow._targets]


def _led(target: Target, to: tuple[str, int | str | None] | None) -> Target:
    return target if to is None else replace(target, node=to[0], output=to[1])


class _Outputs:
    """Tells whether two ways of writing an output, by index or by name, mean the same one."""

    def __init__(self, workflow: Workflow) -> None:
        self._registry = workflow.registry

    def same(self, node: Node, one: int | str, other: int | str) -> bool:
        """Whether both are one output of a node; of a node of unknown type, whether they are written alike."""
        if one == other:
            return True
        spec = self._registry.get(node.type) or self._registry.known(node.type)
        if spec is None:
            return False
        interface = Interface.of(spec)
        slot = find_output(interface, one)
        return slot is not None and slot == find_output(interface, other)
