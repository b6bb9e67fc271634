"""The cache in memory: results of a Session under a budget of bytes, the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from graphexec.store.model import Entry, Making

OVERHEAD = 1024
"""Bytes counted for an entry beyond its values, so that many small ones do not grow without bound."""


class MemoryStore:
    """Entries by key, at most `budget` bytes of them. For one run at a time."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._sizes: dict[str, int] = {}  # of those that take more than the overhead
        self._held: frozenset[str] = frozenset()

    def __contains__(self, digest: str) -> bool:
        return digest in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the keys that have an entry."""
        return {digest for digest in digests if digest in self._entries}

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key and count it as used, or None."""
        found = self._entries.get(digest)
        if found is None:
            return None
        self._entries.move_to_end(digest)
        return found

    def put(self, digest: str, entry: Entry, size: int, making: Making | None = None) -> bool:
        """Keep an entry whose values take `size` bytes, unless it alone is over the budget."""
        self._drop(digest)
        if size + OVERHEAD <= self.budget:
            self._entries[digest] = entry
            if size:
                self._sizes[digest] = size
            self.used += size + OVERHEAD
            self._evict()
        return False

    @contextmanager
    def held(self, digests: frozenset[str]) -> Iterator[None]:
        """Keep these entries until the end of the block, whatever the budget."""
        before = self._held
        self._held = before | digests
        for digest in digests & self._entries.keys():  # to the far end of the queue, where eviction looks last
            self._entries.move_to_end(digest)
        try:
            yield
        finally:
            self._held = before
            self._evict()

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._sizes.clear()
        self.used = 0

    def _evict(self) -> None:
        excess = self.used - self.budget
        if excess <= 0:
            return
        victims: list[str] = []
        for digest in self._entries:
            if excess <= 0:
                break
            if digest not in self._held:
                victims.append(digest)
                excess -= self._size(digest)
        for digest in victims:
            self._drop(digest)

    def _size(self, digest: str) -> int:
        return self._sizes.get(digest, 0) + OVERHEAD

    def _drop(self, digest: str) -> None:
        if digest in self._entries:
            self.used -= self._size(digest)
            del self._entries[digest]
            self._sizes.pop(digest, None)
