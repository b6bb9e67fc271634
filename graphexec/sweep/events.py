"""What a sweep tells its listener while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from graphexec.execute.events import Event
from graphexec.sweep.records import CellRecord


@dataclass(frozen=True, slots=True)
class SweepEvent:
    """One event: a cell began, an event of its run (`event`), or it has ended (`record`).

    `cell_reused` tells of a cell that was done by an earlier run of the sweep.
    """

    kind: Literal["cell_started", "cell_event", "cell_finished", "cell_failed", "cell_reused"]
    cell: int
    event: Event | None = None
    record: CellRecord | None = None


SweepListener: TypeAlias = Callable[[SweepEvent], None]
