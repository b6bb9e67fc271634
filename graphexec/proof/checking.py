"""The check of a workflow in a test: rendered with the test's own changes, compared, or accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from graphexec.api import Changes, Session
from graphexec.document.model import Source
from graphexec.errors import GraphexecError, RunFailed
from graphexec.execute.result import Result
from graphexec.proof import locking
from graphexec.proof.facts import facts_of
from graphexec.proof.levels import level_of
from graphexec.proof.model import Lock, Tolerance
from graphexec.proof.outputs import outputs_of
from graphexec.proof.reading import read_lock
from graphexec.proof.sentences import name_of, sentence
from graphexec.proof.verification import Verdict, judge


class Disagreement(GraphexecError):
    """The workflow could not be rendered, or does not agree with its lock; the message says all of it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a test asks for. `tolerance` replaces fields of the tolerances in the lock, and is not written there."""

    file: str
    lock: Path
    changes: Changes
    level: str | None
    tolerance: Mapping[str, Any]


def check(wanted: Wanted, session: Session, output: Path, *, update: bool) -> Result:
    """Render a workflow below `output` and compare; with `update` write its lock instead. Raises Disagreement."""
    try:
        graph = locking.build(session, wanted.file, wanted.changes)
        result = session.run(graph, output=output)
        facts, outputs = facts_of(graph, session), outputs_of(result, graph)
        if update:
            before = read_lock(wanted.lock)[0] if wanted.lock.exists() else None
            made = locking.make_lock(
                wanted.file,
                locking.changes_record(wanted.changes, graph),
                facts,
                outputs,
                locking.tolerances_of(before),
                Tolerance(),
            )
            locking.write_lock(wanted.lock, made, outputs, before)
            return result
        lock, source = _lock(wanted)
        verdict = judge(wanted.file, _tolerant(lock, wanted.tolerance), source, facts, outputs, level_of(wanted.level))
    except RunFailed as error:
        failures = "\n".join(f"node {f.node} ({f.node_type}) failed: {f.message}" for f in error.result.failures)
        raise Disagreement(failures) from error
    except GraphexecError as error:
        raise Disagreement(str(error)) from error
    if verdict.outcome != "passed":
        raise Disagreement(_told(verdict))
    return result


def _lock(wanted: Wanted) -> tuple[Lock, Source]:
    if not wanted.lock.exists():
        raise Disagreement(f"there is no lock {wanted.lock}: pytest --graphexec-update writes it")
    return read_lock(wanted.lock)


def _tolerant(lock: Lock, tolerance: Mapping[str, Any]) -> Lock:
    """Return the lock with fields of all its tolerances replaced."""
    try:
        outputs = [
            o.model_copy(update={"tolerance": Tolerance.model_validate({**o.tolerance.model_dump(), **tolerance})})
            for o in lock.outputs
        ]
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Disagreement(f"the tolerance of the workflow marker: {wrong}") from None
    return lock.model_copy(update={"outputs": outputs})


def _told(verdict: Verdict) -> str:
    lines = [f"{verdict.file} does not agree with its lock (pytest --graphexec-update accepts what it renders now)"]
    lines += [str(finding) for finding in verdict.drift]
    lines += [f"{name_of(c)}: {'ok' if c.passed else 'FAILED'}: {sentence(c)}" for c in verdict.comparisons]
    return "\n".join(lines)
