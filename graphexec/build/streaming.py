"""A run in the background of an event loop: its events as they happen, its result in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from typing import Any

from graphexec.build.rendering import Rendering
from graphexec.errors import GraphexecError, UsageError
from graphexec.execute.cancel import Cancel
from graphexec.execute.events import Event, Listener


class Stream:
    """Events of a run: `async for event in stream`, then `stream.rendering`. `await stream` waits for the rendering.

    The run begins with the first event asked for, in a thread of its own. Whoever stops listening (`break`, a cancelled
    task) stops the run at its next check. What the run raises comes out of the loop.
    """

    def __init__(self, start: Callable[[Listener, Cancel], Rendering], deadline: float | None) -> None:
        self._start = start
        self._deadline = deadline
        self._rendering: Rendering | None = None

    @property
    def rendering(self) -> Rendering:
        """The result. Raises UsageError before the last event."""
        if self._rendering is None:
            raise UsageError("the run has not finished: listen to its events first, or await it")
        return self._rendering

    async def __aiter__(self) -> AsyncGenerator[Event, None]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        cancel = Cancel(self._deadline)

        def hear(event: Event) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        running = asyncio.ensure_future(asyncio.to_thread(self._start, hear, cancel))
        running.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            self._rendering = await running
        finally:
            if not running.done():
                cancel.set()
                with suppress(GraphexecError):
                    await asyncio.shield(running)

    def __await__(self) -> Generator[Any, None, Rendering]:
        return self._finish().__await__()

    async def _finish(self) -> Rendering:
        async for _ in self:
            pass
        return self.rendering
