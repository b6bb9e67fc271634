"""Asynchronous nodes: one event loop, which turns between the calls of other nodes.

Everything stays in one thread unless that thread runs a loop already (a notebook): then ours turns in a thread of
its own, while the caller waits. A coroutine never runs at the same time as another node.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Owner = TypeVar("Owner")
Around = Callable[[], AbstractContextManager[None]]


class AsyncNodes(Generic[Owner]):
    """The calls that are waiting for something outside."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._pending: dict[asyncio.Future[None], Owner] = {}

    def __bool__(self) -> bool:
        return bool(self._pending)

    def start(self, owner: Owner, results: list[Any], awaited: Sequence[int], around: Around) -> None:
        """Begin to wait for the `results` at the indices `awaited`; `turn` gives back `owner` when all are there.

        `around` is entered anew whenever a coroutine goes on, so what it sets never leaks into other nodes.
        """
        self._run(self._start, owner, results, awaited, around)

    def turn(self, seconds: float) -> list[tuple[Owner, BaseException | None]]:
        """Let coroutines go on for at most `seconds`; return (owner, error or None) of the calls that are over."""
        return self._run(self._turn, seconds)

    def close(self) -> None:
        """Cancel what is pending and close the loop."""
        if self._loop is not None:
            self._run(self._cancel)
            self._loop.close()
            self._loop = None
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            if _inside_a_loop():
                self._thread = ThreadPoolExecutor(1, "graphexec-async")
        if self._thread is None:
            return function(self._loop, *arguments)
        return self._thread.submit(function, self._loop, *arguments).result()

    def _start(
        self, loop: asyncio.AbstractEventLoop, owner: Owner, results: list[Any], awaited: Sequence[int], around: Around
    ) -> None:
        self._pending[loop.create_task(_gather(results, awaited, around))] = owner

    def _turn(self, loop: asyncio.AbstractEventLoop, seconds: float) -> list[tuple[Owner, BaseException | None]]:
        wait = asyncio.wait(self._pending, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        done, _ = loop.run_until_complete(wait)
        ordered = [task for task in self._pending if task in done]
        return [(self._pending.pop(task), _error(task)) for task in ordered]

    def _cancel(self, loop: asyncio.AbstractEventLoop) -> None:
        for task in self._pending:
            task.cancel()
        if self._pending:
            loop.run_until_complete(asyncio.wait(self._pending))
        for task in self._pending:
            _error(task)  # an error that nobody asks for would be logged
        self._pending.clear()
        loop.run_until_complete(loop.shutdown_asyncgens())


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _error(task: asyncio.Future[None]) -> BaseException | None:
    return asyncio.CancelledError("the node cancelled itself") if task.cancelled() else task.exception()


async def _gather(results: list[Any], awaited: Sequence[int], around: Around) -> None:
    found = await asyncio.gather(*(_stepwise(results[index], around) for index in awaited))
    for index, value in zip(awaited, found, strict=True):
        results[index] = value


@types.coroutine
def _stepwise(awaitable: Awaitable[T], around: Around) -> Generator[Any, Any, T]:
    """Run a coroutine with `around` entered for each stretch between two waits."""
    steps = _coroutine(awaitable)
    sent: Any = None
    error: BaseException | None = None
    while True:
        with around():
            try:
                waited_for = steps.send(sent) if error is None else steps.throw(error)
            except StopIteration as finished:
                result: T = finished.value
                return result
        sent = error = None
        try:
            sent = yield waited_for
        except BaseException as thrown:
            error = thrown


async def _coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable
