"""Expansion: nodes that return a graph in place of outputs; loops are nodes that return a copy of themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphexec.errors import NodeError
from graphexec.execute.outcomes import Collected, Expansion
from graphexec.execute.tasks import Schedule, Task
from graphexec.graph.model import Edge, GraphNode
from graphexec.plan.model import Known, Late, Lookup, Plan
from graphexec.registry.spec import NodeSpec

_KEY = Late("the node comes from an expansion")


@dataclass(frozen=True, slots=True)
class Reference:
    """An output of a child that becomes an output of its parent."""

    task: Task
    slot: int


@dataclass(slots=True)
class Assembly:
    """A parent that waits for its children. `calls` has values and references in place of links."""

    collected: Collected
    calls: tuple[tuple[Any, ...], ...]
    mapped: bool
    children: tuple[Task, ...]


class Expander:
    """Adds the nodes of expansions to the schedule of a run.

    Ids are local to the graph that a node returns. Children are renamed `<node of the file>.<number>`, so they
    never clash, stay short in deep loops, and are the same in every run of the same workflow.
    """

    def __init__(
        self,
        plan: Plan,
        schedule: Schedule,
        store: Lookup,
        get: Callable[[str], NodeSpec | None],
        shown: dict[str, Any],
    ) -> None:
        self._plan = plan
        self._schedule = schedule
        self._get = get
        self._shown = shown
        self._store = store
        self._numbers: Counter[str] = Counter()

    def expand(self, parent: Task, collected: Collected, mapped: bool) -> Assembly:
        """Schedule the children that the parent's outputs need, and output nodes among them; the parent waits.

        Raises NodeError for a malformed graph.
        """
        calls: list[tuple[Any, ...]] = []
        children: list[Task] = []
        for call in collected.calls:
            if isinstance(call, Expansion):
                added = self._add(parent, call.graph)
                calls.append(tuple(self._value(value, added, parent.rank) for value in call.values))
                children += added.values()
            else:
                calls.append(call)
        for values in calls:
            if len(values) != len(parent.node.spec.outputs):
                raise NodeError(f"it expands to {len(values)} values for {len(parent.node.spec.outputs)} outputs")
        assembly = Assembly(collected, tuple(calls), mapped, tuple(c for c in children if c.node.spec.output_node))
        self._schedule_children(parent, assembly)
        return assembly

    def _schedule_children(self, parent: Task, assembly: Assembly) -> None:
        awaited = [*assembly.children]
        for value in (value for values in assembly.calls for value in values):
            if isinstance(value, Reference):
                value.task.uses += 1
                awaited.append(value.task)
        for task in awaited:
            self._schedule.await_(parent, task)
        if not parent.waiting:
            self._schedule.push(parent)

    def _add(self, parent: Task, graph: Mapping[str, Any]) -> dict[str, Task]:
        names = {local: self._new_id(parent) for local in graph}
        added: dict[str, Task] = {}
        for local, declared in graph.items():
            node, shown = self._node(names[local], declared, names)
            task = added[local] = Task(node, _KEY, parent.rank, parent=parent)
            if declared.get("override_display_id") in self._plan.graph.nodes:
                task.display = declared["override_display_id"]
            if node.spec.output_node:
                _has_effects(parent)
            self._schedule.add(task)
            self._shown[node.id] = shown
        for task in added.values():
            for name, edge in task.node.links.items():
                self._check_link(parent, f"{task.node.spec.type}.{name}", edge)
        return added

    def _new_id(self, parent: Task) -> str:
        while True:
            self._numbers[parent.root] += 1
            id = f"{parent.root}.{self._numbers[parent.root]}"
            if id not in self._schedule.tasks:
                return id

    def _node(self, id: str, declared: Any, names: Mapping[str, str]) -> tuple[GraphNode, dict[str, Any]]:
        if not isinstance(declared, Mapping) or not isinstance(declared.get("inputs"), Mapping):
            raise NodeError("it expands to a graph with a malformed node: class_type and inputs are needed")
        type = declared.get("class_type")
        spec = self._get(type) if isinstance(type, str) else None
        if spec is None:
            raise NodeError(f"it expands to a node of the unknown type {type!r}")
        params: dict[str, Any] = {}
        links: dict[str, Edge] = {}
        inputs: dict[str, Any] = {}
        for name, value in declared["inputs"].items():
            if _is_link(value):
                edge = links[name] = Edge(names.get(value[0], value[0]), int(value[1]))
                inputs[name] = [edge.node, edge.slot]
            else:
                inputs[name] = value
                if spec.input(name) is not None:
                    params[name] = value
        return GraphNode(id, spec, params, links), {"class_type": type, "inputs": inputs}

    def _check_link(self, parent: Task, name: str, edge: Edge) -> None:
        source = self._known(edge.node, parent.rank)
        if source is None:
            raise NodeError(f"it expands to a graph whose {name} links to an unknown node {edge.node!r}")
        if not 0 <= edge.slot < len(source.node.spec.outputs):
            raise NodeError(f"it expands to a graph whose {name} links to a missing output {edge.slot}")

    def _known(self, id: str, rank: int) -> Task | None:
        """Return the task of a node, made now for a node of the file that was not part of the plan."""
        tasks, nodes = self._schedule.tasks, self._plan.graph.nodes
        if id not in tasks and id in nodes:
            self._add_tasks([id], rank)
        return tasks.get(id)

    def add_missing(self, id: str, rank: int) -> None:
        """Make the tasks of what a node depends on, as far as the plan left it out."""
        self._add_tasks([edge.node for edge in self._schedule.tasks[id].node.links.values()], rank)

    def _add_tasks(self, missing: list[str], rank: int) -> None:
        tasks, nodes = self._schedule.tasks, self._plan.graph.nodes
        while missing:
            id = missing.pop()
            if id in tasks:
                continue
            key = self._plan.keys.get(id, _KEY)
            cached = isinstance(key, Known) and key.digest in self._store
            self._schedule.add(Task(nodes[id], key, rank, cached))
            missing += [edge.node for edge in nodes[id].links.values()]

    def _value(self, value: Any, added: Mapping[str, Task], rank: int) -> Any:
        if not _is_link(value):
            return value
        task = added.get(value[0]) or self._known(value[0], rank)
        if task is None:
            return value
        if not 0 <= int(value[1]) < len(task.node.spec.outputs):
            raise NodeError(f"it returns output {value[1]} of a {task.node.spec.type}, which has no such output")
        return Reference(task, int(value[1]))


def _has_effects(task: Task | None) -> None:
    """Keep a node out of the store whose expansion, however deep, holds output nodes: reuse would skip them."""
    while task is not None and task.storable:
        task.storable = False
        task = task.parent


def _is_link(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return False
    return isinstance(value[0], str) and isinstance(value[1], (int, float))
