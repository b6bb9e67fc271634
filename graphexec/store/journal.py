"""The journal of runs beside a cache: what ran when, how it ended, and the recipes of the steps that it made.

It never stops a run: what cannot be written is left out, and `trouble` says why.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any, Literal, TypeAlias, TypeVar

from graphexec.store.database import transaction
from graphexec.store.leases import here, lives

T = TypeVar("T")
Status: TypeAlias = Literal["done", "failed", "interrupted", "deadline", "running", "killed"]

FILE = "journal.sqlite"
SCHEMA = 1
"""The version of the tables (`user_version`). A file of another one is set aside."""
LASTS = 86_400.0
"""Seconds that a run counts as under way where its process cannot be seen: in another container, say."""
RUNS = 1000
"""Runs that are kept; the oldest go."""
REPORTS = 32 * 2**20
"""Bytes of reports that are kept; the oldest go, their runs stay."""
RECIPES = 20_000
"""Recipes that are kept; those that no run has used for the longest time go."""
OF_A_RUN = 5_000
"""Recipes that are taken from one run."""
LONGEST = 64 * 2**10
"""Characters of a recipe; longer ones are left out."""

TABLES = (
    """CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, workflow TEXT NOT NULL, started REAL NOT NULL, status TEXT, seconds REAL,
    executed INTEGER, reused INTEGER, files INTEGER, message TEXT, report BLOB, pid INTEGER, place TEXT)""",
    """CREATE TABLE recipes (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, recipe TEXT NOT NULL, stored INTEGER NOT NULL, used REAL NOT NULL)""",
    "CREATE INDEX recipes_type ON recipes (type, used)",
    "CREATE INDEX recipes_used ON recipes (used)",
    f"PRAGMA user_version = {SCHEMA}",
)
_RUN = "SELECT id, workflow, started, status, seconds, executed, reused, files, message, pid, place FROM runs"
_RECIPE = "SELECT key, type, recipe, stored, used FROM recipes"
_BOUND = (
    f"DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - {RUNS}",
    f"""UPDATE runs SET report = NULL WHERE report IS NOT NULL AND id IN (SELECT id FROM
    (SELECT id, sum(length(report)) OVER (ORDER BY id DESC) AS total FROM runs) WHERE total > {REPORTS})""",
    f"DELETE FROM recipes WHERE key IN (SELECT key FROM recipes ORDER BY used DESC LIMIT -1 OFFSET {RECIPES})",
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run: `started` in seconds since 1970. What is None was not known when it stopped, or is not over."""

    id: int
    workflow: str
    started: float
    status: Status
    seconds: float | None = None
    executed: int | None = None
    reused: int | None = None
    files: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A step that a run made: `stored` when its result outlives the process; `used` in seconds since 1970."""

    key: str
    type: str
    recipe: Mapping[str, Any]
    stored: bool
    used: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; `report` is its run.json."""

    status: Status
    seconds: float
    executed: int = 0
    reused: int = 0
    files: int = 0
    message: str | None = None
    report: str | None = None


