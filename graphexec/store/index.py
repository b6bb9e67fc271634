"""The index of a cache: step keys with recipes and records, named data, and which objects each of them uses."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from graphexec.hashing import digest_bytes
from graphexec.store import eviction, leases
from graphexec.store.database import open_database, transaction
from graphexec.store.model import Making, Warn
from graphexec.store.objects import Objects
from graphexec.store.records import Recorded

SMALL = 16 * 2**10
"""Bytes up to which an object lies in the database rather than in a file of its own."""
ROW = 512
"""Bytes counted for a step beyond recipe and record."""
MOST = 20_000
"""Keys asked for in one query; SQLite takes 32,766."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the index knows of a step. `reason` says why its outputs are not stored, None when they are."""

    key: str
    type: str
    recipe: Mapping[str, Any]
    reason: str | None
    bytes: int
    seconds: float
    created: float
    used: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in a cache; `unstored` are steps whose outputs have no form on disk, `held` steps runs in progress
    will use."""

    bytes: int
    steps: int
    unstored: int
    objects: int
    files: int
    blobs: int
    fingerprints: int
    held: int


_STEP = "SELECT key, type, recipe, reason, bytes, seconds, created, used FROM steps"


class Index:
    """One connection to the index of a directory. Safe to use from several threads."""

    def __init__(self, directory: Path, warn: Warn) -> None:
        directory.mkdir(0o700, parents=True, exist_ok=True)  # pictures may be private
        self.directory = directory
        self.objects = Objects(directory / "objects")
        self._lock = RLock()
        self._connection = open_database(directory, warn)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction; files that are no longer used go after it."""
        with self._lock:
            try:
                with transaction(self._connection):
                    yield self._connection
            except BaseException:
                self.objects.unused.clear()
                raise
            if self.objects.unused:
                with transaction(self._connection):
                    eviction.sweep(self._connection, self.objects)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for questions of several kinds."""
        with self._lock:
            yield self._connection

    def changes(self) -> int:
        """Return a number that differs when another connection has written."""
        with self._lock:
            number: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            return number

    def known(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys whose outputs are stored."""
        wanted, found = list(keys), set[str]()
        with self._lock:
            for start in range(0, len(wanted), MOST):
                some = wanted[start : start + MOST]
                marks = ",".join("?" * len(some))
                query = f"SELECT key FROM steps WHERE record IS NOT NULL AND key IN ({marks})"
                found.update(key for (key,) in self._connection.execute(query, some))
        return found

    def record(self, key: str) -> tuple[str, float] | None:
        """Return the record of a key's entry, and when it was used last, or None."""
        with self._lock:
            query = "SELECT record, used FROM steps WHERE key = ? AND record IS NOT NULL"
            found: tuple[str, float] | None = self._connection.execute(query, (key,)).fetchone()
        return found

    def touch(self, keys: Iterable[str]) -> None:
        """Count entries as used now."""
        now = time.time()
        with self.writing() as connection:
            connection.executemany("UPDATE steps SET used = ? WHERE key = ?", [(now, key) for key in keys])

    def read(self, digest: str) -> bytes | None:
        """Return the content of an object; None, and a cache without it, when it is missing or damaged."""
        with self._lock:
            found = self._connection.execute("SELECT data FROM objects WHERE digest = ?", (digest,)).fetchone()
        if found is None:
            return None
        content = self._intact(digest, found[0])
        if content is None:
            self._remove_damaged(digest)
        return content

    def remove_if_damaged(self, digest: str) -> bool:
        """Read an object, and remove it with what uses it if it is damaged; whether it was."""
        with self._lock:
            found = self._connection.execute("SELECT data FROM objects WHERE digest = ?", (digest,)).fetchone()
        return found is not None and self._intact(digest, found[0]) is None and self._remove_damaged(digest)

    def _intact(self, digest: str, data: bytes | None) -> bytes | None:
        if data is None:
            return self.objects.read(digest)
        return data if isinstance(data, bytes) and digest_bytes(data) == digest else None

    def _remove_damaged(self, digest: str) -> bool:
        with self.writing() as connection:
            found = connection.execute("SELECT data FROM objects WHERE digest = ?", (digest,)).fetchone()
            if found is None or self._intact(digest, found[0]) is not None:
                return False  # another process has removed it, or written it again
            eviction.remove_object(connection, self.objects, digest)
            return True

    def put(self, key: str, recorded: Recorded, making: Making, budget: int) -> None:
        """Store an entry; the least recently used go when the budget is over. Raises OSError and sqlite3.Error."""
        recipe = canonical(making.recipe)
        with self._aside(recorded.contents) as place, self.writing() as connection:
            old = connection.execute("SELECT record FROM steps WHERE key = ?", (key,)).fetchone()
            if old is not None and old[0] == recorded.record:  # another process made the same
                place(connection)
                connection.execute("UPDATE steps SET used = ? WHERE key = ?", (time.time(), key))
                return
            eviction.remove_step(connection, self.objects, key)
            place(connection)
            connection.executemany("INSERT INTO uses VALUES (?, ?)", ((digest, key) for digest in recorded.contents))
            row = (key, making.node_type, recipe, recorded.record, None, _size(recipe, recorded.record))
            _insert(connection, row, making.seconds)
            eviction.evict(connection, self.objects, budget)

    def note(self, key: str, making: Making, reason: str) -> None:
        """Keep why the outputs of a step are not stored."""
        recipe = canonical(making.recipe)
        with self.writing() as connection:
            eviction.remove_step(connection, self.objects, key)
            _insert(connection, (key, making.node_type, recipe, None, reason, _size(recipe, reason)), making.seconds)

    def remove(self, key: str) -> None:
        """Forget a step."""
        with self.writing() as connection:
            eviction.remove_step(connection, self.objects, key)

    def load_blob(self, key: str) -> bytes | None:
        """Return named data, or None."""
        with self._lock:
            found = self._connection.execute("SELECT object FROM blobs WHERE key = ?", (key,)).fetchone()
        return self.read(found[0]) if found else None

    def save_blob(self, key: str, data: bytes, budget: int) -> None:
        """Replace named data. Raises OSError and sqlite3.Error."""
        digest = digest_bytes(data)
        with self._aside({digest: data}) as place, self.writing() as connection:
            place(connection)
            old = connection.execute("SELECT object FROM blobs WHERE key = ?", (key,)).fetchone()
            connection.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", (key, digest, time.time()))
            if old is not None:
                eviction.remove_unused(connection, self.objects, old[0])
            eviction.evict(connection, self.objects, budget)

    def drop_blob(self, key: str) -> None:
        """Forget named data."""
        with self.writing() as connection:
            eviction.remove_blob(connection, self.objects, key)

    def begin_run(self, keys: Iterable[str]) -> int:
        """Enter a run that holds these keys, and return its number."""
        with self.writing() as connection:
            return leases.begin(connection, keys)

    def end_run(self, number: int, budget: int) -> None:
        """Take a run off the list, and bring the cache below its budget."""
        with self.writing() as connection:
            leases.end(connection, number)
            eviction.evict(connection, self.objects, budget)

    def counts(self) -> Counts:
        """Return how much there is."""
        query = """SELECT (SELECT bytes FROM totals), (SELECT count(*) FROM steps WHERE record IS NOT NULL),
        (SELECT count(*) FROM steps WHERE record IS NULL), (SELECT count(*) FROM objects),
        (SELECT count(*) FROM objects WHERE data IS NULL), (SELECT count(*) FROM blobs),
        (SELECT count(*) FROM fingerprints), (SELECT count(DISTINCT key) FROM holds)"""
        with self._lock:
            return Counts(*self._connection.execute(query).fetchone())

    def step(self, key: str) -> Step | None:
        """Return what is known of a key, stored or not."""
        return next(self._steps(f"{_STEP} WHERE key = ?", (key,)), None)

    def steps_of(self, node_type: str, most: int = 1000) -> list[Step]:
        """Return the steps of a node type, the newest first."""
        return list(self._steps(f"{_STEP} WHERE type = ? ORDER BY created DESC LIMIT ?", (node_type, most)))

    def _steps(self, query: str, values: tuple[Any, ...]) -> Iterator[Step]:
        with self._lock:
            rows = self._connection.execute(query, values).fetchall()
        for key, type, recipe, *rest in rows:
            yield Step(key, type, json.loads(recipe), *rest)

    @contextmanager
    def _aside(self, contents: Mapping[str, bytes]) -> Iterator[Callable[[sqlite3.Connection], None]]:
        """Write large contents that are not there yet beside their places; what is given enters all in the index."""
        written: dict[str, Path] = {}
        try:
            for digest, content in contents.items():
                if len(content) > SMALL and not self.objects.holds(digest, len(content)):
                    written[digest] = self.objects.write_aside(digest, content)
            yield lambda connection: self._place(connection, contents, written)
        finally:
            for aside in written.values():
                aside.unlink(missing_ok=True)

    def _place(self, connection: sqlite3.Connection, contents: Mapping[str, bytes], written: dict[str, Path]) -> None:
        for digest, content in contents.items():
            small = len(content) <= SMALL
            row = (digest, len(content), content if small else None)
            connection.execute("INSERT OR IGNORE INTO objects VALUES (?, ?, ?)", row)
            if small or self.objects.holds(digest, len(content)):
                continue
            if digest not in written:  # it was there a moment ago, and was evicted
                written[digest] = self.objects.write_aside(digest, content)
            self.objects.place(written[digest], digest)


def canonical(recipe: Mapping[str, Any]) -> str:
    """Return a recipe as JSON: equal recipes give equal texts."""
    return json.dumps(recipe, sort_keys=True, separators=(",", ":"), default=repr)


def _size(*texts: str) -> int:
    return ROW + sum(map(len, texts))


def _insert(connection: sqlite3.Connection, row: tuple[Any, ...], seconds: float) -> None:
    now = time.time()
    connection.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, seconds, now, now))
