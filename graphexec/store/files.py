"""What is remembered of files outside the cache: digests of their contents, and numbers that follow from them."""

from __future__ import annotations

import time
from typing import TypeAlias

from graphexec.store.index import Index

FILES = 10_000
"""Files whose digests are remembered."""

Identity: TypeAlias = tuple[int, int, int, int, int]
"""Size, times of change of content and status (ns), inode and device of a file."""

_FORGET = """
DELETE FROM fingerprints WHERE path IN (SELECT path FROM fingerprints ORDER BY used DESC LIMIT -1 OFFSET ?)
"""


def recall(index: Index, path: str) -> tuple[Identity, str] | None:
    """Return the state in which a file was digested, and the digest, or None."""
    query = "SELECT size, mtime, ctime, inode, device, digest FROM fingerprints WHERE path = ?"
    with index.reading() as connection:
        found = connection.execute(query, (path,)).fetchone()
    if found is None:
        return None
    size, mtime, ctime, inode, device, digest = found
    return (size, mtime, ctime, int(inode), int(device)), digest


def remember(index: Index, path: str, identity: Identity, digest: str) -> None:
    """Remember the digest of a file, in place of what was; the oldest go when there are very many."""
    size, mtime, ctime, inode, device = identity  # numbers of inodes and devices may not fit SQLite's integers
    row = (path, size, mtime, ctime, str(inode), str(device), digest, time.time())
    with index.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute(_FORGET, (FILES,))


def recall_number(index: Index, name: str, content: str) -> int | None:
    """Return the number of a name that follows from the content with this digest, or None."""
    with index.reading() as connection:
        query = "SELECT number FROM numbers WHERE name = ? AND content = ?"
        found = connection.execute(query, (name, content)).fetchone()
    return found[0] if found else None


def remember_number(index: Index, name: str, content: str, number: int) -> None:
    """Remember such a number."""
    with index.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?, ?)", (name, content, number))
