"""The identity of a graph: a digest of what it means, whatever its nodes are called and wherever they stand.

A node is described twice, as in colour refinement of a DAG: from below by its type, its literals and what it is
linked to (R. C. Merkle, 1987), and then from above by who uses which of its outputs. The graph is the multiset of
these descriptions. So two nodes that would compute the same are told from one node that is used twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from graphexec.graph.model import Graph, GraphTarget
from graphexec.hashing import digest

EXTENSIONS = "graphexec"
"""The entry of a node's metadata whose fields are settings of graphexec: they may change what a node computes."""


Output: TypeAlias = "tuple[str, int | str]"
"""A node, and the index of one of its outputs (the name, where nobody knows the index)."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a node is, but for its name: `settings` are graphexec's own fields of a node in a file."""

    type: str
    literals: Mapping[str, Any]
    links: Mapping[str, Output]
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def graph_digest(graph: Graph) -> str:
    """Return the digest of what a graph means (64 hexadecimal characters).

    Node types, literals as the nodes get them, links by structure, the settings of nodes, the targets and how often
    each thing is there count; ids, titles, order, layout, versions of node types and literals that no input takes do
    not. Nodes that no target needs count too: a conversion must not lose them.
    """
    return structure_digest(contents(graph), graph.order, graph.targets)


def contents(graph: Graph) -> dict[str, Content]:
    """Return what each node of a graph is, by id."""
    declared = graph.document.nodes
    return {
        id: Content(
            node.spec.type,
            node.params,
            {name: (edge.node, edge.slot) for name, edge in node.links.items()},
            declared[id].meta.get(EXTENSIONS) or {},
        )
        for id, node in graph.nodes.items()
    }


def structure_digest(nodes: Mapping[str, Content], order: Sequence[str], targets: Iterable[GraphTarget]) -> str:
    """Return the digest of some nodes; `order` has all of them, each after those that it is linked to.

    A link to none of them, or backwards in a cycle, counts by the name of the node that it names.
    """
    described: list[Any] = sorted(descriptions(nodes, order, targets, node_digests(nodes, order)).values())
    return digest("graph", described)


def node_digests(nodes: Mapping[str, Content], order: Iterable[str]) -> dict[str, str]:
    """Return a digest of each node with all that is upstream of it: equal for nodes that compute the same."""
    result: dict[str, str] = {}
    for id in order:
        node = nodes[id]
        links: dict[str, Any] = {name: [result.get(from_, from_), slot] for name, (from_, slot) in node.links.items()}
        result[id] = digest("node", [node.type, node.literals, links, node.settings])
    return result


def descriptions(
    nodes: Mapping[str, Content], order: Sequence[str], targets: Iterable[GraphTarget], below: Mapping[str, str]
) -> dict[str, str]:
    """Return a digest of each node with what is upstream of it (`below`) and who uses it, down to the targets."""
    wanted: dict[str, list[Any]] = {}
    for target in targets:
        wanted.setdefault(target.node, []).append(-1 if target.slot is None else target.slot)
    uses: dict[str, list[Any]] = {}
    result: dict[str, str] = {}
    for id in reversed(order):
        result[id] = digest("use", [below[id], sorted(wanted.get(id, ())), sorted(uses.pop(id, ()))])
        for name, (origin, slot) in nodes[id].links.items():
            uses.setdefault(origin, []).append((result[id], name, slot))
    return result
