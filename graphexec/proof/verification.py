"""The verification of a workflow file: rendered again and compared with its lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Literal, TypeAlias

from graphexec.api import Session
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.model import Source
from graphexec.errors import GraphexecError
from graphexec.execute.cancel import Cancel
from graphexec.execute.events import Listener
from graphexec.proof import locking
from graphexec.proof.comparison import Comparison, compare, missing, surplus
from graphexec.proof.drift import as_warnings, drift, has_errors
from graphexec.proof.facts import Facts, facts_of
from graphexec.proof.kept import read_kept
from graphexec.proof.model import Level, Lock, Tolerance
from graphexec.proof.outputs import Output

Outcome: TypeAlias = Literal["passed", "mismatch", "drift", "error"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying a file found. `error` is what kept it from being rendered; then nothing was compared.

    `drift` of what the workflow is (its nodes, files, node types) is an error, drift of what it runs on a warning:
    whether that matters is what the comparison tells.
    """

    file: str
    comparisons: tuple[Comparison, ...] = ()
    drift: tuple[Diagnostic, ...] = ()
    error: GraphexecError | None = None
    seconds: float = 0.0
    lock: Lock | None = None
    facts: Facts | None = None
    outputs: tuple[Output, ...] = field(default=(), repr=False)

    @property
    def outcome(self) -> Outcome:
        """What the file's verification comes to: drift is named before a mismatch, since it explains it."""
        if self.error is not None:
            return "error"
        if has_errors(self.drift):
            return "drift"
        return "passed" if all(c.passed for c in self.comparisons) else "mismatch"


def verify(
    file: str,
    lock: tuple[Lock, Source],
    session: Session,
    *,
    level: Level | None = None,
    listener: Listener | None = None,
    cancel: Cancel | None = None,
) -> Verdict:
    """Render a file with the changes that its lock records, and compare.

    `lock` is what `read_lock` returned; `level` replaces the levels that it demands. Raises InvalidWorkflow, RunFailed
    and Interrupted.
    """
    started = perf_counter()
    locked, source = lock
    graph = locking.build(session, file, locking.recorded_changes(locked))
    facts = facts_of(graph, session)
    outputs = locking.render(session, graph, listener, cancel)
    return replace(judge(file, locked, source, facts, outputs, level), seconds=perf_counter() - started)


def judge(
    file: str, lock: Lock, source: Source, facts: Facts, outputs: Sequence[Output], level: Level | None
) -> Verdict:
    """Return the verdict on what was rendered. `source` is the lock's text, whose name is its path."""
    return Verdict(
        file=file,
        comparisons=tuple(comparisons(lock, outputs, Path(source.name), level)),
        drift=tuple(as_warnings(drift(lock, facts, source))),
        lock=lock,
        facts=facts,
        outputs=tuple(outputs),
    )


def comparisons(lock: Lock, outputs: Sequence[Output], path: Path, level: Level | None) -> list[Comparison]:
    """Compare every output of a lock, and report those that came or went. `path` is that of the lock."""
    left = {(output.node, output.index): output for output in outputs}
    made: list[Comparison] = []
    for record in lock.outputs:
        output = left.pop((record.node, record.index), None)
        required = level or record.tolerance.level
        expected = read_kept(path, record)
        made.append(
            missing(record, required, expected) if output is None else compare(record, output, expected, required)
        )
    return made + [surplus(output, level or Tolerance().level) for output in left.values()]


def update_lock(verdict: Verdict, path: Path) -> None:
    """Write the lock anew from what a verification rendered; changes and tolerances stay as they were."""
    if verdict.lock is None or verdict.facts is None:
        raise ValueError("nothing was rendered")
    outputs, before = list(verdict.outputs), verdict.lock
    tolerances = locking.tolerances_of(before)
    made = locking.make_lock(before.workflow, before.changes, verdict.facts, outputs, tolerances, Tolerance())
    locking.write_lock(path, made, outputs, before)
