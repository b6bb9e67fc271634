"""What is worth a place on disk: what takes longer to make again than to read back (ADR 21)."""

from __future__ import annotations

from dataclasses import dataclass

from graphexec.store.model import Entry, Making


@dataclass(frozen=True, slots=True)
class Worth:
    """The cost of reading an entry back: `fixed` seconds, and `rate` bytes a second."""

    fixed: float = 0.001
    rate: float = 500e6

    def stores(self, entry: Entry, size: int, making: Making) -> bool:
        """Whether to store an entry of about `size` bytes. Targets and files of output nodes always are."""
        if making.handle:
            return False
        return making.wanted or bool(entry.artifacts) or making.cost >= self.fixed + size / self.rate


ALL = Worth(0.0, float("inf"))
"""Stores whatever can be stored."""
