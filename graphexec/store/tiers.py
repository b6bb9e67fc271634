"""The stores of a Session, one over the other: memory, a directory, and perhaps a place that machines share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from graphexec.store.disk import DiskStore
from graphexec.store.memory import MemoryStore
from graphexec.store.model import Entry, Making
from graphexec.store.records import Decoded, Recorded, objects_of
from graphexec.store.remote import Remote, RemoteStep


class Tiers:
    """Implements `store.model.Store`: what one tier lacks comes from the next, and stays in those before it."""

    def __init__(self, memory: MemoryStore, disk: DiskStore, remote: Remote | None = None) -> None:
        self.memory = memory
        self.disk = disk
        self.remote = remote
        self._stored: list[str] = []

    def __contains__(self, digest: str) -> bool:
        return bool(self.known((digest,)))

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the keys that have an entry anywhere."""
        wanted = set(digests)
        found = self.memory.known(wanted)
        found |= self.disk.known(wanted - found)
        return found if self.remote is None else found | self.remote.known(wanted - found)

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key; what comes from the disk stays in memory from now on."""
        found = self.memory.get(digest)
        if found is None:
            found = self.disk.get(digest) or self._fetch(digest)
            if found is not None:
                self.memory.put(digest, found, _size(found))
        return found

    def put(self, digest: str, entry: Entry, size: int, making: Making | None = None) -> bool:
        """Keep an entry in memory, and on disk if it is worth it; whether it is on disk."""
        self.memory.put(digest, entry, size, making)
        stored = self.disk.put(digest, entry, size, making)
        if stored and self.remote is not None and self.remote.writable:
            self._stored.append(digest)
        return stored

    @contextmanager
    def held(self, digests: frozenset[str]) -> Iterator[None]:
        """Keep these entries for the duration of a run; afterwards what it has stored goes to the remote."""
        with self.memory.held(digests), self.disk.held(digests):
            try:
                yield
            finally:
                self._push()

    def _fetch(self, digest: str) -> Entry | None:
        """Bring an entry from the remote to the disk."""
        step = self.remote.step(digest) if self.remote is not None else None
        if step is None or self.remote is None:
            return None
        try:
            contents = self.remote.objects(objects_of(step.record))
        except (ValueError, TypeError, KeyError):
            return None
        if contents is None:
            return None
        return self.disk.adopt(digest, Recorded(step.record, contents), Making(step.type, step.recipe, step.seconds))

    def _push(self) -> None:
        stored, self._stored = self._stored, []
        if self.remote is None or not stored:
            return
        steps: dict[str, RemoteStep] = {}
        contents: dict[str, bytes] = {}
        try:
            index = self.disk.index()
            for key in stored:
                step, found = index.step(key), index.record(key)
                if step is None or found is None:
                    continue
                record, _ = found
                objects = {digest: index.read(digest) for digest in objects_of(record)}
                if None not in objects.values():
                    steps[key] = RemoteStep(step.type, step.recipe, record, step.seconds)
                    contents |= {digest: content for digest, content in objects.items() if content is not None}
        except (OSError, sqlite3.Error):  # the disk's own warning has been given
            return
        self.remote.push(steps, contents)
        self.remote.forget()


def _size(entry: Entry) -> int:
    values = sum(items.size for items in entry.outputs if isinstance(items, Decoded))
    return values + sum(len(artifact.content) for artifact in entry.artifacts if isinstance(artifact.content, bytes))
