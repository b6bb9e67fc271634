"""What the stores of a Session and the journal know of earlier runs: what `explain` asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from graphexec.store.disk import DiskStore
from graphexec.store.journal import Journal, Made
from graphexec.store.memory import MemoryStore


class Past:
    """Implements `plan.explanation.Past`; without a directory there is only the memory."""

    def __init__(self, memory: MemoryStore, disk: DiskStore | None, journal: Journal | None) -> None:
        self._memory = memory
        self._disk = disk
        self._journal = journal

    def where(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the place of the results that are there, by key."""
        wanted = set(keys)
        places = dict.fromkeys(self._memory.known(wanted), "memory")
        if self._disk is not None:
            places |= dict.fromkeys(self._disk.known(wanted - places.keys()), "disk")
        return places

    def unstored(self, key: str) -> str | None:
        """Return why the result of a step could not be stored."""
        if self._disk is None:
            return None
        try:
            step = self._disk.index().step(key)
        except (OSError, sqlite3.Error):
            return None  # the look for results has warned of it
        return None if step is None else step.reason

    def made(self, key: str) -> Made | None:
        """Return the step of a key, if an earlier run made it."""
        return None if self._journal is None else self._journal.made(key)

    def made_of(self, node_type: str, most: int) -> Sequence[Made]:
        """Return earlier steps of a type, those of the latest runs first."""
        return () if self._journal is None else self._journal.made_of(node_type, most)
