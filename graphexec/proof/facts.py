"""What goes into a render, as a lock records it: the workflow, its files, node versions, policy, libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from graphexec.api import Session
from graphexec.errors import NodeError
from graphexec.graph.identity import contents, graph_digest
from graphexec.graph.model import Graph, GraphNode
from graphexec.graph.prompts import embedding_names, reads_prompts
from graphexec.proof.model import FileRecord, NodeRecord
from graphexec.registry.named_files import named_files
from graphexec.report.versions import versions


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that the workflow names: `digest` is the BLAKE3 of its content, None when it cannot be read."""

    folder: str
    name: str
    path: Path | None
    bytes: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a render depends on."""

    graph: str
    policy: dict[str, str]
    versions: dict[str, str]
    types: dict[str, str]
    nodes: dict[str, NodeRecord]
    files: tuple[NamedFile, ...]


def facts_of(graph: Graph, session: Session) -> Facts:
    """Return what rendering a graph in a Session depends on. Reads the files that it names."""
    types = {node.spec.type: node.spec.version for node in graph.nodes.values()}
    nodes = {
        id: NodeRecord(
            type=node.type,
            inputs=dict(node.literals),
            links={name: f"{origin}:{slot}" for name, (origin, slot) in node.links.items()},
            settings=dict(node.settings),
        )
        for id, node in contents(graph).items()
    }
    resolved = asdict(session.policy).items()
    policy = {name: str(value) for name, value in resolved if value is not None and name != "torch"}  # in versions
    files = tuple(_file(folder, name, session) for folder, name in dict.fromkeys(_names(graph, session)))
    return Facts(graph_digest(graph), policy, versions(), dict(sorted(types.items())), nodes, files)


def file_records(files: tuple[NamedFile, ...]) -> list[FileRecord]:
    """Return the records of files; reads each once more, for its SHA-256. Files that are not there have none."""
    return [
        FileRecord(folder=f.folder, name=f.name, bytes=f.bytes, sha256=_sha256(f.path), blake3=f.digest)
        for f in files
        if f.path is not None and f.digest is not None
    ]


def _names(graph: Graph, session: Session) -> Iterator[tuple[str, str]]:
    """Yield (folder, name) of each file that a literal names. Names that arrive by link are known only in the run."""
    for node in graph.nodes.values():
        yield from _names_of(node, session)


def _names_of(node: GraphNode, session: Session) -> Iterator[tuple[str, str]]:
    for declared in node.spec.inputs:
        value = node.params.get(declared.name)
        if isinstance(value, str):
            yield from named_files(declared, value, session.files)
    if reads_prompts(node.spec.inputs):
        for text in node.params.values():
            if isinstance(text, str):
                yield from (("embeddings", name) for name in embedding_names(text))


def _file(folder: str, name: str, session: Session) -> NamedFile:
    try:
        path = session.files.input(name) if folder == "input" else session.files.model(folder, name)
        return NamedFile(folder, name, path, path.stat().st_size, session.content_digest(path))
    except (NodeError, OSError):
        return NamedFile(folder, name, None, 0, None)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
