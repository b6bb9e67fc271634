"""The calls of a run that are under way: of asynchronous nodes, and of nodes in worker threads."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from graphexec.cores import cores
from graphexec.execute.calls import Call, HandOver
from graphexec.execute.context import Surroundings
from graphexec.execute.tasks import Task
from graphexec.plan.model import Known

if TYPE_CHECKING:
    from graphexec.execute.awaiting import AsyncNodes
    from graphexec.execute.workers import Workers


class UnderWay:
    """Has an event loop and worker threads from the first call on that needs them: asyncio takes time to import."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._async: AsyncNodes[Call] | None = None
        self._threads = around.policy.threads or cores()
        self._workers: Workers | None = None
        self._threaded: list[Task] = []
        self.count = 0
        """How many calls are under way."""

    @property
    def has_threads(self) -> bool:
        """Whether nodes run in worker threads at all: not with one core, which they would only take turns on."""
        return self._threads > 1

    @property
    def used_threads(self) -> bool:
        """Whether any node ran in a worker thread."""
        return self._workers is not None

    @property
    def is_full(self) -> bool:
        """Whether all worker threads have a node. More do not begin: what they give is held until it is used."""
        return len(self._threaded) == self._threads

    def alike(self, task: Task) -> Task | None:
        """Return the task in a worker thread that makes the same result, if there is one."""
        if not isinstance(task.key, Known):
            return None
        digest = task.key.digest
        return next((t for t in self._threaded if isinstance(t.key, Known) and t.key.digest == digest), None)

    def hand_over(self) -> HandOver:
        """Return what gives calls to worker threads."""
        if self._workers is None:
            from graphexec.execute.workers import Workers

            self._workers = Workers(self._threads)
        return self._workers.hand_over

    def start(self, call: Call) -> None:
        """Let a call go on while others are made."""
        if self._async is None:
            from graphexec.execute.awaiting import AsyncNodes

            self._async = AsyncNodes()
        self.count += 1
        if call.threaded:
            self._threaded.append(call.task)
        within = nullcontext if call.threaded else partial(self._around.hooks.around_node, call.context)
        self._async.start(call, call.results, call.awaited, within)

    def turn(self, seconds: float) -> list[tuple[Call, BaseException | None]]:
        """Let calls go on for at most `seconds`; return those that are over, with what they raised."""
        over = self._async.turn(seconds) if self._async else []
        self.count -= len(over)
        for call, _ in over:
            if call.threaded:
                self._threaded.remove(call.task)
        return over

    def close(self) -> None:
        """Stop what is still waiting. A call in a thread cannot be stopped: it is waited for."""
        if self._workers is not None:
            self._workers.close()
        if self._async is not None:
            self._async.close()
