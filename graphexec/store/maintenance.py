"""Looking after a cache: what is in it, whether all of it is whole, and what can go."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graphexec.store import eviction, leases
from graphexec.store.index import SMALL, Index
from graphexec.store.objects import STALE


@dataclass(frozen=True, slots=True)
class TypeUse:
    """What the steps of one node type take: rows and objects in bytes, and the seconds that their nodes took."""

    type: str
    steps: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of every object found; what was damaged is gone."""

    objects: int
    bytes: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed: entries, bytes of them, and files that belonged to nothing."""

    entries: int
    bytes: int
    files: int


_BY_TYPE = """
SELECT s.type, count(*), sum(s.bytes + coalesce(o.bytes, 0)), sum(s.seconds) FROM steps s
LEFT JOIN (SELECT u.step AS step, sum(o.bytes) AS bytes FROM uses u JOIN objects o ON o.digest = u.object
GROUP BY u.step) AS o ON o.step = s.key WHERE s.record IS NOT NULL GROUP BY s.type ORDER BY 3 DESC
"""


def by_type(index: Index) -> list[TypeUse]:
    """Return what each node type takes, the largest first; an object that several steps share counts for each."""
    with index.reading() as connection:
        return [TypeUse(*row) for row in connection.execute(_BY_TYPE)]


def verify(index: Index) -> Verified:
    """Read every object; one that is missing or damaged goes, with the entries that use it."""
    with index.reading() as connection:
        rows = connection.execute("SELECT digest, bytes FROM objects").fetchall()
    damaged = tuple(digest for digest, _ in rows if index.remove_if_damaged(digest))
    return Verified(len(rows), sum(size for _, size in rows), damaged)


def collect(index: Index, budget: int) -> Removed:
    """Remove what no process needs: entries over the budget, files that no entry uses, leftovers of dead processes.

    Then give the space that the database no longer uses back to the system.
    """
    with index.writing() as connection:
        leases.forget_the_dead(connection)
        before = eviction.total(connection)
        entries = eviction.evict(connection, index.objects, budget)
        for (digest,) in connection.execute(_UNUSED).fetchall():
            eviction.remove_unused(connection, index.objects, digest)
        freed = before - eviction.total(connection)
        files = 0
        for path in _strays(connection, index):
            path.unlink(missing_ok=True)
            files += 1
    _compact(index)
    return Removed(entries, freed, files)


def clear(index: Index) -> Removed:
    """Remove everything but what runs in progress hold."""
    with index.writing() as connection:
        leases.forget_the_dead(connection)
        before = eviction.total(connection)
        steps = connection.execute("SELECT key FROM steps WHERE key NOT IN (SELECT key FROM holds)").fetchall()
        blobs = connection.execute("SELECT key FROM blobs").fetchall()
        for (key,) in steps:
            eviction.remove_step(connection, index.objects, key)
        for (key,) in blobs:
            eviction.remove_blob(connection, index.objects, key)
        connection.execute("DELETE FROM fingerprints")
        connection.execute("DELETE FROM numbers")
        freed = before - eviction.total(connection)
    return Removed(len(steps) + len(blobs), freed, collect(index, 2**63 - 1).files)


_UNUSED = """
SELECT digest FROM objects WHERE NOT EXISTS (SELECT 1 FROM uses WHERE object = digest)
AND NOT EXISTS (SELECT 1 FROM blobs WHERE object = digest)
"""


def _strays(connection: sqlite3.Connection, index: Index) -> Iterator[Path]:
    """Yield files that no object has, and those that were being written long ago."""
    wanted = {digest for (digest,) in connection.execute("SELECT digest FROM objects WHERE bytes > ?", (SMALL,))}
    for path, digest in index.objects.files():
        if digest is None:
            try:
                if time.time() - path.stat().st_mtime > STALE:
                    yield path
            except OSError:  # its writer has just finished
                continue
        elif digest not in wanted:
            yield path


def _compact(index: Index) -> None:
    with index.reading() as connection:
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:  # another process is at work
            return
