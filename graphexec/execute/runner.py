"""The run of a plan: tasks one after another, until the targets are there or something stops it.

After a failure nothing new starts; nodes that are under way (asynchronous or in worker threads) are waited for, and
what finished is kept, in the result and in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from graphexec.collector import collector_paused, collector_resumed
from graphexec.errors import Interrupted, NodeError
from graphexec.execute.calls import Call, Caller
from graphexec.execute.context import Surroundings
from graphexec.execute.expansion import Expander, Reference
from graphexec.execute.failures import failure
from graphexec.execute.latekeys import linked_values, value_digest
from graphexec.execute.outcomes import entry
from graphexec.execute.records import Records
from graphexec.execute.result import Result
from graphexec.execute.tasks import Schedule, Task
from graphexec.execute.under_way import UnderWay
from graphexec.plan.keys import Recipes
from graphexec.plan.model import Known, Plan
from graphexec.ports import Blocked
from graphexec.registry.spec import NodeSpec
from graphexec.store.model import Entry, Making, Store

WAIT = 0.05
"""Seconds between two looks at the flag that stops a run, while nothing is to be done but to wait."""

FindSpec = Callable[[str], NodeSpec | None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: what it leaves behind, and what stopped it from outside."""

    result: Result
    stopped: Interrupted | None = None


def execute(
    plan: Plan, around: Surroundings, recipes: Recipes, store: Store, get: FindSpec, *, debug: bool = False
) -> Ending:
    """Run a plan. `get` finds the types of expanded nodes; `debug` finds nodes that change their inputs.

    Failures of nodes are in the result; an interruption (Ctrl-C included) is in the ending.
    """
    run = _Run(plan, around, recipes, store, get, debug)
    held = frozenset(step.key.digest for step in plan.steps if step.cached and isinstance(step.key, Known))
    if len(held) == len(plan.steps):
        held = frozenset()  # nothing will run, so all is taken at once
    stopped: Interrupted | None = None
    with store.held(held):
        try:
            run.to_the_end()
        except Interrupted as interrupted:
            stopped = interrupted
        except KeyboardInterrupt:
            stopped = Interrupted()
        finally:
            run.close()
    return Ending(run.result(), stopped)


class _Failed(Exception):
    """Leaves the loop after a failure, which is on record."""


