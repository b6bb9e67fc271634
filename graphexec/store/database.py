"""The SQLite file of a cache: how it is opened, its tables, and what happens to one that cannot be used."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphexec.store.model import Warn

FILE = "index.sqlite"
SCHEMA = 2
"""The version of the tables (`user_version`). Another version's file is set aside, never converted."""
APPLICATION = 0x67784361
"""Marks a file as ours (`application_id`)."""
PATIENCE = 60.0
"""Seconds that a write waits for those of other processes."""

TABLES = """
CREATE TABLE objects (digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, data BLOB) WITHOUT ROWID;
CREATE TABLE steps (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, recipe TEXT NOT NULL, record TEXT, reason TEXT,
    bytes INTEGER NOT NULL, seconds REAL NOT NULL, created REAL NOT NULL, used REAL NOT NULL
);
CREATE INDEX steps_type ON steps (type, created);
CREATE INDEX steps_used ON steps (used);
CREATE TABLE uses (object TEXT NOT NULL, step TEXT NOT NULL, PRIMARY KEY (object, step)) WITHOUT ROWID;
CREATE INDEX uses_step ON uses (step);
CREATE TABLE blobs (key TEXT PRIMARY KEY, object TEXT NOT NULL, used REAL NOT NULL);
CREATE INDEX blobs_object ON blobs (object);
CREATE TABLE fingerprints (
    path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, inode TEXT, device TEXT,
    digest TEXT NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE numbers (
    name TEXT NOT NULL, content TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (name, content)
) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY, pid INTEGER, place TEXT, started REAL, until REAL);
CREATE TABLE holds (run INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE INDEX holds_key ON holds (key);
CREATE TABLE totals (bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (0);
CREATE TRIGGER object_added AFTER INSERT ON objects BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER object_removed AFTER DELETE ON objects BEGIN UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER step_added AFTER INSERT ON steps BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER step_removed AFTER DELETE ON steps BEGIN
    UPDATE totals SET bytes = bytes - OLD.bytes;
    DELETE FROM uses WHERE step = OLD.key;
END;
"""


class Unusable(Exception):
    """The file is no index of this version: damaged, foreign, or of another version."""


def open_database(directory: Path, warn: Warn) -> sqlite3.Connection:
    """Return a connection to the index in `directory`, made if there is none.

    A file that cannot be used is renamed, and a new one begun, with a warning. Raises OSError and sqlite3.Error.
    """
    path = directory / FILE
    try:
        return _connect(path)
    except Unusable:
        with _alone(directory):
            try:
                return _connect(path)  # another process may have mended it meanwhile
            except Unusable as error:
                aside = set_aside(directory)
                warn(f"the index of the cache {error}: it is now {aside.name}, and a new one was begun in {directory}")
                return _connect(path)


def set_aside(directory: Path) -> Path:
    """Rename the database and its companions, and return the new name of the first."""
    path = directory / FILE
    aside = path.with_name(f"{FILE}.unusable-{time.time_ns()}")
    for suffix in ("-wal", "-shm", ""):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    return aside


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make the block one write: all of it or nothing, with no other writer in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except sqlite3.OperationalError:  # locked, full, not readable: nothing is wrong with the file
        connection.close()
        raise
    except (sqlite3.DatabaseError, Unusable) as error:
        connection.close()
        raise Unusable(f"is damaged ({error})" if isinstance(error, sqlite3.Error) else str(error)) from error
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    if _version(connection) != (APPLICATION, SCHEMA):
        _create(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA mmap_size = 268435456")
    connection.execute("SELECT bytes FROM totals").fetchone()


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file. Raises Unusable for one that is not empty."""
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        application, version = _version(connection)
        if (application, version) == (APPLICATION, SCHEMA):
            return  # another process was faster
        if application == APPLICATION:
            raise Unusable(f"has version {version}, and this graphexec reads version {SCHEMA}")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise Unusable("is the database of another program")
        for statement in _statements(TABLES):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(connection: sqlite3.Connection) -> tuple[int, int]:
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return application, version


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes that want to set the database aside out of the block, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows: there a file that is open cannot be renamed either
        yield
        return
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
