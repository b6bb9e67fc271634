"""The graph as networkx has it, for whatever needs more than an order: cycles, ancestry, the user's own.

networkx is imported in the bodies: most runs never need it (docs/adr/0001-networkx-on-demand.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.graph.model import Graph

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(graph: Graph) -> nx.MultiDiGraph[str]:
    """Return the graph with `type` on nodes, and `output` (index) and `input` (name) on edges, in file order."""
    import networkx as nx

    result: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in graph.nodes.values():
        result.add_node(node.id, type=node.spec.type)
    for node in graph.nodes.values():
        for name, edge in node.links.items():
            result.add_edge(edge.node, node.id, output=edge.slot, input=name)
    return result


def cycles(upstream: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Yield one shortest cycle of every strongly connected component, against no edge twice.

    A cycle is given in the direction of the data, from its first node in file order: each node feeds the next,
    and the last one feeds the first. Cycles come in file order too.
    """
    import networkx as nx

    rank = {node: index for index, node in enumerate(upstream)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((need, node) for node, needs in upstream.items() for need in needs)
    knots = [knot for knot in nx.strongly_connected_components(graph) if _is_cyclic(graph, knot)]
    for knot in sorted(knots, key=lambda knot: min(rank[node] for node in knot)):
        start = min(knot, key=rank.__getitem__)
        yield _shortest_cycle(graph.subgraph(knot), start)


def _is_cyclic(graph: nx.DiGraph[str], component: set[str]) -> bool:
    return len(component) > 1 or any(graph.has_edge(node, node) for node in component)


def _shortest_cycle(knot: Any, start: str) -> list[str]:
    import networkx as nx

    if knot.has_edge(start, start):
        return [start]
    lengths = nx.single_source_shortest_path_length(knot.reverse(copy=False), start)
    after = min(knot.successors(start), key=lengths.__getitem__)
    path: list[str] = nx.shortest_path(knot, after, start)
    return [start, *path[:-1]]
