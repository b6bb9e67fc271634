"""The books of a run: what ran, was reused, blocked or failed, and what is shown; told to the listener meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphexec.errors import ValueReleased
from graphexec.execute.arguments import is_list
from graphexec.execute.events import Event, EventKind, Listener
from graphexec.execute.result import Failure, Result
from graphexec.execute.tasks import Task
from graphexec.graph.model import Graph
from graphexec.ports import Artifact
from graphexec.store.model import Entry, Items

Kept = Mapping[str, Mapping[int, tuple[Items, bool]]]
"""Items by node and slot, and whether they are shown as a list."""


class Records:
    """Nodes of the file are listed and told; children of expansions only add what they show, under their parent."""

    def __init__(self, listener: Listener | None, steps_reused: Mapping[str, int]) -> None:
        self._listener = listener
        self._steps_reused = steps_reused
        self._executed: list[str] = []
        self._reused: list[str] = []
        self._blocked: list[str] = []
        self._failures: list[Failure] = []
        self._artifacts: list[tuple[Task, Artifact]] = []
        self._ui: dict[str, Mapping[str, Any]] = {}
        self._seconds: dict[str, float] = {}

    def started(self, task: Task) -> None:
        """A node is called."""
        if self._listener is not None and task.parent is None:
            self._tell("node_started", task)

    def finished(self, task: Task, entry: Entry) -> None:
        """A node has given its outputs."""
        self._seconds[task.root] = self._seconds.get(task.root, 0.0) + task.seconds
        self._show(task, entry)
        if task.parent is None:
            self._executed.append(task.node.id)
            if self._listener is not None:
                steps = self._steps_reused.get(task.display)
                data = {} if steps is None else {"steps_reused": steps}
                self._tell("node_finished", task, seconds=self._seconds[task.root], data=data)

    def reused(self, task: Task, entry: Entry) -> None:
        """A node's result came from the store."""
        self._show(task, entry)
        if task.parent is None:
            self._reused.append(task.node.id)
            if self._listener is not None:
                self._tell("node_reused", task)

    def blocked(self, task: Task, message: str | None, entirely: bool) -> None:
        """Calls of a node were skipped; `entirely` when all were. A message is told once, by the first consumer."""
        if task.parent is None and entirely:
            self._blocked.append(task.node.id)
        if self._listener is not None and (message is not None or (entirely and task.parent is None)):
            self._tell("node_blocked", task, message=message)

    def failed(self, failure: Failure) -> None:
        """A node has failed."""
        self._failures.append(failure)
        if self._listener is not None:
            self._listener(Event("node_failed", failure.node, failure.node_type, message=failure.message))

    def sort(self, rank: Callable[[str], int]) -> None:
        """Bring what ran, was reused, blocked or failed into the order of the plan, whatever was done first."""
        for ids in (self._executed, self._reused, self._blocked):
            ids.sort(key=rank)
        self._failures.sort(key=lambda failure: rank(failure.node))

    def result(
        self, graph: Graph, targets: Iterable[Task], known: Iterable[str], warnings: Iterable[tuple[str, str]]
    ) -> Result:
        """Return the result. Values of targets are held by it; `known` are the nodes that had one, or needed none."""
        kept: dict[str, dict[int, tuple[Items, bool]]] = {}
        for task in targets:
            if task.entry is not None:
                outputs = task.entry.outputs
                kept[task.node.id] = {slot: (outputs[slot], is_list(task, slot)) for slot in task.kept}
        return Result(
            executed=tuple(self._executed),
            reused=tuple(self._reused),
            failures=tuple(self._failures),
            blocked=tuple(self._blocked),
            artifacts=tuple(self._in_order()),
            warnings=tuple(warnings),
            seconds=self._seconds,
            steps_reused=dict(self._steps_reused),
            _read=_reader(graph, kept, frozenset(known)),
            _ui=self._ui,
        )

    def _show(self, task: Task, entry: Entry) -> None:
        for artifact in entry.artifacts:
            self._artifacts.append((task, artifact))
        if entry.ui:
            self._ui[task.display] = {**self._ui.get(task.display, {}), **entry.ui}

    def _in_order(self) -> list[tuple[str, Artifact]]:
        """Return artifacts in the order of the plan: files get the same numbers whatever an asynchronous node took."""
        return [(task.display, artifact) for task, artifact in sorted(self._artifacts, key=lambda made: made[0].rank)]

    def _tell(self, kind: EventKind, task: Task, **fields: Any) -> None:
        if self._listener is not None:
            self._listener(Event(kind, task.display, task.node.spec.type, **fields))


def _reader(graph: Graph, kept: Kept, known: frozenset[str]) -> Callable[[str, int | str], Any]:
    def read(node: str, slot: int | str) -> Any:
        if node not in graph.nodes:
            raise KeyError(f"the workflow has no node {node!r}")
        outputs = graph.nodes[node].spec.outputs
        names = [output.name for output in outputs]
        index = slot if isinstance(slot, int) else names.index(slot) if slot in names else -1
        if not 0 <= index < len(outputs):
            raise KeyError(f"node {node!r} has no output {slot!r}")
        if index in kept.get(node, {}):
            items, as_list = kept[node][index]
            if not as_list and not items:
                raise KeyError(f"node {node!r} gave no value for output {slot!r}")
            return list(items) if as_list else items[0]
        if node in known:
            raise ValueReleased(f"only values of targets are kept: ask for this one with targets=['{node}:{index}']")
        raise KeyError(f"node {node!r} did not run")

    return read
