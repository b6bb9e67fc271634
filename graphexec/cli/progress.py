"""Progress on a terminal: one bar for the nodes of a run, one for the steps of the node that is running."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from graphexec.diagnostics.sanitize import visible

if TYPE_CHECKING:
    from graphexec.execute.events import Event


class ProgressBars:
    """A listener that draws on standard error, and clears what it drew when it closes."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            redirect_stdout=False,  # to this console, which is standard error
        )
        self._nodes: TaskID | None = None
        self._steps: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        match event.kind:
            case "run_started":
                self._start(event)
            case "node_started":
                self._begin(event)
            case "progress":
                self._step(event)
            case "node_finished" | "node_reused" | "node_blocked" | "node_failed":
                self._end()
            case "warning":
                self.console.print(f"warning: {_label(event)}{visible(event.message or '')}", markup=False)

    def _start(self, event: Event) -> None:
        if self._nodes is not None:
            self._bars.remove_task(self._nodes)
        self._nodes = self._bars.add_task("nodes", total=event.total)

    def _begin(self, event: Event) -> None:
        self._drop_steps()
        if self._nodes is not None:
            self._bars.update(self._nodes, description=escape(_name(event)))

    def _step(self, event: Event) -> None:
        if self._steps is None:
            self._steps = self._bars.add_task("steps", total=event.total)
        self._bars.update(self._steps, completed=event.done or 0, total=event.total)

    def _end(self) -> None:
        self._drop_steps()
        if self._nodes is not None:
            self._bars.advance(self._nodes)

    def _drop_steps(self) -> None:
        if self._steps is not None:
            self._bars.remove_task(self._steps)
            self._steps = None


def _name(event: Event) -> str:
    return visible(f"{event.node_type} ({event.node})" if event.node_type else str(event.node))


def _label(event: Event) -> str:
    return f"{_name(event)}: " if event.node is not None else ""
