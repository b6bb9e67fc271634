"""Which node runs next: tasks with the number of inputs they wait for, and the values they hold."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from graphexec.errors import NodeError
from graphexec.graph.model import GraphNode
from graphexec.plan.model import Key, Known
from graphexec.store.model import Entry, Items

if TYPE_CHECKING:
    from graphexec.execute.expansion import Assembly


class Task:
    """A node of the run. Children of an expansion are tasks too; `root` is the node of the file they stand for.

    `sources` are the tasks behind the node's links, in their order, once it is known that the task is to run.
    """

    __slots__ = (
        "assembly", "cached", "cost", "deferring", "dependents", "display", "done", "early", "entry", "kept", "key",
        "needed", "node", "parent", "rank", "root", "seconds", "sources", "storable", "uses", "value_digests",
        "waiting",
    )  # fmt: skip

    def __init__(self, node: GraphNode, key: Key, rank: int, cached: bool = False, parent: Task | None = None) -> None:
        self.node = node
        self.key: Key | None = key
        self.early = isinstance(key, Known)
        self.deferring = not (self.early or node.spec.always_runs or node.spec.lazy_inputs)
        self.rank = rank
        self.cached = cached
        self.parent = parent
        self.root: str = parent.root if parent else node.id
        self.display: str = parent.display if parent else node.id
        self.needed = False
        self.done = False
        self.seconds = 0.0
        self.cost = 0.0
        self.storable = True
        self.waiting = 0
        self.uses = 0
        self.sources: tuple[Task, ...] = ()
        self.dependents: list[Task] | None = None
        self.entry: Entry | None = None
        self.kept: frozenset[int] = frozenset()
        self.assembly: Assembly | None = None
        self.value_digests: dict[int, str | None] | None = None

    def defers(self, name: str, source: Task) -> bool:
        """Whether a late step waits for an input only once it is known that it must run: the key needs no value of it.

        That holds for inputs that had a key before the run, unless their text may name files.
        """
        if not self.deferring or not source.early:
            return False
        declared = self.node.spec.input(name)
        names_files = declared is None or declared.folder is not None or "STRING" in declared.type
        return not names_files and name not in self.node.spec.lazy_inputs

    def holds(self, slot: int) -> bool:
        """Whether the value of an output is still there."""
        return self.entry is not None and (bool(self.uses) or slot in self.kept or not self.kept)

    def items(self, slot: int) -> Items:
        """Return the items of an output. Raises NodeError when they were released."""
        if self.entry is None:
            raise NodeError(f"the value of node {self.node.id} was released after its last use")
        return self.entry.outputs[slot]


class Schedule:
    """The tasks of a run in the order of their ranks, as far as their inputs are there.

    Those of the plan take turns in its order: as a rule what they need is done by then. One whose turn comes while a
    source is under way (asynchronous, expanding, lazy) waits, and goes on as soon as it can. Iterative throughout.
    `release` False keeps every value until the end, for nodes that may refer to any.
    """

    def __init__(self, release: bool = True) -> None:
        self.tasks: dict[str, Task] = {}
        self._release = release
        self._planned: list[Task] = []
        self._turn = 0
        self._woken: list[tuple[int, int, Task]] = []
        self._count = 0

    def plan(self, task: Task) -> None:
        """Add the next task of the plan, whose rank is its place there."""
        self._planned.append(task)
        self.add(task)

    def add(self, task: Task) -> None:
        """Add a task; nothing waits for it yet."""
        self.tasks[task.node.id] = task

    def demand(self, task: Task) -> None:
        """Make a task run, and before it whatever it needs; lazy inputs are not followed."""
        stack = [task]
        while stack:
            task = stack.pop()
            if task.needed:
                continue
            task.needed = True
            if not task.cached:
                task.sources = tuple([self.tasks[edge.node] for edge in task.node.links.values()])
                for source in task.sources:
                    source.uses += 1
                stack += self._missing(task)
            if not self._has_its_turn(task) and not self._waits(task):
                self.push(task)

    def _has_its_turn(self, task: Task) -> bool:
        """Whether a task is still to come in the order of the plan."""
        return self._turn <= task.rank < len(self._planned) and self._planned[task.rank] is task

    def _missing(self, task: Task) -> list[Task]:
        """Return the sources that are not done, but for those that a task may be able to do without."""
        lazy = task.node.spec.lazy_inputs
        if not (task.deferring or lazy):
            return [source for source in task.sources if not source.done]
        links = zip(task.node.links, task.sources)
        return [s for name, s in links if not (s.done or name in lazy or task.defers(name, s))]

    def _waits(self, task: Task) -> bool:
        """Let a task wait for what it misses; whether there is any such thing."""
        for source in self._missing(task):
            self._wait(task, source)
        return task.waiting > 0

    def await_(self, task: Task, source: Task) -> None:
        """Let a task wait for another one, which runs if it has not yet."""
        if not source.done:
            self._wait(task, source)
            self.demand(source)

    def _wait(self, task: Task, source: Task) -> None:
        task.waiting += 1
        if source.dependents is None:
            source.dependents = []
        source.dependents.append(task)

    def renew(self, task: Task) -> None:
        """Let a task run that was to be taken from the store, which turned out not to have it.

        What it needs runs again, too, as far as its values were freed already.
        """
        task.cached = task.needed = False
        missing = [task]
        while missing:
            for edge in missing.pop().node.links.values():
                source = self.tasks[edge.node]
                if source.done and not source.holds(edge.slot):
                    source.done = source.needed = False
                    source.entry = None
                    missing.append(source)
        self.demand(task)

    def push(self, task: Task) -> None:
        """Put a task among those that can go on though they have no turn in the plan, or have had it."""
        self._count += 1
        heapq.heappush(self._woken, (task.rank, self._count, task))

    def pop(self) -> Task | None:
        """Return the next task that can go on, or None."""
        while self._turn < len(self._planned):
            if self._woken and self._woken[0][0] < self._turn:
                break
            task = self._planned[self._turn]
            self._turn += 1
            if task.needed and not self._waits(task):
                return task
        return heapq.heappop(self._woken)[2] if self._woken else None

    def finish(self, task: Task, entry: Entry) -> None:
        """Record a result: wake who waits for it, and free what nobody needs any more."""
        task.entry = entry
        task.done = True
        for dependent in task.dependents or ():
            dependent.waiting -= 1
            if not dependent.waiting:
                self.push(dependent)
        task.dependents = None
        for source in task.sources:
            self.drop(source)
        task.sources = ()
        if not task.uses:
            self._free(task)

    def drop(self, source: Task) -> None:
        """Count one use of a value less."""
        source.uses -= 1
        if not source.uses:
            self._free(source)

    def _free(self, task: Task) -> None:
        if self._release:
            free(task)


def free(task: Task) -> None:
    """Let go of a task's values, but for those that are kept."""
    entry = task.entry
    if entry is None or len(task.kept) == len(entry.outputs):
        return
    task.entry = _reduced(entry, task.kept) if task.kept else None
    task.value_digests = None


def _reduced(entry: Entry, kept: frozenset[int]) -> Entry:
    outputs = tuple(items if slot in kept else [] for slot, items in enumerate(entry.outputs))
    return Entry(outputs, entry.mapped, entry.ui, entry.artifacts, entry.digests)
