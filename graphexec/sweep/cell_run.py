"""The run of one cell into a staging directory: what both this process and a worker do."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from graphexec.errors import InvalidWorkflow, RunFailed

if TYPE_CHECKING:
    from graphexec.api import Changes, Session
    from graphexec.document.model import Document
    from graphexec.execute.cancel import Cancel
    from graphexec.execute.events import Event, Listener
    from graphexec.execute.result import Failure
    from graphexec.sweep.batches import Batched


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What a cell left behind: its files in the staging directory as (path, node), or why it failed."""

    number: int
    files: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    executed: int = 0
    reused: int = 0
    error: str | None = None


def run_cell(
    session: Session, document: Document, number: int, changes: Changes, staging: Path, previews: bool,
    listener: Listener, cancel: Cancel, batched: Batched,
) -> CellOutcome:  # fmt: skip
    """Run a cell; its files go to `staging`, which is made anew. A failure of a node is in the outcome.

    Raises Interrupted and DeadlineExceeded.
    """
    shutil.rmtree(staging, ignore_errors=True)
    written: list[tuple[str, str]] = []

    def listen(event: Event) -> None:
        if event.kind == "file_written":
            written.append((str(event.data["path"]), event.node or ""))
        listener(event)

    started = perf_counter()
    error: str | None = None
    try:
        graph, findings = session.build(document, **changes)
        if graph is None:  # it was checked before: a file went away meanwhile
            raise InvalidWorkflow(findings)
        graph = batched.graph(graph, number)
        result = session.run(graph, listener=listen, cancel=cancel, previews=previews, output=staging)
        executed, reused = len(result.executed), len(result.reused)
    except RunFailed as failed:
        executed, reused = len(failed.result.executed), len(failed.result.reused)
        error = _told(failed.result.failures)
    except InvalidWorkflow as invalid:
        executed = reused = 0
        error = str(invalid)
    return CellOutcome(number, tuple(written), perf_counter() - started, executed, reused, error)


def _told(failures: Iterable[Failure]) -> str:
    return "; ".join(f"node {failure.node} ({failure.node_type}) failed: {failure.message}" for failure in failures)
