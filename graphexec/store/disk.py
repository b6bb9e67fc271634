"""The cache on disk: entries under a budget of bytes, shared by all processes that name the same directory.

Whatever is wrong with the disk never stops a run: one warning, and the run goes on without what failed.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from graphexec.encoding import Unstorable
from graphexec.ports import Hooks
from graphexec.store import files
from graphexec.store.files import Identity
from graphexec.store.index import Index
from graphexec.store.model import Entry, Making, Warn
from graphexec.store.records import Recorded, record, restore
from graphexec.store.worth import Worth

T = TypeVar("T")

COARSE = 3600.0
"""Seconds within which a second use of an entry is not written down: a run that only reads is to write nothing."""


class DiskStore:
    """Implements `store.model.Store` and `ports.Blobs` in a directory, which is made at the first use."""

    def __init__(self, directory: Path, hooks: Hooks, budget: int, worth: Worth | None = None) -> None:
        self.directory = directory
        self.budget = budget
        self._warn: Warn | None = None
        self._told = False
        self._untold: list[str] = []
        self._hooks = hooks
        self._worth = worth or Worth()
        self._index: Index | None = None
        self._process = 0
        self._reads = self._writes = True
        self._untouched: list[str] = []
        self._absent: tuple[int, set[str]] = (0, set())

    def __contains__(self, digest: str) -> bool:
        return bool(self.known((digest,)))

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the keys that have an entry, asked in one query."""
        wanted = set(digests)
        if not wanted:
            return set()
        found = self._read(lambda index: (index.changes(), index.known(wanted)))
        if found is None:
            return set()
        self._absent = (found[0], wanted - found[1])
        return found[1]

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key, its bytes read and verified; values are decoded when somebody looks at them."""
        return self._read(lambda index: self._get(index, digest))

    def _get(self, index: Index, digest: str) -> Entry | None:
        changes, absent = self._absent
        if digest in absent and index.changes() == changes:
            return None
        found = index.record(digest)
        if found is None:
            return None
        if time.time() - found[1] > COARSE:
            self._untouched.append(digest)
        try:
            return restore(found[0], index.read, self._hooks)
        except (ValueError, KeyError, TypeError):
            index.remove(digest)
            return None

    def put(self, digest: str, entry: Entry, size: int, making: Making | None = None) -> bool:
        """Store an entry if it is worth it and can be; why it cannot is noted for `explain`."""
        if making is None or not self._worth.stores(entry, size, making):
            return False
        self._absent[1].discard(digest)
        try:
            recorded = record(entry, self._hooks)
        except Unstorable as reason:
            text = str(reason)
            self._write(lambda index: index.note(digest, making, text))
            return False
        return self._write(lambda index: index.put(digest, recorded, making, self.budget))

    def adopt(self, digest: str, recorded: Recorded, making: Making) -> Entry | None:
        """Store what another tier has recorded, and return the entry, whether it could be stored or not."""
        self._absent[1].discard(digest)
        self._write(lambda index: index.put(digest, recorded, making, self.budget))
        return restore(recorded.record, recorded.contents.get, self._hooks)

    @contextmanager
    def held(self, digests: frozenset[str]) -> Iterator[None]:
        """Keep these entries for the duration of a run, in all processes; afterwards the budget holds again."""
        number: list[int] = []
        if digests:
            self._write(lambda index: number.append(index.begin_run(digests)))
        try:
            yield
        finally:
            if self._untouched:
                touched, self._untouched = self._untouched, []
                self._write(lambda index: index.touch(touched))
            for run in number:
                self._write(lambda index: index.end_run(run, self.budget))  # noqa: B023 (called at once)
            self._reads = self._writes = True  # the next run tries again
            self._told = False

    def load(self, key: str) -> bytes | None:
        """Return named data, verified, or None."""
        return self._read(lambda index: index.load_blob(key))

    def save(self, key: str, data: bytes) -> None:
        """Replace named data."""
        self._write(lambda index: index.save_blob(key, data, self.budget))

    def drop(self, key: str) -> None:
        """Forget named data."""
        self._write(lambda index: index.drop_blob(key))

    def recall(self, path: Path) -> tuple[Identity, str] | None:
        """Return what is remembered of a file: its state and the digest of its content then."""
        return self._read(lambda index: files.recall(index, str(path)))

    def remember(self, path: Path, identity: Identity, digest: str) -> None:
        """Remember the digest of a file in this state."""
        self._write(lambda index: files.remember(index, str(path), identity, digest))

    def recall_number(self, name: str, content: str) -> int | None:
        """Return a number that follows from the content of a file, or None."""
        return self._read(lambda index: files.recall_number(index, name, content))

    def remember_number(self, name: str, content: str, number: int) -> None:
        """Remember such a number."""
        self._write(lambda index: files.remember_number(index, name, content, number))

    def tell(self, warn: Warn) -> None:
        """Give warnings to `warn` from now on, first those that nobody has heard yet."""
        self._warn = warn
        while self._untold:
            warn(self._untold.pop(0))

    def say(self, message: str) -> None:
        """Warn, now or as soon as somebody listens."""
        if self._warn is None:
            self._untold.append(message)
        else:
            self._warn(message)

    def close(self) -> None:
        """Close the database. The store can still be used."""
        if self._index is not None and self._process == os.getpid():
            self._index.close()
        self._index = None

    def index(self) -> Index:
        """Return the index, opened at the first call. Raises OSError and sqlite3.Error."""
        if self._index is None or self._process != os.getpid():  # SQLite's connections do not survive a fork
            self._index = Index(self.directory, self.say)
            self._process = os.getpid()
        return self._index

    def _read(self, action: Callable[[Index], T]) -> T | None:
        if not self._reads:
            return None
        try:
            return action(self.index())
        except (OSError, sqlite3.Error) as error:
            self._reads = self._writes = False
            self._tell("read", error)
            return None

    def _write(self, action: Callable[[Index], object]) -> bool:
        if not self._writes:
            return False
        try:
            action(self.index())
        except (OSError, sqlite3.Error) as error:
            self._writes = False
            self._tell("written", error)
            return False
        return True

    def _tell(self, how: str, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if not self._told:
            self._told = True
            self.say(f"the cache in {self.directory} cannot be {how} ({reason}): this run goes on without it")
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            self._set_aside()

    def _set_aside(self) -> None:
        """Rename a database that turned out damaged, so that the next run begins a new one."""
        from graphexec.store.database import set_aside

        self.close()
        try:
            set_aside(self.directory)
        except OSError:
            return
