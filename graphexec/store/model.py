"""What a store keeps of a step: its outputs, what it shows, its artifacts, and how it came about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from graphexec.ports import Artifact, Blobs

__all__ = ["Blobs", "Entry", "Items", "Making", "Store", "Warn"]

Items: TypeAlias = Sequence[Any]
"""The value of one output: one item for each call of the node, normally one. May be decoded when it is read."""

Warn: TypeAlias = Callable[[str], None]


_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """The result of one step. `mapped` when the node was called once for each item of a list.

    `digests` are those of the values by slot, as far as they are known without decoding them.
    """

    outputs: tuple[Items, ...]
    mapped: bool = False
    ui: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    artifacts: tuple[Artifact, ...] = ()
    digests: Mapping[int, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Making:
    """How an entry came about: what `explain` compares, and what decides whether it is worth a place on disk.

    `seconds` is the time in the node's own code, `cost` with that of upstream steps that are not stored. What is
    `wanted` (a target) is stored whatever it costs; what is `handle` never is.
    """

    node_type: str
    recipe: Mapping[str, Any]
    seconds: float = 0.0
    cost: float = 0.0
    wanted: bool = False
    handle: bool = False


class Store(Protocol):
    """Results by key. What is `held` stays until the end of the block."""

    def __contains__(self, digest: str, /) -> bool: ...

    def known(self, digests: Iterable[str], /) -> set[str]:
        """Return those of the keys that have an entry."""

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key, or None."""

    def put(self, digest: str, entry: Entry, size: int, making: Making | None = None) -> bool:
        """Keep an entry of `size` bytes; whether it will outlive the process."""

    def held(self, digests: frozenset[str]) -> AbstractContextManager[None]:
        """Keep these entries for the duration of a run."""
