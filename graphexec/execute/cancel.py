"""Stopping a run from outside: a flag that any thread may set, and a deadline."""

from __future__ import annotations

import time

from graphexec.errors import DeadlineExceeded, Interrupted


class Cancel:
    """Tells a run to stop. Checked before every call of a node and at every report of progress."""

    __slots__ = ("_ends", "_reason", "seconds")

    def __init__(self, deadline: float | None = None, since: float | None = None) -> None:
        """`deadline` is the time that the run may take: seconds from now, or from `since` (`time.monotonic`)."""
        self._reason: str | None = None
        self.seconds = deadline
        self._ends = None if deadline is None else (time.monotonic() if since is None else since) + deadline

    def set(self, reason: str = "interrupted") -> None:
        """Stop the run at its next check; the first reason counts. Safe in signal handlers and other threads."""
        if self._reason is None:
            self._reason = reason

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the deadline, below 0 once it is over; None without one."""
        return None if self._ends is None else self._ends - time.monotonic()

    def check(self) -> None:
        """Raise Interrupted or DeadlineExceeded when the run is to stop."""
        if self._reason is not None:
            raise Interrupted(self._reason)
        if self._ends is not None and time.monotonic() >= self._ends:
            raise DeadlineExceeded(f"the deadline of {self.seconds:g} s is over")
