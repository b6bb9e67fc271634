"""What a store keeps of a step: its outputs, what it shows, and its artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from graphexec.ports import Artifact, Blobs

__all__ = ["Blobs", "Entry", "Items", "Store"]

Items = list[Any]
"""The value of one output: a list with one item for each call of the node, normally one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The result of one step. `mapped` when the node was called once for each item of a list."""

    outputs: tuple[Items, ...]
    mapped: bool = False
    ui: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    artifacts: tuple[Artifact, ...] = ()


class Store(Protocol):
    """Results by key. What is `held` stays until the end of the block."""

    def __contains__(self, digest: str, /) -> bool: ...

    def get(self, digest: str) -> Entry | None:
        """Return the entry of a key, or None."""

    def put(self, digest: str, entry: Entry, size: int) -> None:
        """Keep an entry of `size` bytes."""

    def held(self, digests: frozenset[str]) -> AbstractContextManager[None]:
        """Keep these entries for the duration of a run."""