class _Run:
    """The state of one run."""

    def __init__(
        self, plan: Plan, around: Surroundings, recipes: Recipes, store: Store, get: FindSpec, debug: bool
    ) -> None:
        self._plan = plan
        self._around = around
        self._recipes = recipes
        self._store = store
        refers_to_any = any(marker == "DYNPROMPT" for step in plan.steps for _, marker in step.node.spec.hidden)
        self._schedule = Schedule(release=not refers_to_any)
        self._records = Records(around.listener, around.steps_reused)
        self._caller = Caller(around, self._schedule.tasks, recipes, self._records, debug)
        self._expander = Expander(plan, self._schedule, store, get, around.hidden.children)
        self._under_way = UnderWay(around)

    def to_the_end(self) -> None:
        """Run every step, or stop at the first failure."""
        with collector_paused():
            self._prepare()
            with collector_resumed():
                try:
                    self._loop()
                    self._expect_all()
                except _Failed:
                    self._await_the_rest()

    def close(self) -> None:
        """Stop what is still waiting."""
        self._under_way.close()

    def result(self) -> Result:
        """Return what there is."""
        tasks = self._schedule.tasks
        if self._under_way.used_threads:
            self._records.sort(lambda id: tasks[id].rank)
        known = [*(id for id, task in tasks.items() if task.done), *self._plan.pruned]
        targets = (tasks[target.node] for target in self._plan.graph.targets)
        return self._records.result(self._plan.graph, targets, known, self._around.warnings)

    def _prepare(self) -> None:
        tasks = self._schedule.tasks
        for rank, step in enumerate(self._plan.steps):
            self._schedule.plan(Task(step.node, step.key, rank, step.cached))
        for target in self._plan.graph.targets:
            task = tasks[target.node]
            task.kept |= frozenset(range(len(task.node.spec.outputs)) if target.slot is None else (target.slot,))
        for target in self._plan.graph.targets:
            self._schedule.demand(tasks[target.node])

    def _loop(self) -> None:
        while True:
            task = self._schedule.pop()
            if self._under_way.count:
                self._turn(WAIT if task is None else 0.0)
            elif task is None:
                return
            if task is None:
                continue
            self._around.cancel.check()
            if task.node.spec.threaded and self._under_way.is_full:
                self._schedule.push(task)
                self._turn(WAIT)
            else:
                self._advance(task)

    def _advance(self, task: Task) -> None:
        """Take a task one step further: reuse it, wait for lazy inputs, call it, or put its expansion together."""
        try:
            if task.assembly is not None:
                self._assemble(task)
            elif task.early and self._take(task):
                return
            elif task.cached:
                self._renew(task)
            elif task.node.spec.lazy_status is None or not self._wait_for_lazy(task):
                self._call(task)
        except (Interrupted, _Failed):
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(task, error) from error

    def _take(self, task: Task) -> bool:
        """Finish a task from the store; False when it must run."""
        if not isinstance(task.key, Known):
            return False
        found = self._store.get(task.key.digest)
        if found is None:
            return False
        self._schedule.finish(task, found)
        self._records.reused(task, found)
        return True

    def _renew(self, task: Task) -> None:
        """Run a task whose entry was evicted or found damaged after planning, and what it needs."""
        self._expander.add_missing(task.node.id, task.rank)
        self._schedule.renew(task)

    def _wait_for_lazy(self, task: Task) -> bool:
        for name in self._caller.wanted(task):
            self._schedule.await_(task, self._schedule.tasks[task.node.links[name].node])
        return task.waiting > 0

    def _wait_for_deferred(self, task: Task) -> bool:
        """Let a late task wait for the inputs that it needs after all."""
        deferred = [source for name, source in zip(task.node.links, task.sources) if task.defers(name, source)]
        task.deferring = False
        for source in deferred:
            self._schedule.await_(task, source)
        return task.waiting > 0

    def _call(self, task: Task) -> None:
        if not task.early:
            task.key = self._caller.late_key(task)
            if self._take(task) or self._wait_for_deferred(task):
                return
        beside = task.node.spec.threaded and self._under_way.has_threads
        if beside and (alike := self._under_way.alike(task)):
            self._schedule.await_(task, alike)  # and take its result, as if that had run before
            return
        call = self._caller.start(task, self._under_way.hand_over() if beside else None)
        if call is None:
            self._schedule.finish(task, Entry(tuple([Blocked()] for _ in task.node.spec.outputs)))
        elif call.awaited:
            self._under_way.start(call)
        else:
            self._conclude(call)

    def _conclude(self, call: Call) -> None:
        """Make what a node returned its outputs, or schedule the graph that it returned."""
        collected, mapped = self._caller.conclude(call), call.arguments.mapped
        if collected.expands:
            call.task.assembly = self._expander.expand(call.task, collected, mapped)
        else:
            self._finish(call.task, entry(call.task.node.spec, collected, mapped))

    def _assemble(self, task: Task) -> None:
        """Put the outputs of an expanded node together from those of its children."""
        assembly = task.assembly
        if assembly is None:
            return
        outputs: tuple[list[Any], ...] = tuple([] for _ in task.node.spec.outputs)
        for values in assembly.calls:
            for items, value in zip(outputs, values, strict=True):
                if isinstance(value, Reference):
                    items.extend(value.task.items(value.slot))
                    self._schedule.drop(value.task)
                else:
                    items.append(value)
        self._finish(task, Entry(outputs, assembly.mapped, assembly.collected.ui, assembly.collected.artifacts))

    def _finish(self, task: Task, found: Entry) -> None:
        key = task.key
        dearest = 0.0
        for source in task.sources:
            dearest = max(dearest, source.cost)
        task.cost = task.seconds + dearest
        if isinstance(key, Known) and task.storable and self._holds(task, key):
            found = self._put(task, key, found)
        self._schedule.finish(task, found)
        self._records.finished(task, found)

    def _put(self, task: Task, key: Known, found: Entry) -> Entry:
        """Offer a result to the store; return it with the digests of its values if its key was late.

        Steps behind it are named by these digests, so that a later run need not decode the values.
        """
        if not task.early:
            slots = range(len(found.outputs))
            digests = {slot: value_digest(task, slot, found.outputs[slot], self._around.hooks) for slot in slots}
            found = replace(found, digests={slot: known for slot, known in digests.items() if known is not None})
        spec = task.node.spec
        making = Making(spec.type, key.recipe, task.seconds, task.cost, bool(task.kept), spec.handle)
        if self._store.put(key.digest, found, self._size(found), making) or spec.handle:
            task.cost = 0.0
        return found

    def _holds(self, task: Task, key: Known) -> bool:
        """Whether the files in a key are still what they were, now that the node has read them."""
        if not key.recipe.get("files"):
            return True
        return self._recipes.files_unchanged(task.node, key, linked_values(task, self._schedule.tasks))

    def _size(self, found: Entry) -> int:
        size, total = self._around.hooks.size, 0
        for items in found.outputs:
            for item in items:
                if not isinstance(item, (int, float)):
                    total += size(item)
        for artifact in found.artifacts:
            if isinstance(artifact.content, bytes):
                total += len(artifact.content)
        return total

    def _turn(self, seconds: float) -> None:
        """Let nodes that are under way go on, and conclude those that are done."""
        self._around.cancel.check()
        failed: _Failed | None = None
        for call, error in self._under_way.turn(seconds):
            try:
                if error is not None:
                    raise error
                self._conclude(call)
            except (Interrupted, KeyboardInterrupt):
                raise
            except BaseException as cause:
                failed = self._failed(call.task, cause)
        if failed is not None:
            raise failed

    def _await_the_rest(self) -> None:
        while self._under_way.count:
            try:
                self._turn(WAIT)
            except _Failed:
                continue

    def _expect_all(self) -> None:
        """Fail when a task never came to run: an expansion made a circle."""
        for task in self._schedule.tasks.values():
            if task.needed and not task.done:
                error = NodeError("its expansion made a circle: it waits for a node that waits for it")
                raise self._failed(task, error)

    def _failed(self, task: Task, cause: BaseException) -> _Failed:
        self._records.failed(failure(task, self._schedule.tasks, cause))
        return _Failed()
