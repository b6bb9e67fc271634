"""Runs of workflow files: settings, findings, events, the paths of what was written, and what went wrong."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphexec.cli.failures import failure_text
from graphexec.cli.findings import show_findings
from graphexec.cli.graphs import build_graph
from graphexec.cli.policies import policy_line
from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status, message_of, status_of
from graphexec.cli.stopping import Stopping
from graphexec.cli.terminal import foreign_code, path_line, result, say
from graphexec.cli.workflows import once, resolve_argument
from graphexec.diagnostics.sanitize import visible
from graphexec.errors import Drifted, GraphexecError, Interrupted, InvalidWorkflow, RunFailed, UsageError
from graphexec.execute.cancel import Cancel

if TYPE_CHECKING:
    from graphexec.api import Changes, Session
    from graphexec.cli.ndjson import EventLines
    from graphexec.config import Settings
    from graphexec.execute.events import Event, Listener
    from graphexec.execute.result import Result
    from graphexec.graph.model import Graph


@dataclass(frozen=True, slots=True)
class Way:
    """How to run: as the lock says, with events as JSON, tracebacks of failures; `report` is where run.json goes."""

    as_json: bool = False
    debug: bool = False
    frozen: bool = False
    report: str | None = None


def run_files(files: Sequence[str], given: Mapping[str, Any], changes: Changes, way: Way) -> Status:
    """Run workflows one after another; one that has errors or fails does not keep the others from running.

    Returns the status of the worst of them. An interruption or the deadline ends them all.
    """
    if way.report is not None and len(once(files)) > 1:
        raise UsageError("--report takes the report of one workflow: run them one by one")
    started = time.monotonic()
    worst = Status.DONE
    told = None
    with Sessions() as sessions:
        for file in once(files):
            settings = settings_for(file, given)
            events = _event_lines(file) if way.as_json else None
            try:
                session = sessions.of(settings)
                if session.policy != told and sys.stderr.isatty():
                    say(policy_line(session.policy))
                told = session.policy
                path = resolve_argument(file)
                graph = _graph(path, session, changes, events, frozen=way.frozen)
                _run(graph, settings, session, events, started, way.report)
            except (InvalidWorkflow, Drifted, RunFailed, Interrupted) as error:
                tell(error, events, way.debug)
                worst = max(worst, status_of(error))
                if isinstance(error, Interrupted):
                    break
    return worst


def _graph(path: str, session: Session, changes: Changes, events: EventLines | None, *, frozen: bool) -> Graph:
    """Return the checked graph of a file; a frozen one is as the lock says, changes included."""
    if frozen:
        from graphexec.proof.frozen import locked_changes, require_unchanged

        changes = changes or locked_changes(path)
    graph = build_graph(session, path, changes, events.diagnostics if events is not None else None)
    if frozen:
        _show(require_unchanged(path, graph, session), events)
    return graph


def _run(
    graph: Graph, settings: Settings, session: Session, events: EventLines | None, started: float, report: str | None
) -> None:
    cancel = Cancel(settings.deadline, started)
    outcome: Result | None = None
    try:
        with listening(events) as listener, Stopping(cancel), foreign_code():
            outcome = session.run(
                graph, listener=listener, cancel=cancel, name=settings.name, previews=settings.previews
            )
    except (RunFailed, Interrupted) as error:
        outcome = error.result
        raise
    finally:
        if outcome is not None and events is None:
            for file in outcome.files:
                result(path_line(file))
            sys.stdout.flush()
        if outcome is not None and report is not None:
            _write_report(outcome, report)


def _write_report(outcome: Result, path: str) -> None:
    from graphexec.report.run_json import to_json

    try:
        Path(path).write_text(to_json(outcome.report), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the report {path!r} cannot be written: {error.strerror or error}") from error


@contextmanager
def listening(events: EventLines | None) -> Iterator[Listener | None]:
    """Open what shows events: NDJSON on standard output, bars on a terminal, or only warnings."""
    bars: AbstractContextManager[Listener] = nullcontext(_say_warnings)
    if sys.stderr.isatty():
        from graphexec.cli.progress import ProgressBars

        bars = ProgressBars()
    with bars as shown:
        yield shown if events is None else _both(events, shown)


def _both(first: Listener, second: Listener) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        first(event)
        second(event)

    return tell


def _say_warnings(event: Event) -> None:
    if event.kind == "warning":
        where = f"node {event.node} ({event.node_type}): " if event.node is not None else ""
        say(visible(f"warning: {where}{event.message}"))


def _event_lines(file: str) -> EventLines:
    from graphexec.cli.ndjson import EventLines

    return EventLines(file)


def _show(findings: Sequence[Any], events: EventLines | None) -> None:
    if events is not None:
        events.diagnostics(findings)
    else:
        show_findings(findings)


def tell(error: GraphexecError, events: EventLines | None, debug: bool) -> None:
    """Say what kept a workflow from being done: its findings, the nodes that failed, or why the run was stopped."""
    match error:
        case InvalidWorkflow() | Drifted():
            _show(error.diagnostics, events)
        case RunFailed():
            for failure in error.result.failures:
                say(failure_text(failure, debug=debug))
        case _:
            say(message_of(error))
