"""Worker processes: started, given cells, listened to, replaced when they die, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import graphexec
from graphexec.errors import UsageError
from graphexec.execute.cancel import Cancel
from graphexec.sweep.cell_run import CellOutcome
from graphexec.sweep.events import SweepEvent, SweepListener
from graphexec.sweep.messages import change_fields, event_of, line, outcome_of
from graphexec.sweep.plan import PlannedCell, SweepPlan
from graphexec.sweep.scheduling import Scheduling

TRIES = 2
"""How often a cell is run whose worker dies: the second time it is probably the cell's fault."""

GRACE = 3.0
"""Seconds that workers have to stop before they are killed."""

_TICK = 0.1
_START = "import sys; sys.path.append(sys.argv[1]); from graphexec.sweep.worker import main; main()"


class Worker:
    """A process and the cell that it runs, if any. What it says goes to `heard`; None when it has ended."""

    def __init__(self, number: int, order: Mapping[str, Any], environment: Mapping[str, str], heard: Heard) -> None:
        self.number = number
        self.ready = False
        self.cell: PlannedCell | None = None
        root = str(Path(graphexec.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, root],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(environment),
        )  # fmt: skip
        self.send(order)
        threading.Thread(target=self._listen, args=(heard,), daemon=True).start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the process something; one that has just died hears nothing, which its end will show."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(line(message))
                self._process.stdin.flush()

    def end(self) -> str:
        """Kill the process if it is still there, and say how it ended."""
        self._process.kill()
        status = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not sent yet
                    stream.close()
        return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process.poll() is not None

    def _listen(self, heard: Heard) -> None:
        if self._process.stdout is not None:
            for text in self._process.stdout:
                if not text.endswith(b"\n"):  # it was killed while it wrote
                    break
                heard.put((self.number, json.loads(text)))
        heard.put((self.number, None))


Heard = SimpleQueue[tuple[int, "dict[str, Any] | None"]]


class Pool:
    """The workers of a sweep. `orders` has the first message for each, which tells it its Session."""

    def __init__(
        self, plan: SweepPlan, scheduling: Scheduling, staging: Path, orders: list[Mapping[str, Any]],
        tell: SweepListener, cancel: Cancel,
    ) -> None:  # fmt: skip
        self._plan, self._scheduling, self._staging, self._orders = plan, scheduling, staging, orders
        self._tell, self._cancel = tell, cancel
        self._heard: Heard = SimpleQueue()
        self._workers: dict[int, Worker] = {}
        self._losses: dict[int, int] = {}

    def outcomes(self) -> Iterator[CellOutcome]:
        """Run all cells and yield what came of each as it ends. Raises Interrupted, and UsageError for a bad start."""
        try:
            for number in range(min(len(self._orders), len(self._scheduling))):
                self._start(number)
            while self._scheduling or any(worker.cell for worker in self._workers.values()):
                self._cancel.check()
                self._give_cells()
                try:
                    number, message = self._heard.get(timeout=_TICK)
                except Empty:
                    continue
                outcome = self._died(number) if message is None else self._told(number, message)
                if outcome is not None:
                    yield outcome
        finally:
            self._stop()

    def _start(self, number: int) -> None:
        order = self._orders[number]
        threads = order["session"]["threads"]
        environment = {**os.environ, **({"OMP_NUM_THREADS": str(threads)} if threads else {})}
        self._workers[number] = Worker(number, order, environment, self._heard)

    def _give_cells(self) -> None:
        for worker in self._workers.values():
            if not worker.ready or worker.cell is not None:
                continue
            planned = self._scheduling.take(worker.number)
            if planned is not None:
                cell = planned.cell.number
                worker.cell = planned
                changes = change_fields(self._plan.changes(planned.cell))
                worker.send({"cell": cell, "changes": changes, "staging": str(self._staging / str(cell))})
                self._tell(SweepEvent("cell_started", cell))

    def _told(self, number: int, message: Mapping[str, Any]) -> CellOutcome | None:
        worker = self._workers[number]
        if "fatal" in message:
            raise UsageError(f"a worker cannot start: {message['fatal']}")
        if "ready" in message:
            worker.ready = True
        elif "event" in message:
            event = event_of(message["event"])
            if event.kind in ("node_finished", "node_reused") and event.node is not None:
                self._scheduling.step_done(message["cell"], event.node)
            self._tell(SweepEvent("cell_event", message["cell"], event))
        else:
            worker.cell = None
            self._scheduling.ended(message["cell"])
            return outcome_of(message["outcome"])
        return None

    def _died(self, number: int) -> CellOutcome | None:
        """Replace a worker that has ended; its cell is lost, and tried again once."""
        worker = self._workers[number]
        how = worker.end()
        if not worker.ready:
            raise UsageError(f"a worker ended before it was ready ({how})")
        lost = worker.cell
        outcome: CellOutcome | None = None
        if lost is not None:
            cell = lost.cell.number
            losses = self._losses[cell] = self._losses.get(cell, 0) + 1
            self._scheduling.lost(cell, again=losses < TRIES)
            if losses >= TRIES:
                outcome = CellOutcome(cell, error=f"its worker process died {losses} times ({how})")
        self._start(number)
        return outcome

    def _stop(self) -> None:
        """Ask all workers to stop, and kill those that do not."""
        for worker in self._workers.values():
            worker.send({"stop": "the sweep has ended"})
        ends = time.monotonic() + GRACE
        while time.monotonic() < ends and not all(worker.has_ended for worker in self._workers.values()):
            time.sleep(_TICK / 5)
        for worker in self._workers.values():
            worker.end()
