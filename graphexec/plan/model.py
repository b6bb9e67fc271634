"""The values that describe a plan: keys known or late, steps, and the lookup that the store offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from graphexec.graph.model import Graph, GraphNode


@dataclass(frozen=True, slots=True)
class Known:
    """A key computed before anything ran. `recipe` is what it was made of, for `explain`."""

    digest: str
    recipe: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Late:
    """A key that depends on a value of the run; `reason` says on which."""

    reason: str


Key: TypeAlias = "Known | Late"


class Lookup(Protocol):
    """What planning sees of a cache."""

    def __contains__(self, digest: str, /) -> bool: ...

    def known(self, digests: Iterable[str], /) -> set[str]:
        """Return those of the keys that have an entry."""


@dataclass(frozen=True, slots=True)
class Step:
    """One node to run, or to take from the cache. A `lazy` step runs only if a lazy input asks for it."""

    node: GraphNode
    key: Key
    cached: bool
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in execution order. A step whose only consumers are cached is left out (`pruned`, same order).

    `keys` has the keys of the steps and of those left out.
    """

    graph: Graph
    steps: tuple[Step, ...]
    pruned: tuple[str, ...]
    keys: Mapping[str, Key]