class Journal:
    """The journal in a directory, opened at the first use. Safe to use from several threads and processes."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        self.trouble: str | None = None
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def begin(self, workflow: str) -> int | None:
        """Enter a run and return its number; None when it cannot be written."""
        row = (workflow, time.time(), os.getpid(), here())
        query = "INSERT INTO runs (workflow, started, pid, place) VALUES (?, ?, ?, ?)"
        return self._try(lambda connection: connection.execute(query, row).lastrowid)

    def end(self, number: int, outcome: Outcome, made: Iterable[Made] = ()) -> None:
        """Write down how a run ended and what it made, and forget what is too old."""
        self._try(lambda connection: self._end(connection, number, outcome, made))

    def _end(self, connection: sqlite3.Connection, number: int, outcome: Outcome, made: Iterable[Made]) -> None:
        report = None if outcome.report is None else outcome.report.encode()  # bytes: a text is read to be measured
        row = (outcome.status, outcome.seconds, outcome.executed, outcome.reused, outcome.files, outcome.message,
               report, number)  # fmt: skip
        connection.execute(
            "UPDATE runs SET status = ?, seconds = ?, executed = ?, reused = ?, files = ?, message = ?, report = ? "
            "WHERE id = ?",
            row,
        )
        connection.executemany("INSERT OR REPLACE INTO recipes VALUES (?, ?, ?, ?, ?)", _rows(made))
        for query in _BOUND:
            connection.execute(query)

    def runs(self, most: int = RUNS) -> list[Run]:
        """Return runs, the newest first."""
        query = f"{_RUN} ORDER BY id DESC LIMIT ?"
        return self._try(lambda c: [_run(*row) for row in c.execute(query, (most,))], create=False) or []

    def run(self, number: int) -> Run | None:
        """Return a run by its number."""
        found = self._try(lambda c: c.execute(f"{_RUN} WHERE id = ?", (number,)).fetchone(), create=False)
        return _run(*found) if found else None

    def report(self, number: int) -> str | None:
        """Return the run.json of a run; None when it has none, or no longer."""
        query = "SELECT report FROM runs WHERE id = ?"
        found = self._try(lambda c: c.execute(query, (number,)).fetchone(), create=False)
        return found[0].decode() if found and found[0] is not None else None

    def made(self, key: str) -> Made | None:
        """Return the step of a key."""
        found = self._try(lambda c: c.execute(f"{_RECIPE} WHERE key = ?", (key,)).fetchone(), create=False)
        return _made(found) if found else None

    def made_of(self, node_type: str, most: int) -> list[Made]:
        """Return steps of a node type, those first that were made or used last."""
        query = f"{_RECIPE} WHERE type = ? ORDER BY used DESC, key LIMIT ?"
        return self._try(lambda c: list(map(_made, c.execute(query, (node_type, most)))), create=False) or []

    def close(self) -> None:
        """Close the file. The journal can still be used."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _try(self, action: Callable[[sqlite3.Connection], T], create: bool = True) -> T | None:
        """Do something in a transaction; None when the file cannot be used, or is not there and not to be made."""
        if not create and not self.path.exists():
            return None
        try:
            with self._lock:
                connection = self._opened()
                with transaction(connection):
                    return action(connection)
        except (OSError, sqlite3.Error) as error:
            self.trouble = f"the journal {self.path} cannot be used: {getattr(error, 'strerror', None) or error}"
            return None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():  # SQLite's connections do not survive a fork
            self._connection, self._process = _open(self.path), os.getpid()
        return self._connection


def _open(path: Path) -> sqlite3.Connection:
    """Open the file, made if it is not there; one that is damaged or of another version is renamed."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    for last in (False, True):
        connection = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection)
            return connection
        except sqlite3.DatabaseError as error:
            connection.close()
            if last or isinstance(error, sqlite3.OperationalError):
                raise
            path.rename(path.with_name(f"{path.name}.unusable-{time.time_ns()}"))
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).unlink()
    raise AssertionError("not reached")


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables if there are none. Raises sqlite3.DatabaseError for a file that is not ours."""
    if _version(connection) != SCHEMA:
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            version = _version(connection)
            if version == 0:
                for statement in TABLES:
                    connection.execute(statement)
            elif version != SCHEMA:
                raise sqlite3.DatabaseError(f"it has the version {version}")
    connection.execute("PRAGMA synchronous = NORMAL")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _rows(made: Iterable[Made]) -> Iterator[tuple[str, str, str, bool, float]]:
    """Return the rows of steps in the order they were made, so that the last is the newest."""
    now = time.time()
    for number, step in zip(range(OF_A_RUN), made, strict=False):
        recipe = json.dumps(step.recipe, sort_keys=True, separators=(",", ":"), default=repr)
        if len(recipe) <= LONGEST:
            yield step.key, step.type, recipe, step.stored, now + number * 1e-6


def _made(row: tuple[str, str, str, int, float]) -> Made:
    key, type, recipe, stored, used = row
    return Made(key, type, json.loads(recipe), bool(stored), used)


def _run(id: int, workflow: str, started: float, status: Any, *rest: Any) -> Run:
    *known, pid, place = rest
    if status is None:  # begun and never ended: under way, or gone with its process
        alive = lives(pid, started) if place == here() else time.time() - started < LASTS
        status = "running" if alive else "killed"
    return Run(id, workflow, started, status, *known)
