"""A store that notes what is put into it, for the journal."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from graphexec.store.journal import Made
from graphexec.store.model import Entry, Making, Store


class NotingStore:
    """Implements `store.model.Store` over another one; `made` are the steps that were put, in order."""

    def __init__(self, store: Store) -> None:
        self.made: list[Made] = []
        self._store = store

    def __contains__(self, digest: str) -> bool:
        return digest in self._store

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the keys that have an entry."""
        return self._store.known(digests)

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key, or None."""
        return self._store.get(digest)

    def put(self, digest: str, entry: Entry, size: int, making: Making | None = None) -> bool:
        """Keep an entry, and note it."""
        stored = self._store.put(digest, entry, size, making)
        if making is not None:
            self.made.append(Made(digest, making.node_type, making.recipe, stored))
        return stored

    def held(self, digests: frozenset[str]) -> AbstractContextManager[None]:
        """Keep these entries for the duration of a run."""
        return self._store.held(digests)
