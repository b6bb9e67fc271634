"""Locking of workflow files: rendered one after another, and the paths of the locks printed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.cli.graphs import build_graph
from graphexec.cli.runs import listening, tell
from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status, status_of
from graphexec.cli.stopping import Stopping
from graphexec.cli.terminal import foreign_code, path_line, result
from graphexec.cli.workflows import STDIN, resolve_argument
from graphexec.errors import Interrupted, InvalidWorkflow, RunFailed, UsageError
from graphexec.execute.cancel import Cancel

if TYPE_CHECKING:
    from pathlib import Path

    from graphexec.api import Changes, Session
    from graphexec.config import Settings


def lock_files(files: Sequence[str], given: Mapping[str, Any], changes: Changes, level: str | None) -> Status:
    """Lock workflows; one that has errors or fails does not keep the others from it. Returns the worst status."""
    started = time.monotonic()
    worst = Status.DONE
    with Sessions() as sessions:
        for file in named(files):
            settings = settings_for(file, given)
            try:
                path = _lock(resolve_argument(file), sessions.of(settings), settings, changes, level, started)
                result(path_line(str(path)))
            except (InvalidWorkflow, RunFailed, Interrupted) as error:
                tell(error, None, debug=False)
                worst = max(worst, status_of(error))
                if isinstance(error, Interrupted):
                    break
    return worst


def named(files: Sequence[str]) -> Sequence[str]:
    """Return the FILE arguments. Raises UsageError for standard input, which has no place for a lock beside it."""
    if STDIN in files:
        raise UsageError("standard input ('-') has no lock file: save the workflow first")
    return files


def _lock(file: str, session: Session, settings: Settings, changes: Changes, level: str | None, started: float) -> Path:
    from graphexec.proof import locking
    from graphexec.proof.facts import facts_of
    from graphexec.proof.levels import level_of
    from graphexec.proof.model import Tolerance
    from graphexec.proof.reading import lock_path, read_lock

    wanted = level_of(level)
    path = lock_path(file)
    before = read_lock(path)[0] if path.exists() else None
    graph = build_graph(session, file, changes)
    cancel = Cancel(settings.deadline, started)
    with listening(None) as listener, Stopping(cancel), foreign_code():
        outputs = locking.render(session, graph, listener, cancel)
    made = locking.make_lock(
        file,
        locking.changes_record(changes, graph),
        facts_of(graph, session),
        outputs,
        locking.tolerances_of(before, wanted),
        Tolerance() if wanted is None else Tolerance(level=wanted),
    )
    locking.write_lock(path, made, outputs, before)
    return path
