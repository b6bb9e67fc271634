"""From graph to plan: what the targets need, each step's key, and what the cache makes superfluous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphexec.graph.model import Graph, GraphNode
from graphexec.plan.keys import Recipes
from graphexec.plan.model import Key, Known, Lookup, Plan, Step


def make_plan(graph: Graph, recipes: Recipes, lookup: Lookup) -> Plan:
    """Return the plan for the targets of a graph.

    A target is taken from the cache when it is there, and so is whatever an uncached step needs. Steps that
    always run do so when they are targets or needed; they are never taken from the cache.
    """
    needed = [graph.nodes[id] for id in _needed(graph)]
    keys: dict[str, Key] = {}
    for node in needed:
        keys[node.id] = recipes.early(node, keys)
    cached = _cached(graph, keys, lookup)
    strict, lazy = _wanted(graph, needed, cached)
    steps: list[Step] = []
    pruned: list[str] = []
    for node in needed:
        id = node.id
        if id in strict or id in lazy:
            steps.append(Step(node, keys[id], id in cached, lazy=id not in strict))
        else:
            pruned.append(id)
    return Plan(graph, tuple(steps), tuple(pruned), keys)


def _cached(graph: Graph, keys: Mapping[str, Key], lookup: Lookup) -> set[str]:
    """Return the nodes whose results are there, in few questions: first for the targets, which may be all it takes."""
    targets = {target.node for target in graph.targets}
    cached = _among(targets, keys, lookup)
    return cached if cached == targets else _among(keys, keys, lookup)


def _among(ids: Iterable[str], keys: Mapping[str, Key], lookup: Lookup) -> set[str]:
    digests = {id: key.digest for id in ids if isinstance(key := keys[id], Known)}
    there = lookup.known(digests.values())
    return {id for id, digest in digests.items() if digest in there}


def _needed(graph: Graph) -> Sequence[str]:
    """Return the targets and everything that they depend on, lazily or not: the order begins with these."""
    targets = {target.node for target in graph.targets}
    for count, id in enumerate(graph.order):
        if not targets:
            return graph.order[:count]
        targets.discard(id)
    return graph.order


def _wanted(graph: Graph, needed: Sequence[GraphNode], cached: set[str]) -> tuple[set[str], set[str]]:
    """Return the steps that certainly run or are read, and those that may be asked for by a lazy input."""
    strict = {target.node for target in graph.targets}
    lazy: set[str] = set()
    for node in reversed(needed):  # whoever uses a node comes before it
        if node.id in cached:
            continue
        if node.id in strict:
            for name, edge in node.links.items():
                (lazy if name in node.spec.lazy_inputs else strict).add(edge.node)
        elif node.id in lazy:
            lazy.update(edge.node for edge in node.links.values())
    return strict, lazy
