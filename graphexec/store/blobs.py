"""Named data for as long as a Session lives: what samplers get when nothing is kept on disk."""

from __future__ import annotations

from collections import OrderedDict

BUDGET = 256 * 2**20
"""Bytes kept; the data saved longest ago go first."""


class MemoryBlobs:
    """Implements `ports.Blobs` in memory."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._used = 0
        self._data: OrderedDict[str, bytes] = OrderedDict()

    def load(self, key: str) -> bytes | None:
        """Return the data of a key, or None."""
        return self._data.get(key)

    def save(self, key: str, data: bytes) -> None:
        """Replace the data of a key; data over the budget are not kept."""
        self.drop(key)
        if len(data) > self._budget:
            return
        self._data[key] = data
        self._used += len(data)
        while self._used > self._budget:
            self._used -= len(self._data.popitem(last=False)[1])

    def drop(self, key: str) -> None:
        """Forget a key."""
        self._used -= len(self._data.pop(key, b""))
