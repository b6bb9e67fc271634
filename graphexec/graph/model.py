"""The checked DAG: what `graph.build` makes of a Document and a Registry, and what `plan` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from graphexec.document.model import Document
from graphexec.registry.spec import NodeSpec


@dataclass(frozen=True, slots=True)
class Edge:
    """A resolved link: output `slot` of node `node`."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node with its spec. `params` are checked literals, `links` are inputs that come from other nodes.

    `links` of a pack's node may hold undeclared names: they are dependencies and reach the function as keyword
    arguments, as in ComfyUI. Other undeclared inputs are dropped (with a warning).
    """

    id: str
    spec: NodeSpec
    params: Mapping[str, Any]
    links: Mapping[str, Edge]
    continuation: Literal["exact"] | None = None
    """How a sampler takes part in a chain of stages: exactly, or as ComfyUI does (None)."""


@dataclass(frozen=True, slots=True)
class GraphTarget:
    """A node to compute; `slot` None means all its outputs (and its artifacts)."""

    node: str
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """A valid DAG. `nodes` is in file order; `order` is topological, depth first towards the targets (`graph.order`).

    `targets` are those asked for, else those of the file, else all output nodes.
    """

    document: Document
    nodes: Mapping[str, GraphNode]
    order: tuple[str, ...]
    targets: tuple[GraphTarget, ...]
