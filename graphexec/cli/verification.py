"""Verification of workflow files: rendered one after another, told, reported, and accepted with `--update`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphexec.cli.findings import show_findings
from graphexec.cli.locks import named
from graphexec.cli.runs import listening, tell
from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status, status_of
from graphexec.cli.stopping import Stopping
from graphexec.cli.terminal import foreign_code, result
from graphexec.cli.workflows import resolve_argument
from graphexec.config import Settings
from graphexec.diagnostics.sanitize import visible
from graphexec.errors import GraphexecError, Interrupted, InvalidWorkflow, RunFailed, UsageError
from graphexec.execute.cancel import Cancel
from graphexec.proof.kept import write_whole
from graphexec.proof.levels import level_of
from graphexec.proof.locked_policy import locked_words
from graphexec.proof.model import Level, Lock
from graphexec.proof.reading import lock_path, read_lock
from graphexec.proof.sentences import name_of, sentence
from graphexec.proof.verification import Verdict, update_lock, verify
from graphexec.store.location import OFF

if TYPE_CHECKING:
    from graphexec.api import Session
    from graphexec.document.model import Source

_STATUSES = {"passed": Status.DONE, "mismatch": Status.MISMATCH, "drift": Status.DRIFT}


def verify_files(
    files: Sequence[str],
    given: Mapping[str, Any],
    *,
    level: str | None,
    update: bool,
    junit: str | None,
    html: str | None,
) -> Status:
    """Verify workflows, whatever becomes of each, and write the reports. Returns the worst status."""
    wanted, started = level_of(level), time.monotonic()
    worst = Status.DONE
    verdicts: list[Verdict] = []
    with Sessions() as sessions:
        for file in named(files):
            verdict = _verify(file, given, sessions, wanted, started)
            verdicts.append(verdict)
            status = _status(verdict)
            if update and verdict.error is None:
                update_lock(verdict, lock_path(resolve_argument(file)))
                status = Status.DONE
            _show(verdict, updated=update)
            worst = max(worst, status)
            if isinstance(verdict.error, Interrupted):
                break
    _report(verdicts, junit, html)
    return worst


def _verify(file: str, given: Mapping[str, Any], sessions: Sessions, level: Level | None, started: float) -> Verdict:
    settings = settings_for(file, given)
    begun = time.monotonic()
    try:
        path = resolve_argument(file)
        lock = read_lock(lock_path(path))
        session = _session(sessions, settings, *lock)
        cancel = Cancel(settings.deadline, started)
        with listening(None) as listener, Stopping(cancel), foreign_code():
            verdict = verify(path, lock, session, level=level, listener=listener, cancel=cancel)
        return dataclasses.replace(verdict, file=file)
    except (InvalidWorkflow, RunFailed, Interrupted, UsageError) as error:  # such as a device that is not there
        return Verdict(file, error=error, seconds=time.monotonic() - begun)


def _session(sessions: Sessions, settings: Settings, lock: Lock, source: Source) -> Session:
    """Return a Session without a cache, and with the locked numeric policy where nobody asked for another."""
    words = locked_words(lock, source)
    unset: dict[str, Any] = {name: words[name] for name in words if settings.origin(name).layer == "default"}
    session = sessions.of(dataclasses.replace(settings, cache=OFF, **unset))
    try:
        _ = session.policy
    except UsageError as error:
        if "device" not in unset:
            raise
        raise UsageError(f"{error}; the lock was made there: --device auto renders on what is here") from None
    return session


def _status(verdict: Verdict) -> Status:
    if isinstance(verdict.error, GraphexecError):
        return status_of(verdict.error)
    return _STATUSES[verdict.outcome]


def _show(verdict: Verdict, *, updated: bool) -> None:
    """Print a line for each output, and what has drifted."""
    if verdict.error is not None:
        tell(verdict.error, None, debug=False)
        return
    show_findings(verdict.drift)
    for comparison in verdict.comparisons:
        mark = "ok" if comparison.passed else "updated" if updated else "FAILED"
        result(f"{visible(verdict.file)}: {name_of(comparison)}: {mark}: {sentence(comparison)}")


def _report(verdicts: Sequence[Verdict], junit: str | None, html: str | None) -> None:
    if junit is not None:
        from graphexec.proof.junit import junit as xml

        write_whole(Path(junit), xml(verdicts))
    if html is not None:
        from graphexec.proof.html.page import html_report

        write_whole(Path(html), html_report(verdicts).encode())
