"""The making of locks: a render, measured and recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from graphexec.api import Changes, Session
from graphexec.document.command_line import CommandLineText
from graphexec.document.model import Target
from graphexec.errors import InvalidWorkflow
from graphexec.execute.cancel import Cancel
from graphexec.execute.events import Listener
from graphexec.graph.model import Graph
from graphexec.proof.facts import Facts, file_records
from graphexec.proof.kept import kept_directory, kept_names, remove_stale, write_whole
from graphexec.proof.model import ChangesRecord, Level, Lock, OutputRecord, Tolerance
from graphexec.proof.outputs import Output, fingerprint_of, outputs_of, values_digest, values_of
from graphexec.proof.writing import lock_text


def render(
    session: Session, graph: Graph, listener: Listener | None = None, cancel: Cancel | None = None
) -> list[Output]:
    """Run a graph into a temporary directory and return what it makes. Raises RunFailed and Interrupted."""
    with tempfile.TemporaryDirectory(prefix="graphexec-") as scratch:
        return outputs_of(session.run(graph, listener=listener, cancel=cancel, output=scratch), graph)


def build(session: Session, workflow: str, changes: Changes) -> Graph:
    """Return the checked graph of a workflow file. Raises InvalidWorkflow."""
    graph, findings = session.build(workflow, **changes)
    if graph is None:
        raise InvalidWorkflow(findings)
    return graph


def make_lock(
    workflow: str,
    changes: ChangesRecord,
    facts: Facts,
    outputs: list[Output],
    tolerances: Mapping[tuple[str, int], Tolerance],
    tolerance: Tolerance,
) -> Lock:
    """Return the lock of a render. `tolerances` are those to keep, by node and number; others get `tolerance`."""
    names = kept_names(outputs)
    return Lock(
        graphexec_lock=1,
        workflow=Path(workflow).name,
        graph=facts.graph,
        changes=changes,
        policy=facts.policy,
        versions=facts.versions,
        types=facts.types,
        nodes=facts.nodes,
        files=file_records(facts.files),
        outputs=[
            _record(o, names.get((o.node, o.index)), tolerances.get((o.node, o.index), tolerance)) for o in outputs
        ],
    )


def _record(output: Output, expected: str | None, tolerance: Tolerance) -> OutputRecord:
    values = values_of(output.media_type, output.content)
    return OutputRecord(
        node=output.node,
        index=output.index,
        type=output.type,
        media_type=output.media_type,
        width=output.width,
        height=output.height,
        bytes=output.bytes,
        blake3=output.digest,
        values=None if values is None else values_digest(values),
        fingerprint=fingerprint_of(output.media_type, values),
        expected=expected,
        tolerance=tolerance,
    )


def write_lock(path: Path, lock: Lock, outputs: list[Output], before: Lock | None = None) -> None:
    """Write the expected files and then the lock that names them; then remove what only the lock before named."""
    contents = {(o.node, o.index): o.content for o in outputs}
    for record in lock.outputs:
        content = contents[record.node, record.index]
        if record.expected is not None and content is not None:
            write_whole(kept_directory(path) / record.expected, content)
    write_whole(path, lock_text(lock).encode())
    remove_stale(path, before.outputs if before else (), lock.outputs)


def tolerances_of(lock: Lock | None, level: Level | None = None) -> dict[tuple[str, int], Tolerance]:
    """Return the tolerances of a lock by node and number, at another level if one is given."""
    change = {} if level is None else {"level": level}
    return {} if lock is None else {(o.node, o.index): o.tolerance.model_copy(update=change) for o in lock.outputs}


def changes_record(changes: Changes, graph: Graph) -> ChangesRecord:
    """Return changes as a lock holds them: texts of the command line become values of the parameter's type."""
    targets = changes.get("targets")
    types = {name: parameter.type for name, parameter in graph.document.parameters.items()}
    return ChangesRecord(
        set=dict(changes.get("set") or {}),
        params={
            name: value.of_type(types[name]) if isinstance(value, CommandLineText) else value
            for name, value in (changes.get("params") or {}).items()
        },
        seed=changes.get("seed"),
        targets=None if targets is None else [_target(t) for t in targets],
    )


def recorded_changes(lock: Lock) -> Changes:
    """Return the changes that a lock was made with, as arguments of `Session.build`."""
    record, changes = lock.changes, Changes()
    if record.set:
        changes["set"] = record.set
    if record.params:
        changes["params"] = record.params
    if record.seed is not None:
        changes["seed"] = record.seed
    if record.targets is not None:
        changes["targets"] = record.targets
    return changes


def _target(target: str | Target) -> str:
    if isinstance(target, str):
        return target
    return target.node if target.output is None else f"{target.node}:{target.output}"
