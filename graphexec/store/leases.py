"""Runs in progress and the entries they hold, so that no process evicts what another one's run is about to use."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

CLOCK = 60.0
"""Seconds by which clocks may have been set between two looks."""
LASTS = 3600.0
"""Seconds that a run counts as alive where its process cannot be seen: in another container, say."""


def begin(connection: sqlite3.Connection, keys: Iterable[str]) -> int:
    """Enter a run with the keys that it will use, and return its number; in a transaction of the caller's."""
    now = time.time()
    cursor = connection.execute(
        "INSERT INTO runs (pid, place, started, until) VALUES (?, ?, ?, ?)", (os.getpid(), here(), now, now + LASTS)
    )
    number = int(cursor.lastrowid or 0)
    used = [(now, key) for key in keys]
    connection.executemany("INSERT OR IGNORE INTO holds VALUES (?, ?)", ((number, key) for _, key in used))
    connection.executemany("UPDATE steps SET used = ? WHERE key = ?", used)
    return number


def end(connection: sqlite3.Connection, number: int) -> None:
    """Take a run off the list; in a transaction of the caller's."""
    connection.execute("DELETE FROM holds WHERE run = ?", (number,))
    connection.execute("DELETE FROM runs WHERE id = ?", (number,))


def forget_the_dead(connection: sqlite3.Connection) -> None:
    """Take runs off the list whose process is gone; in a transaction of the caller's."""
    ours, now = here(), time.time()
    query = "SELECT id, pid, place, started, until FROM runs"
    for number, pid, place, started, until in connection.execute(query).fetchall():
        if not (lives(pid, started) if place == ours else until > now):
            end(connection, number)


def here() -> str:
    """Return what tells in which set of process numbers a pid counts."""
    try:
        return f"{_boot()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return os.uname().nodename if hasattr(os, "uname") else ""


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def lives(pid: int, since: float) -> bool:
    """Return whether a process lives that was there at `since` (seconds since 1970): numbers are used again."""
    if os.name != "posix":  # where signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is there, and another user's
    began = _began(pid)
    return began is None or began <= since + CLOCK


def _began(pid: int) -> float | None:
    """Return when a process began, None where Linux's files do not tell."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
        return int(boot.split()[1]) + int(ticks) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None
