"""The stores of a Session, one over the other: what the memory lacks comes from the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from graphexec.store.disk import DiskStore
from graphexec.store.memory import MemoryStore
from graphexec.store.model import Entry, Making
from graphexec.store.records import Decoded


class Tiers:
    """Implements `store.model.Store` over the memory and a directory."""

    def __init__(self, memory: MemoryStore, disk: DiskStore) -> None:
        self.memory = memory
        self.disk = disk

    def __contains__(self, digest: str) -> bool:
        return digest in self.memory or digest in self.disk

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the keys that have an entry anywhere."""
        wanted = set(digests)
        found = self.memory.known(wanted)
        return found | self.disk.known(wanted - found)

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key; what comes from the disk stays in memory from now on."""
        found = self.memory.get(digest)
        if found is None:
            found = self.disk.get(digest)
            if found is not None:
                self.memory.put(digest, found, _size(found))
        return found

    def put(self, digest: str, entry: Entry, size: int, making: Making | None = None) -> bool:
        """Keep an entry in memory, and on disk if it is worth it; whether it is on disk."""
        self.memory.put(digest, entry, size, making)
        return self.disk.put(digest, entry, size, making)

    @contextmanager
    def held(self, digests: frozenset[str]) -> Iterator[None]:
        """Keep these entries for the duration of a run."""
        with self.memory.held(digests), self.disk.held(digests):
            yield


def _size(entry: Entry) -> int:
    values = sum(items.size for items in entry.outputs if isinstance(items, Decoded))
    return values + sum(len(artifact.content) for artifact in entry.artifacts if isinstance(artifact.content, bytes))
