"""Progress of a sweep on a terminal: a bar for its cells, and one for each cell that is running."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from graphexec.diagnostics.sanitize import visible

if TYPE_CHECKING:
    from graphexec.execute.events import Event
    from graphexec.sweep.events import SweepEvent


class SweepBars:
    """A listener that draws on standard error, and clears what it drew when it closes."""

    def __init__(self, cells: int) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=False,  # to this console, which is standard error
        )
        self._all = self._bars.add_task("cells", total=cells)
        self._running: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def __call__(self, event: SweepEvent) -> None:
        if event.kind == "cell_started" and event.cell not in self._running:
            self._running[event.cell] = self._bars.add_task(f"cell {event.cell}", total=None)
        elif event.event is not None:
            self._run(event.cell, event.event)
        elif event.record is not None:
            self._bars.advance(self._all)
            if task := self._running.pop(event.cell, None):
                self._bars.remove_task(task)

    def _run(self, cell: int, event: Event) -> None:
        task = self._running.get(cell)
        match event.kind:
            case "node_started" if task is not None:
                name = escape(visible(f"cell {cell}: {event.node_type} ({event.node})"))
                self._bars.reset(task, description=name, total=None)
            case "progress" if task is not None:
                self._bars.update(task, completed=event.done or 0, total=event.total)
            case "warning":
                told = f"warning: cell {cell}: node {event.node} ({event.node_type}): {event.message}"
                self._console.print(visible(told), markup=False)
