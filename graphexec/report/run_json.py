"""The content of run.json: what ran and what was reused, with seeds, model files, versions, times and outputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, TypeAlias, TypedDict

from graphexec.execute.result import Result
from graphexec.graph.identity import graph_digest
from graphexec.graph.model import Graph
from graphexec.hashing import digest_file
from graphexec.ports import Policy
from graphexec.report.place import PlacedFile
from graphexec.report.seeds import seeds
from graphexec.report.versions import versions

Outcome: TypeAlias = Literal["done", "failed", "interrupted", "deadline"]
Status: TypeAlias = Literal["executed", "reused", "failed", "blocked", "not run"]

SCHEMA = 1
"""Raised when a field changes its meaning or goes away."""


class NodeRecord(TypedDict):
    """One node of the run. `seconds` is None for what did not run.

    `steps_reused` are sampler steps that were not made again, because an earlier run had left their result.
    """

    id: str
    type: str
    status: Status
    seconds: float | None
    message: str | None
    steps_reused: int | None


class ModelRecord(TypedDict):
    """A model or input file that a node named: `digest` is the BLAKE3 of its content, None when it was not read."""

    node: str
    input: str
    name: str
    digest: str | None


class FileRecord(TypedDict):
    """A file that holds a result: `digest` is the BLAKE3 of the file, `content` that of the file without metadata.

    `content` is None for files too large to hold.
    """

    path: str
    node: str
    media_type: str
    digest: str
    content: str | None
    unchanged: bool


class RunReport(TypedDict):
    """A run. `run` is its number in the journal, None without one; `graph` the digest of what the workflow means.

    `counts` are nodes by status. Seeds are the inputs that editors offer to vary, by `node.input`; times are ISO 8601
    with zone.
    """

    schema_version: int
    run: int | None
    status: Outcome
    workflow: str
    graph: str | None
    started: str
    seconds: float
    policy: Mapping[str, str | int | None]
    counts: Mapping[str, int]
    nodes: list[NodeRecord]
    seeds: Mapping[str, int]
    models: list[ModelRecord]
    files: list[FileRecord]
    versions: Mapping[str, str]


def models(graph: Graph, digests: Mapping[tuple[str, str], str]) -> list[ModelRecord]:
    """Return the files that literals of a graph name; `digests` by (folder, name)."""
    return [
        ModelRecord(node=node.id, input=spec.name, name=name, digest=digests.get((spec.folder, name)))
        for node in graph.nodes.values()
        for spec in node.spec.inputs
        if spec.folder is not None and isinstance(name := node.params.get(spec.name), str) and name not in spec.choices
    ]


def file_records(files: Iterable[PlacedFile]) -> list[FileRecord]:
    """Return the records of placed files; reads each for its digest."""
    return [
        FileRecord(
            path=str(file.path),
            node=file.node,
            media_type=file.media_type,
            digest=digest_file(file.path),
            content=file.content,
            unchanged=file.unchanged,
        )
        for file in files
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a run beside its graph and result. `digests` are those of files by (folder, name)."""

    status: Outcome
    policy: Policy
    started: datetime
    seconds: float
    digests: Mapping[tuple[str, str], str]
    files: tuple[PlacedFile, ...]
    run: int | None = None


def describe(graph: Graph, result: Result, told: Told, *, brief: bool = False) -> RunReport:
    """Return the report of a run; a brief one lists only nodes that failed, and leaves out the digest of the graph."""
    statuses = node_statuses(result)
    return RunReport(
        schema_version=SCHEMA,
        run=told.run,
        status=told.status,
        workflow=graph.document.source.name,
        graph=None if brief else graph_digest(graph),
        started=told.started.astimezone().isoformat(),
        seconds=told.seconds,
        policy=asdict(told.policy),
        counts=dict(Counter(statuses.get(id, "not run") for id in graph.order)),
        nodes=node_records(graph, result, [f.node for f in result.failures] if brief else graph.order, statuses),
        seeds=seeds(graph),
        models=models(graph, told.digests),
        files=file_records(told.files),
        versions=versions(),
    )


def node_statuses(result: Result) -> dict[str, Status]:
    """Return what became of the nodes that the run came to."""
    statuses: dict[str, Status] = dict.fromkeys(result.executed, "executed")
    statuses |= dict.fromkeys(result.reused, "reused")
    statuses |= dict.fromkeys(result.blocked, "blocked")
    return statuses | dict.fromkeys((failure.node for failure in result.failures), "failed")


def node_records(graph: Graph, result: Result, ids: Sequence[str], statuses: Mapping[str, Status]) -> list[NodeRecord]:
    """Return the records of nodes of the graph."""
    messages = {failure.node: failure.message for failure in result.failures}
    return [
        NodeRecord(
            id=id,
            type=graph.nodes[id].spec.type,
            status=statuses.get(id, "not run"),
            seconds=result.seconds.get(id),
            message=messages.get(id),
            steps_reused=result.steps_reused.get(id),
        )
        for id in ids
        if id in graph.nodes
    ]


def to_json(report: Mapping[str, object]) -> str:
    """Return the text of run.json."""
    return json.dumps(report, indent=2) + "\n"
