"""Frozen runs: a workflow that runs only if nothing has drifted from its lock."""

from __future__ import annotations

from graphexec.api import Changes, Session
from graphexec.diagnostics.model import Diagnostic
from graphexec.errors import Drifted
from graphexec.graph.model import Graph
from graphexec.proof.drift import drift, has_errors
from graphexec.proof.facts import facts_of
from graphexec.proof.locking import recorded_changes
from graphexec.proof.reading import lock_path, read_lock


def locked_changes(workflow: str) -> Changes:
    """Return the changes that a workflow was locked with. Raises InvalidWorkflow without a readable lock."""
    return recorded_changes(read_lock(lock_path(workflow))[0])


def require_unchanged(workflow: str, graph: Graph, session: Session) -> list[Diagnostic]:
    """Return drift that is no error.

    Raises Drifted with all of it when some is, and InvalidWorkflow without a readable lock.
    """
    lock, source = read_lock(lock_path(workflow))
    findings = drift(lock, facts_of(graph, session), source)
    if has_errors(findings):
        raise Drifted(findings)
    return findings
