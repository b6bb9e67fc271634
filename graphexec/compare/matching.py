"""Which node of one workflow is which of another: by structure, then by name, then by likeness."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphexec.graph.identity import descriptions, node_digests
from graphexec.graph.outline import Outline

MOST_PAIRS = 250_000
"""Beyond this many pairs of one type, likeness is not weighed: nodes are paired in their order."""


@dataclass(slots=True)
class Matching:
    """Pairs of nodes; `old` maps from the first workflow to the second, `new` back."""

    old: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)

    def pair(self, one: str, other: str) -> None:
        """Record that two nodes are the same."""
        self.old[one] = other
        self.new[other] = one


def match(a: Outline, b: Outline) -> Matching:
    """Return the nodes that are in both workflows, changed or not; every node is in one pair at most.

    Nodes with equal surroundings on both sides come first, then those that compute the same, those of the same id and
    type, those of one type that share most inputs and links, and at last those that only share their id.
    """
    matching = Matching()
    digests = node_digests(a.nodes, a.order), node_digests(b.nodes, b.order)
    above = [descriptions(o.nodes, o.order, o.targets, below) for o, below in zip((a, b), digests, strict=True)]
    _Equal(matching, a, b, above[0], above[1]).pair_all(follow=True)
    _Equal(matching, a, b, *digests).pair_all(follow=True)
    _Equal(matching, a, b, *({id: f"{id}\0{o.nodes[id].type}" for id in o.nodes} for o in (a, b))).pair_all()
    _pair_alike(matching, a, b)
    _Equal(matching, a, b, *({id: id for id in o.nodes} for o in (a, b))).pair_all()
    return matching


@dataclass(slots=True)
class _Equal:
    """Pairs free nodes whose keys are equal, those of the same id if possible."""

    matching: Matching
    a: Outline
    b: Outline
    old_keys: Mapping[str, str]
    new_keys: Mapping[str, str]

    def pair_all(self, *, follow: bool = False) -> None:
        """Pair what can be, consumers first; with `follow`, what feeds a pair is paired along the same inputs."""
        free: dict[str, deque[str]] = {}
        for id in reversed(self.b.order):
            if id not in self.matching.new:
                free.setdefault(self.new_keys[id], deque()).append(id)
        for one in reversed(self.a.order):
            if one in self.matching.old:
                continue
            candidates = free.get(self.old_keys[one], deque())
            if self._fit(one, one):
                self._pair(one, one, follow)
            while candidates and one not in self.matching.old:
                if (other := candidates.popleft()) not in self.matching.new:
                    self._pair(one, other, follow)

    def _fit(self, one: str, other: str) -> bool:
        free = one not in self.matching.old and other not in self.matching.new
        return free and one in self.old_keys and self.old_keys[one] == self.new_keys.get(other)

    def _pair(self, one: str, other: str, follow: bool) -> None:
        waiting = [(one, other)]
        while waiting:
            one, other = waiting.pop()
            if not self._fit(one, other):
                continue
            self.matching.pair(one, other)
            if follow:
                theirs = self.b.nodes[other].links
                ours = self.a.nodes[one].links
                waiting += [(node, theirs[name][0]) for name, (node, _) in ours.items() if name in theirs]


def _pair_alike(matching: Matching, a: Outline, b: Outline) -> None:
    """Pair free nodes of one type greedily, the most alike first."""
    for ours, theirs in _free_by_type(matching, a, b).values():
        if len(ours) * len(theirs) > MOST_PAIRS:
            for pair in zip(ours, theirs):
                matching.pair(*pair)
            continue
        uses = _uses(a, ours), _uses(b, theirs)
        ranked = sorted(
            (
                (_likeness(matching, a, b, one, other, uses), i, j)
                for i, one in enumerate(ours)
                for j, other in enumerate(theirs)
            ),
            key=lambda item: (-item[0], item[1], item[2]),
        )
        for _, i, j in ranked:
            if ours[i] not in matching.old and theirs[j] not in matching.new:
                matching.pair(ours[i], theirs[j])


def _free_by_type(matching: Matching, a: Outline, b: Outline) -> Mapping[str, tuple[list[str], list[str]]]:
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for side, (outlined, taken) in enumerate(((a, matching.old), (b, matching.new))):
        for id, content in outlined.nodes.items():
            if id not in taken:
                groups.setdefault(content.type, ([], []))[side].append(id)
    return {type: group for type, group in groups.items() if group[0] and group[1]}


def _uses(outlined: Outline, wanted: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """Return, for each wanted node, the inputs that it feeds."""
    uses: dict[str, set[tuple[str, str]]] = {id: set() for id in wanted}
    for id, content in outlined.nodes.items():
        for name, (origin, _) in content.links.items():
            if origin in uses:
                uses[origin].add((id, name))
    return uses


def _likeness(
    matching: Matching,
    a: Outline,
    b: Outline,
    one: str,
    other: str,
    uses: tuple[Mapping[str, set[tuple[str, str]]], Mapping[str, set[tuple[str, str]]]],
) -> int:
    """Return how many literals, links from and links to paired nodes two nodes share; links weigh double."""
    mine, yours = a.nodes[one], b.nodes[other]
    literals = sum(
        name in yours.literals and bool(yours.literals[name] == value) for name, value in mine.literals.items()
    )
    links = sum(
        yours.links.get(name) == (matching.old.get(origin), slot) for name, (origin, slot) in mine.links.items()
    )
    fed = sum((matching.old.get(id), name) in uses[1][other] for id, name in uses[0][one])
    return literals + 2 * links + 2 * fed
