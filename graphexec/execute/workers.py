"""Worker threads for nodes that may run beside others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Workers:
    """A pool of threads whose results are awaited."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "graphexec-worker")

    async def hand_over(self, job: Callable[[], Any]) -> Any:
        """Return what a job returns in a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    def close(self) -> None:
        """Wait for the jobs that have begun, and drop the others."""
        self._pool.shutdown(cancel_futures=True)
