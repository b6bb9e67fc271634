"""Why each node of a plan would run or be reused: against the cache, and against what ran before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from graphexec.diagnostics.sanitize import visible
from graphexec.graph.model import GraphNode
from graphexec.plan.model import Known, Late, Plan
from graphexec.plan.reasons import Difference, Fields, differences, fields, nearest, plain

Status: TypeAlias = Literal["hit", "miss", "handle", "late", "not needed"]
Hint: TypeAlias = Callable[[Mapping[str, Any], Sequence[str]], str | None]

CANDIDATES = 200
"""Earlier steps of its type that a node is compared with, those of the latest runs."""
COMPARISONS = 100_000
"""Of all nodes together: in a very large workflow each is compared with fewer, but at least `FEWEST`."""
FEWEST = 5


class Earlier(Protocol):
    """A step of an earlier run, its recipe as JSON gives it back; `used` in seconds since 1970, `stored` when its
    result was kept.
    """

    @property
    def key(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def recipe(self) -> Mapping[str, Any]: ...
    @property
    def stored(self) -> bool: ...
    @property
    def used(self) -> float: ...


class Past(Protocol):
    """What is known of earlier runs, and where their results are."""

    def where(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the place (memory, disk, remote) of the results that are there, by key."""

    def unstored(self, key: str) -> str | None:
        """Return why the result of a step could not be stored, None when it could."""

    def made(self, key: str) -> Earlier | None:
        """Return the step of a key, if an earlier run made it."""

    def made_of(self, node_type: str, most: int) -> Sequence[Earlier]:
        """Return earlier steps of a type, those of the latest runs first."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a node runs or not. `text` says it in a line; `differences` are from the step `earlier`, made at `when`.

    `where` is the place of a hit; `hint` what else helps.
    """

    node: str
    type: str
    status: Status
    text: str
    key: str | None = None
    where: str | None = None
    differences: tuple[Difference, ...] = ()
    earlier: str | None = None
    when: float | None = None
    hint: str | None = None


def explain(plan: Plan, past: Past, hint: Hint) -> tuple[Explanation, ...]:
    """Return an explanation for every node that the targets need, in execution order.

    `hint` is asked with the literals of a node and the names of those that differ (`Hooks.hint`).
    """
    places = past.where(key.digest for key in plan.keys.values() if isinstance(key, Known))
    unneeded = frozenset(plan.pruned)
    earlier = _Candidates(past, max(FEWEST, min(CANDIDATES, COMPARISONS // max(1, len(plan.keys)))))
    return tuple(_explain(plan, id, places, id in unneeded, earlier, hint) for id in plan.keys)


class _Candidates:
    """What nodes are compared with, looked up once for each type."""

    def __init__(self, past: Past, most: int) -> None:
        self.past = past
        self._most = most
        self._found: dict[str, tuple[Sequence[Earlier], list[Fields]]] = {}

    def nearest(self, node_type: str, now: Fields) -> tuple[Earlier, Fields] | None:
        """Return the step of a type that differs least from `now`, with its fields."""
        if node_type not in self._found:
            steps = self.past.made_of(node_type, self._most)
            self._found[node_type] = steps, [fields(step.recipe) for step in steps]
        steps, known = self._found[node_type]
        place = nearest(now, known)
        return None if place is None else (steps[place], known[place])


def _explain(
    plan: Plan, id: str, places: Mapping[str, str], unneeded: bool, earlier: _Candidates, hint: Hint
) -> Explanation:
    node, key = plan.graph.nodes[id], plan.keys[id]
    if isinstance(key, Late):
        return Explanation(id, node.spec.type, "late", f"its key is known only during the run: {key.reason}")
    place = places.get(key.digest)
    if place is not None:
        return Explanation(id, node.spec.type, "hit", f"reused from {place}", key.digest, place)
    found = _compared(plan, node, key, earlier, hint)
    if unneeded:
        return _as(found, "not needed", "what it feeds is reused")
    if node.spec.handle:
        return _as(found, "handle", "made anew, cheap" + (f": {found.text}" if found.differences else ""))
    return found


def _as(found: Explanation, status: Status, text: str) -> Explanation:
    return Explanation(
        found.node, found.type, status, text, found.key, None, found.differences, found.earlier, found.when, found.hint
    )


def _compared(plan: Plan, node: GraphNode, key: Known, earlier: _Candidates, hint: Hint) -> Explanation:
    """Explain a miss: by what became of the same step, or by what differs from the nearest earlier one."""

    def missed(text: str, *differing: Difference, step: Earlier | None = None, more: str | None = None) -> Explanation:
        key_before, when = (step.key, step.used) if step is not None else (None, None)
        return Explanation(
            node.id, node.spec.type, "miss", text, key.digest, None, differing, key_before, when, more
        )  # fmt: skip

    same = earlier.past.made(key.digest)
    reason = earlier.past.unstored(key.digest)
    if reason is not None:
        return missed(f"not stored: {visible(reason)}", step=same)
    if same is not None:
        gone = "its result is no longer in the cache" if same.stored else _QUICK
        return missed(gone, step=same)
    now = fields(plain(key.recipe))
    near = earlier.nearest(node.spec.type, now)
    if near is None:
        return missed("never run before")
    step, before = near
    found = differences(now, before, _sources(plan, node))
    names = [d.field.partition(".")[2] for d in found if d.field.startswith("literals.")]
    more = hint(node.params, names) if names and len(names) == len(found) else None
    return missed("; ".join(d.text for d in found), *found, step=step, more=more)


_QUICK = "not stored: made again sooner than read back"


def _sources(plan: Plan, node: GraphNode) -> dict[str, str]:
    """Return how to name the node that each input comes from."""
    nodes = plan.graph.nodes
    return {name: visible(f"node {e.node} ({nodes[e.node].spec.type})") for name, e in node.links.items()}
