"""The content of run.json: what ran and what was reused, with seeds, model files, versions, times and outputs."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from graphexec.graph.model import Graph
from graphexec.hashing import digest_bytes
from graphexec.report.place import PlacedFile

SCHEMA = 1
"""Raised when a field changes its meaning or goes away."""

PACKAGES = ("graphexec", "torch", "safetensors", "tokenizers", "torchsde", "numpy", "pillow", "scipy")
"""Distributions whose versions can change a result; asked by metadata, so none is imported."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NodeRecord(_Record):
    """One node of the run. `seconds` is None for what did not run."""

    id: str
    type: str
    status: Literal["executed", "reused", "failed", "blocked", "not run"]
    seconds: float | None = None
    message: str | None = None


class ModelRecord(_Record):
    """A model or input file that a node named: `digest` is the BLAKE3 of its content, None when it was not read."""

    node: str
    input: str
    name: str
    digest: str | None = None


class FileRecord(_Record):
    """A file that holds a result. `digest` is the BLAKE3 of the file, metadata included."""

    path: str
    node: str
    media_type: str
    digest: str
    unchanged: bool


class RunReport(_Record):
    """A run. Seeds are the inputs that editors offer to vary, by `node.input`; times are ISO 8601 with zone."""

    schema_version: int = SCHEMA
    workflow: str
    started: str
    seconds: float
    policy: Mapping[str, str]
    nodes: tuple[NodeRecord, ...]
    seeds: Mapping[str, int]
    models: tuple[ModelRecord, ...]
    files: tuple[FileRecord, ...]
    versions: Mapping[str, str]


def seeds(graph: Graph) -> dict[str, int]:
    """Return the literal seeds of a graph by `node.input`: inputs that the editor's 'control after generate' varies."""
    return {
        f"{node.id}.{spec.name}": node.params[spec.name]
        for node in graph.nodes.values()
        for spec in node.spec.inputs
        if spec.options.get("control_after_generate") and isinstance(node.params.get(spec.name), int)
    }


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
            unchanged=file.unchanged,
        )
        for file in files
    )


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Return the versions of Python, the system and the installed packages."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def to_json(report: RunReport) -> str:
    """Return the text of run.json."""
    return report.model_dump_json(indent=2) + "\n"


def as_mapping(report: RunReport) -> dict[str, Any]:
    """Return the report as plain values, as `Result.report` holds it."""
    return report.model_dump(mode="json")
