"""The checked graph of a workflow file, its findings shown: what every verb that plans or runs begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphexec.cli.findings import show_findings
from graphexec.cli.terminal import foreign_code
from graphexec.errors import InvalidWorkflow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphexec.api import Changes, Session
    from graphexec.diagnostics.model import Diagnostic
    from graphexec.graph.model import Graph


def build_graph(
    session: Session, path: str, changes: Changes, tell: Callable[[Sequence[Diagnostic]], None] | None = None
) -> Graph:
    """Return the graph of a file. Raises InvalidWorkflow.

    Its findings go to `tell`, notes included; by default warnings are printed, and notes are for `check`.
    """
    with foreign_code():
        graph, findings = session.build(path, notes=tell is not None, **changes)
    if graph is None:
        raise InvalidWorkflow(findings)
    (tell or show_findings)(findings)
    return graph
