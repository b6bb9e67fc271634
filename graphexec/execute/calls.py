"""The calls of a node: which inputs it wants, its late key, its arguments, and the code itself."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, TypeAlias

from graphexec.errors import NodeError
from graphexec.execute.arguments import Arguments, blocker, gather
from graphexec.execute.context import NodeContext, Surroundings
from graphexec.execute.latekeys import items_digest, late_key
from graphexec.execute.outcomes import Collected, collect
from graphexec.execute.records import Records
from graphexec.execute.tasks import Task
from graphexec.plan.keys import Recipes
from graphexec.plan.model import Known
from graphexec.ports import Blocked

HandOver: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Gives a job to another thread; what it returns is awaited."""

_NO_CALL: frozenset[int] = frozenset()


@dataclass(slots=True)
class Call:
    """A node that was called once or several times; the results at `awaited` are still to come.

    `spent` are the seconds of calls in worker threads, where waiting for the main thread does not count.
    """

    task: Task
    arguments: Arguments
    results: list[Any]
    awaited: list[int]
    context: NodeContext
    digests: Mapping[str, str | None]
    started: float
    threaded: bool = False
    spent: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Raised:
    """What another thread raised. A value, since no future can hold StopIteration, no loop outlive SystemExit."""

    error: BaseException


class Caller:
    """Calls nodes. With `debug`, a node that changes a value it was given fails."""

    def __init__(
        self, around: Surroundings, tasks: Mapping[str, Task], recipes: Recipes, records: Records, debug: bool
    ) -> None:
        self._around = around
        self._tasks = tasks
        self._recipes = recipes
        self._records = records
        self._debug = debug

    def wanted(self, task: Task) -> list[str]:
        """Return the names of inputs that a node asks for (check_lazy_status), in order."""
        spec = task.node.spec
        if spec.lazy_status is None or spec.lazy_inputs.isdisjoint(task.node.links):
            return []
        self._around.cancel.check()
        context = self._context(task)
        calls = self._arguments(task).calls
        names = list(dict.fromkeys(name for call in calls for name in spec.lazy_status(context, **call)))
        for name in names:
            if name not in task.node.links and name not in task.node.params:
                raise NodeError(f"it asks for the input {name!r}, which has neither a value nor a link")
        return [name for name in names if name in task.node.links]

    def late_key(self, task: Task) -> Known | None:
        """Return the key of a task whose inputs are there, or None when it must run and cannot be stored."""
        if task.node.spec.always_runs:
            return None
        changed = None
        if task.node.spec.fingerprint is not None:
            changed = self._changed(task)
            if _has_nan(changed):
                return None
        return late_key(task, self._tasks, self._recipes, self._around.hooks, changed)

    def start(self, task: Task, hand_over: HandOver | None = None) -> Call | None:
        """Call a node; None when all its calls are blocked. Whatever the node raises passes through.

        With `hand_over`, other threads make the calls.
        """
        arguments = self._arguments(task)
        blocked = self._blocked(task, arguments)
        if len(blocked) == len(arguments.calls):
            return None
        self._records.started(task)
        context, function = self._context(task), task.node.spec.function
        if function is None:
            raise NodeError("it has no implementation")
        call = Call(task, arguments, [], [], context, self._digests(task), perf_counter(), hand_over is not None)
        for index, given in enumerate(arguments.calls):
            if index in blocked:
                call.results.append(Blocked())
                continue
            self._around.cancel.check()
            result: Any
            if hand_over is not None:
                result = hand_over(partial(self._in_thread, call, given))
            else:
                with self._around.hooks.around_node(context):
                    result = function(context, **given)
            if hand_over is not None or (type(result) is not tuple and hasattr(result, "__await__")):
                call.awaited.append(index)
            call.results.append(result)
        return call

    def _in_thread(self, call: Call, given: Mapping[str, Any]) -> Any:
        began, function = perf_counter(), call.task.node.spec.function
        try:
            with self._around.hooks.around_threaded(call.context):
                return function(call.context, **given)  # type: ignore[misc]  # `start` has looked
        except BaseException as error:
            return Raised(error)
        finally:
            call.spent.append(perf_counter() - began)

    def conclude(self, call: Call) -> Collected:
        """Return what the calls of a node returned, brought into form. Raises NodeError for what no node may do."""
        call.task.seconds += sum(call.spent) if call.threaded else perf_counter() - call.started
        for result in call.results if call.threaded else ():
            if isinstance(result, Raised):
                raise result.error
        for name, before in call.digests.items():
            if before != self._digest(call.task, name):
                raise NodeError(f"it changed the value of its input {name!r}, which other nodes use")
        return collect(call.task.node.spec, call.results)

    def _arguments(self, task: Task) -> Arguments:
        hidden = self._around.hidden.arguments(task.node.spec, task.node.id) if task.node.spec.hidden else {}
        return gather(task, hidden, self._around.hooks.isolate)

    def _context(self, task: Task) -> NodeContext:
        node = task.node
        return NodeContext(self._around, node.id, node.spec.type, task.display, node.continuation)

    def _blocked(self, task: Task, arguments: Arguments) -> Set[int]:
        """Return the calls that a blocked input skips; the first consumer tells the message."""
        as_lists = task.node.spec.input_is_list
        found = {index: block for index, given in enumerate(arguments.calls) if (block := blocker(given, as_lists))}
        if not found:
            return _NO_CALL
        task.storable = False
        messages = [block.message for block in found.values() if block.message is not None]
        entirely = len(found) == len(arguments.calls)
        self._records.blocked(task, messages[0] if messages else None, entirely)
        return found.keys()

    def _changed(self, task: Task) -> Any:
        """Return what IS_CHANGED says; NaN, for 'always', when it fails."""
        spec = task.node.spec
        unset = {"PROMPT": {}, "UNIQUE_ID": task.node.id}
        hidden = {name: unset.get(marker) for name, marker in spec.hidden}
        try:
            return spec.fingerprint({**task.node.params, **dict.fromkeys(task.node.links), **hidden})  # type: ignore[misc]
        except Exception as error:
            cause = f"{error.__class__.__name__}: {error}"
            self._context(task).warn(f"IS_CHANGED failed, so the node runs every time ({cause})")
            return math.nan

    def _digests(self, task: Task) -> dict[str, str | None]:
        return {name: self._digest(task, name) for name in task.node.links} if self._debug else {}

    def _digest(self, task: Task, name: str) -> str | None:
        edge = task.node.links[name]
        source = self._tasks[edge.node]
        return items_digest(source.items(edge.slot), self._around.hooks) if source.done else None


def _has_nan(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_has_nan, value))
    if isinstance(value, Mapping):
        return any(map(_has_nan, value.values()))
    return isinstance(value, float) and math.isnan(value)
