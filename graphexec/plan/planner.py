"""From graph to plan: what the targets need, each step's key, and what the cache makes superfluous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphexec.graph.model import Graph
from graphexec.plan.keys import Recipes
from graphexec.plan.model import Key, Known, Lookup, Plan, Step


def make_plan(graph: Graph, recipes: Recipes, lookup: Lookup) -> Plan:
    """Return the plan for the targets of a graph.

    A target is taken from the cache when it is there, and so is whatever an uncached step needs. Steps that
    always run do so when they are targets or needed; they are never taken from the cache.
    """
    needed = _upstream(graph)
    keys: dict[str, Key] = {}
    for id in graph.order:
        if id in needed:
            keys[id] = recipes.early(graph.nodes[id], keys)
    cached = _cached(graph, keys, lookup)
    strict, lazy = _wanted(graph, cached)
    order = [id for id in graph.order if id in needed]
    steps = tuple(
        Step(graph.nodes[id], keys[id], id in cached, lazy=id not in strict)
        for id in order
        if id in strict or id in lazy
    )
    pruned = tuple(id for id in order if id not in strict and id not in lazy)
    return Plan(graph, steps, pruned, keys)


def _cached(graph: Graph, keys: Mapping[str, Key], lookup: Lookup) -> set[str]:
    """Return the nodes whose results are there, in few questions: first for the targets, which may be all it takes."""
    targets = {target.node for target in graph.targets}
    cached = _among(targets, keys, lookup)
    return cached if cached == targets else _among(keys, keys, lookup)


def _among(ids: Iterable[str], keys: Mapping[str, Key], lookup: Lookup) -> set[str]:
    digests = {id: key.digest for id in ids if isinstance(key := keys[id], Known)}
    there = lookup.known(digests.values())
    return {id for id, digest in digests.items() if digest in there}


def _upstream(graph: Graph) -> set[str]:
    """Return the targets and everything that they depend on, lazily or not."""
    needed = {target.node for target in graph.targets}
    waiting = list(needed)
    while waiting:
        for edge in graph.nodes[waiting.pop()].links.values():
            if edge.node not in needed:
                needed.add(edge.node)
                waiting.append(edge.node)
    return needed


def _wanted(graph: Graph, cached: set[str]) -> tuple[set[str], set[str]]:
    """Return the steps that certainly run or are read, and those that may be asked for by a lazy input."""
    strict: set[str] = set()
    waiting = [target.node for target in graph.targets]
    lazy_roots: list[str] = []
    while waiting:
        id = waiting.pop()
        if id not in strict:
            strict.add(id)
            if id not in cached:
                node = graph.nodes[id]
                for name, edge in node.links.items():
                    (lazy_roots if name in node.spec.lazy_inputs else waiting).append(edge.node)
    lazy: set[str] = set()
    while lazy_roots:
        id = lazy_roots.pop()
        if id not in strict and id not in lazy:
            lazy.add(id)
            if id not in cached:
                lazy_roots.extend(edge.node for edge in graph.nodes[id].links.values())
    return strict, lazy
