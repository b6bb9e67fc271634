"""What is different between two workflows: nodes added, removed and changed, targets, and what would run again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphexec.compare.matching import Matching, match
from graphexec.document.model import Link
from graphexec.graph.identity import Content, node_digests
from graphexec.graph.order import needed_by
from graphexec.graph.outline import Outline

ABSENT = object()
"""Stands for the value of an input that a node does not have."""

Held: TypeAlias = Any
"""What an input holds: a `Link` by index, a literal, or `ABSENT`."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """One input of a node that is in both workflows."""

    name: str
    old: Held
    new: Held


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node that is in both workflows and not the same. Ids may differ: they are no change by themselves."""

    old_id: str
    new_id: str
    inputs: tuple[InputChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What turns workflow `old` into `new`. `added` and `removed` are ids, `targets` what is computed, if it differs.

    `again` are the nodes of `new` that nothing in `old` has computed, in the order in which they would run; `needed`
    counts the nodes that its targets need.
    """

    old: Outline
    new: Outline
    matching: Matching
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[NodeChange, ...]
    targets: tuple[tuple[str, ...], tuple[str, ...]] | None
    again: tuple[str, ...]
    needed: int

    @property
    def equal(self) -> bool:
        """Whether both workflows mean the same."""
        return not (self.added or self.removed or self.changed or self.targets)


def compare(old: Outline, new: Outline, keys: tuple[Mapping[str, str], Mapping[str, str]] | None = None) -> Comparison:
    """Return the differences. `keys` are cache keys of the nodes of both, for those that have one before a run.

    Without keys, and for nodes without one, what runs again is told by structure.
    """
    matching = match(old, new)
    if old.digest == new.digest:
        changed: list[NodeChange] = []
    else:
        changed = [
            change
            for one in old.nodes
            if (other := matching.old.get(one)) is not None and (change := _change(matching, old, new, one, other))
        ]
    wanted = needed_by([target.node for target in new.targets], _upstream(new))
    fresh = _fresh(old, new, keys)
    return Comparison(
        old=old,
        new=new,
        matching=matching,
        added=tuple(id for id in new.nodes if id not in matching.new),
        removed=tuple(id for id in old.nodes if id not in matching.old),
        changed=tuple(changed),
        targets=_targets(matching, old, new),
        again=tuple(id for id in new.order if id in wanted and id in fresh),
        needed=sum(id in wanted for id in new.nodes),
    )


def _upstream(outlined: Outline) -> dict[str, list[str]]:
    return {
        id: [node for node, _ in content.links.values() if node in outlined.nodes]
        for id, content in outlined.nodes.items()
    }


def _fresh(old: Outline, new: Outline, keys: tuple[Mapping[str, str], Mapping[str, str]] | None) -> Collection[str]:
    known = set(node_digests(old.nodes, old.order).values())
    fresh = {id for id, digest in node_digests(new.nodes, new.order).items() if digest not in known}
    if keys is None:
        return fresh
    computed = set(keys[0].values())
    return {id for id in new.nodes if (keys[1][id] not in computed if id in keys[1] else id in fresh)}


def _change(matching: Matching, a: Outline, b: Outline, one: str, other: str) -> NodeChange | None:
    mine, yours = held(a.nodes[one]), held(b.nodes[other])
    inputs = []
    for name in (*mine, *(name for name in yours if name not in mine)):
        was, now = mine.get(name, ABSENT), yours.get(name, ABSENT)
        same = _same(was, now)
        if isinstance(was, Link) and isinstance(now, Link):
            same = (matching.old.get(was.node), was.output) == (now.node, now.output)
        if not same:
            inputs.append(InputChange(name, was, now))
    if not inputs and a.nodes[one].type == b.nodes[other].type:
        return None
    return NodeChange(one, other, tuple(inputs))


def held(content: Content) -> dict[str, Held]:
    """Return what each input of a node holds; graphexec's own settings are named with a dot in front."""
    links = {name: Link(node, slot) for name, (node, slot) in content.links.items()}
    return {**content.literals, **links, **{f".{name}": value for name, value in content.settings.items()}}


def _same(one: Held, other: Held) -> bool:
    """Whether two values are the same, 1, 1.0 and true being three."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    return bool(one == other)


def _targets(matching: Matching, a: Outline, b: Outline) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the targets of both where they differ; without any of their own, outputs come and go as nodes."""
    if not (a.document.targets or b.document.targets):
        return None
    mine = {(matching.old.get(target.node), target.slot) for target in a.targets}
    if mine == {(target.node, target.slot) for target in b.targets}:
        return None
    return _written(a), _written(b)


def _written(outlined: Outline) -> tuple[str, ...]:
    return tuple(t.node if t.slot is None else f"{t.node}:{t.slot}" for t in outlined.targets)
