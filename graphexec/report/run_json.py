"""The content of run.json: what ran and what was reused, with seeds, model files, versions, times and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from graphexec.execute.result import Result
from graphexec.graph.identity import graph_digest
from graphexec.graph.model import Graph
from graphexec.hashing import digest_bytes
from graphexec.ports import Policy
from graphexec.report.place import PlacedFile
from graphexec.report.seeds import seeds
from graphexec.report.versions import versions

Status: TypeAlias = Literal["executed", "reused", "failed", "blocked", "not run"]

SCHEMA = 1
"""Raised when a field changes its meaning or goes away."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NodeRecord(_Record):
    """One node of the run. `seconds` is None for what did not run.

    `steps_reused` are sampler steps that were not made again, because an earlier run had left their result.
    """

    id: str
    type: str
    status: Status
    seconds: float | None = None
    message: str | None = None
    steps_reused: int | None = None


class ModelRecord(_Record):
    """A model or input file that a node named: `digest` is the BLAKE3 of its content, None when it was not read."""

    node: str
    input: str
    name: str
    digest: str | None = None


class FileRecord(_Record):
    """A file that holds a result: `digest` is the BLAKE3 of the file, `content` that of the file without metadata.

    `content` is None for files too large to hold.
    """

    path: str
    node: str
    media_type: str
    digest: str
    content: str | None = None
    unchanged: bool


class RunReport(_Record):
    """A run. `graph` is the digest of what the workflow means.

    Seeds are the inputs that editors offer to vary, by `node.input`; times are ISO 8601 with zone.
    """

    schema_version: int = SCHEMA
    workflow: str
    graph: str
    started: str
    seconds: float
    policy: Mapping[str, str | int | None]
    nodes: tuple[NodeRecord, ...]
    seeds: Mapping[str, int]
    models: tuple[ModelRecord, ...]
    files: tuple[FileRecord, ...]
    versions: Mapping[str, str]


def models(graph: Graph, digests: Mapping[tuple[str, str], str]) -> tuple[ModelRecord, ...]:
    """Return the files that literals of a graph name; `digests` by (folder, name)."""
    return tuple(
        ModelRecord(node=node.id, input=spec.name, name=name, digest=digests.get((spec.folder, name)))
        for node in graph.nodes.values()
        for spec in node.spec.inputs
        if spec.folder is not None and isinstance(name := node.params.get(spec.name), str) and name not in spec.choices
    )


def file_records(files: Iterable[PlacedFile]) -> tuple[FileRecord, ...]:
    """Return the records of placed files; reads each for its digest."""
    return tuple(
        FileRecord(
            path=str(file.path),
            node=file.node,
            media_type=file.media_type,
            digest=digest_bytes(file.path.read_bytes()),
            content=file.content,
            unchanged=file.unchanged,
        )
        for file in files
    )


def describe(
    graph: Graph,
    result: Result,
    *,
    policy: Policy,
    started: datetime,
    seconds: float,
    times: Mapping[str, float],
    digests: Mapping[tuple[str, str], str],
    files: Iterable[PlacedFile],
) -> RunReport:
    """Return the report of a run. `times` are seconds by node id, `digests` those of files by (folder, name)."""
    return RunReport(
        workflow=graph.document.source.name,
        graph=graph_digest(graph),
        started=started.astimezone().isoformat(),
        seconds=seconds,
        policy=asdict(policy),
        nodes=node_records(graph, result, times),
        seeds=seeds(graph),
        models=models(graph, digests),
        files=file_records(files),
        versions=versions(),
    )


def node_records(graph: Graph, result: Result, times: Mapping[str, float]) -> tuple[NodeRecord, ...]:
    """Return what became of each node of the graph, in topological order."""
    statuses: dict[str, Status] = dict.fromkeys(result.executed, "executed")
    statuses |= dict.fromkeys(result.reused, "reused")
    statuses |= dict.fromkeys(result.blocked, "blocked")
    messages = {failure.node: failure.message for failure in result.failures}
    statuses |= dict.fromkeys(messages, "failed")
    return tuple(
        NodeRecord(
            id=id,
            type=graph.nodes[id].spec.type,
            status=statuses.get(id, "not run"),
            seconds=times.get(id),
            message=messages.get(id),
            steps_reused=result.steps_reused.get(id),
        )
        for id in graph.order
    )


def to_json(report: RunReport) -> str:
    """Return the text of run.json."""
    return report.model_dump_json(indent=2) + "\n"
