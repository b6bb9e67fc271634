"""Cells whose sampler differs only in the seed, sampled as one batch; their keys say so (ADR 18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from graphexec.document.overrides import SEED_INPUTS
from graphexec.graph.model import Graph, GraphNode
from graphexec.hashing import digest
from graphexec.plan.model import Known, Plan


@dataclass(frozen=True, slots=True)
class Batchable:
    """A sampler apart from its seed: the node, the input of its seed, and a digest of all else it depends on."""

    node: str
    input: str
    family: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Seeds of one sampler that are sampled together, in the order of the cells."""

    sampler: Batchable
    seeds: tuple[int, ...]


Seeded = tuple[tuple[Batchable, int], ...]
"""The samplers of a cell that could be batched, with their seeds."""


def seeded(plan: Plan) -> Seeded:
    """Return the samplers of a plan that compute several seeds together if they are asked to."""
    return tuple(_seeded(plan))


def _seeded(plan: Plan) -> Iterator[tuple[Batchable, int]]:
    for id, key in plan.keys.items():
        node = plan.graph.nodes[id]
        names = SEED_INPUTS & node.params.keys()
        if node.spec.together is None or not isinstance(key, Known) or len(names) != 1:
            continue
        (name,) = names
        others = {input: value for input, value in node.params.items() if input != name}
        family = digest("family", [node.spec.type, node.spec.version, others, dict(key.recipe["links"])])
        yield Batchable(id, name, family), node.params[name]


def batches(cells: Iterable[tuple[int, Seeded]], size: int) -> dict[int, tuple[Batch, ...]]:
    """Return the batches that each cell, by number, takes part in: up to `size` seeds that follow one another.

    They depend on the cells alone, not on what is done or cached: a sweep that goes on has the same ones.
    """
    cells = list(cells)
    seeds: dict[Batchable, dict[int, None]] = {}
    for _, samplers in cells:
        for sampler, seed in samplers:
            seeds.setdefault(sampler, {})[seed] = None
    made: dict[tuple[Batchable, int], Batch] = {}
    for sampler, known in seeds.items():
        ordered = list(known)
        for start in range(0, len(ordered), size):
            batch = Batch(sampler, tuple(ordered[start : start + size]))
            if len(batch.seeds) > 1:
                made |= {(sampler, seed): batch for seed in batch.seeds}
    return {number: found for number, s in cells if (found := tuple(made[at] for at in s if at in made))}


class Batched:
    """Makes graphs whose samplers compute a batch, and keeps what it gave until each cell has taken its part."""

    def __init__(self, batches: Mapping[int, Sequence[Batch]]) -> None:
        self._batches = batches
        self._results: dict[tuple[Batch, int], Any] = {}

    def graph(self, graph: Graph, cell: int) -> Graph:
        """Return the graph of a cell with batched samplers; only their specs differ, whose versions name the batch."""
        mine = {batch.sampler.node: batch for batch in self._batches.get(cell, ())}
        if not mine:
            return graph
        nodes = {id: self._part(node, mine[id]) if id in mine else node for id, node in graph.nodes.items()}
        return replace(graph, nodes=MappingProxyType(nodes))

    def _part(self, node: GraphNode, batch: Batch) -> GraphNode:
        together = node.spec.together
        if together is None:
            raise TypeError(f"{node.spec.type} cannot be batched")

        def call(context: Any, **inputs: Any) -> Any:
            seed = inputs.pop(batch.sampler.input)
            if (batch, seed) not in self._results:
                outputs = together(context, batch.seeds, **inputs)
                self._results |= {(batch, one): output for one, output in zip(batch.seeds, outputs, strict=True)}
            return self._results.pop((batch, seed))

        version = f"{node.spec.version}, in a batch of seeds {', '.join(map(str, batch.seeds))}"
        return replace(node, spec=replace(node.spec, version=version, function=call))
