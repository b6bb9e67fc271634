"""What the stores of a Session and the journal know of earlier runs: what `explain` asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from graphexec.store.journal import Made
from graphexec.store.opening import Stores
from graphexec.store.tiers import Tiers


class Past:
    """Implements `plan.explanation.Past`; without a directory there is only the memory."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def where(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the place of the results that are there, by key."""
        wanted, stores = set(keys), self._stores
        places = dict.fromkeys(stores.memory.known(wanted), "memory")
        if stores.disk is not None:
            places |= dict.fromkeys(stores.disk.known(wanted - places.keys()), "disk")
        if isinstance(stores.store, Tiers) and stores.store.remote is not None:
            places |= dict.fromkeys(stores.store.remote.known(wanted - places.keys()), "remote")
        return places

    def unstored(self, key: str) -> str | None:
        """Return why the result of a step could not be stored."""
        if self._stores.disk is None:
            return None
        try:
            step = self._stores.disk.index().step(key)
        except (OSError, sqlite3.Error):
            return None  # the look for results has warned of it
        return None if step is None else step.reason

    def made(self, key: str) -> Made | None:
        """Return the step of a key, if an earlier run made it."""
        return None if self._stores.journal is None else self._stores.journal.made(key)

    def made_of(self, node_type: str, most: int) -> Sequence[Made]:
        """Return earlier steps of a type, those of the latest runs first."""
        return () if self._stores.journal is None else self._stores.journal.made_of(node_type, most)
