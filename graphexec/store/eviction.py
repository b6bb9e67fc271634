"""The budget of a cache: what was used longest ago goes first, and nothing that a run in progress holds."""

from __future__ import annotations

import sqlite3

from graphexec.store import leases
from graphexec.store.objects import Objects

SPARE = 0.95
"""The part of the budget that is left in use, so that not every write evicts."""
BATCH = 64

_OLDEST = """
SELECT 0, key, used FROM steps WHERE key NOT IN (SELECT key FROM holds)
UNION ALL SELECT 1, key, used FROM blobs
ORDER BY used LIMIT ?
"""


def total(connection: sqlite3.Connection) -> int:
    """Return the bytes of all rows and objects."""
    bytes: int = connection.execute("SELECT bytes FROM totals").fetchone()[0]
    return bytes


def evict(connection: sqlite3.Connection, objects: Objects, budget: int) -> int:
    """Remove entries until the budget holds, and return how many; in a transaction of the caller's."""
    if total(connection) <= budget:
        return 0
    leases.forget_the_dead(connection)
    removed = 0
    while total(connection) > budget * SPARE:
        oldest = connection.execute(_OLDEST, (BATCH,)).fetchall()
        if not oldest:
            break
        for is_blob, key, _ in oldest:
            if total(connection) <= budget * SPARE:
                break
            (remove_blob if is_blob else remove_step)(connection, objects, key)
            removed += 1
    return removed


def remove_step(connection: sqlite3.Connection, objects: Objects, key: str) -> None:
    """Remove a step and the objects that nothing else uses; in a transaction of the caller's."""
    used = [digest for (digest,) in connection.execute("SELECT object FROM uses WHERE step = ?", (key,))]
    connection.execute("DELETE FROM steps WHERE key = ?", (key,))
    for digest in used:
        remove_unused(connection, objects, digest)


def remove_blob(connection: sqlite3.Connection, objects: Objects, key: str) -> None:
    """Remove a named piece of data and its object; in a transaction of the caller's."""
    found = connection.execute("SELECT object FROM blobs WHERE key = ?", (key,)).fetchone()
    if found is not None:
        connection.execute("DELETE FROM blobs WHERE key = ?", (key,))
        remove_unused(connection, objects, found[0])


def remove_object(connection: sqlite3.Connection, objects: Objects, digest: str) -> None:
    """Remove an object that is damaged, and all that uses it; in a transaction of the caller's."""
    objects.remove(digest)
    for (key,) in connection.execute("SELECT step FROM uses WHERE object = ?", (digest,)).fetchall():
        remove_step(connection, objects, key)
    for (key,) in connection.execute("SELECT key FROM blobs WHERE object = ?", (digest,)).fetchall():
        remove_blob(connection, objects, key)
    remove_unused(connection, objects, digest)


_UNUSED = """
SELECT data IS NULL FROM objects WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM uses WHERE object = ?1)
AND NOT EXISTS (SELECT 1 FROM blobs WHERE object = ?1)
"""


def remove_unused(connection: sqlite3.Connection, objects: Objects, digest: str) -> None:
    """Remove an object that nothing uses; in a transaction of the caller's, after which its file goes (`sweep`)."""
    found = connection.execute(_UNUSED, (digest,)).fetchone()
    if found is not None:
        connection.execute("DELETE FROM objects WHERE digest = ?", (digest,))
        if found[0]:
            objects.unused.append(digest)


def sweep(connection: sqlite3.Connection, objects: Objects) -> None:
    """Remove the files of objects that earlier transactions removed; in a transaction of the caller's.

    In one of its own, because a crash between a file's end and that of the transaction would leave an entry without
    it; in a transaction, because another process may be storing the same content again.
    """
    for digest in objects.unused:
        if connection.execute("SELECT 1 FROM objects WHERE digest = ?", (digest,)).fetchone() is None:
            objects.remove(digest)
    objects.unused.clear()
