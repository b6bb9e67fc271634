"""What a run tells its listener while it goes on; each event is one NDJSON line with `--json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

EventKind: TypeAlias = Literal[
    "run_started",
    "node_started",
    "progress",
    "node_finished",
    "node_reused",
    "node_blocked",
    "node_failed",
    "warning",
    "file_written",
    "run_finished",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `node` is the id in the file (an expanded child reports under its parent)."""

    kind: EventKind
    node: str | None = None
    node_type: str | None = None
    done: int | None = None
    total: int | None = None
    seconds: float | None = None
    message: str | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    preview: Callable[[], bytes] | None = None
    """Makes a picture (PNG) of the state of a `progress`; costs time only when called."""


Listener: TypeAlias = Callable[[Event], None]


def one_at_a_time(listener: Listener) -> Listener:
    """Return a listener that several threads may call."""
    lock = RLock()

    def tell(event: Event) -> None:
        with lock:
            listener(event)

    return tell
