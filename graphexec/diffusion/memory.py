"""The pool of loaded weights: each file's live once, the least recently used give way when the budget is spent."""

from __future__ import annotations

import ctypes
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TypeVar, cast

from torch import Tensor

T = TypeVar("T")


def default_budget() -> int:
    """Half of the machine's memory in bytes, or 8 GiB where that cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 8 << 30


HEAP_BLOCK = 32 << 20
"""Bytes from which on glibc asks the system for a block and gives it back at once; smaller ones it may keep."""


def give_back() -> None:
    """Return what the C library keeps of freed memory to the system, where it is glibc.

    After weights were converted and a network has computed, that is some 200 MB beside a model of SD1.5's size.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def tensor_bytes(tensors: Iterable[Tensor]) -> int:
    """Bytes that tensors hold."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


@dataclass(slots=True)
class Entry:
    """A thing, the bytes that are its own, and the keys of what it was built from and holds."""

    thing: Any
    size: int
    parts: list[Hashable] = field(default_factory=list)


class WeightsPool:
    """Loaded things by key, under a byte budget. What a caller still holds outlives its place in the pool.

    A thing that asks for others while it is built holds them: they count as used whenever it is, and when one of them
    gives way, it does as well; else a module would keep weights in memory that the pool takes for gone. Safe to use
    from several threads; a thing is built once, the others wait.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = default_budget() if budget is None else budget
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._building: list[list[Hashable]] = []
        self._lock = RLock()

    def get(self, key: Hashable, build: Callable[[], T], size: Callable[[T], int]) -> T:
        """Return the thing of this key, built now if it is not here; `size` tells its bytes."""
        with self._lock:
            if self._building:
                self._building[-1].append(key)
            if key in self._entries:
                self._touch(key)
                return cast(T, self._entries[key].thing)
            self._building.append([])
            try:
                thing = build()
            finally:
                parts = self._building.pop()
            self._entries[key] = Entry(thing, size(thing), parts)
            self._touch(key)
            self._shrink(self.budget, keep={key, *parts})
            return thing

    def make_room(self, size: int) -> None:
        """Let the least recently used things go until `size` more bytes fit under the budget.

        The last one stays: the room is for its work, so that it is in memory whether the pool has it or not.
        """
        with self._lock:
            last = next(reversed(self._entries), None)
            self._shrink(self.budget - size, keep=set() if last is None else {last, *self._entries[last].parts})

    @property
    def held(self) -> int:
        """Bytes of everything in the pool."""
        return sum(entry.size for entry in self._entries.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def _touch(self, key: Hashable) -> None:
        """Make a thing and what it holds the most recently used, itself last."""
        if key in self._entries:
            for part in self._entries[key].parts:
                self._touch(part)
            self._entries.move_to_end(key)

    def _shrink(self, budget: int, keep: set[Hashable]) -> None:
        """Drop the least recently used things, but never those of `keep`, until the rest fits the budget."""
        for key in [key for key in self._entries if key not in keep]:
            if self.held <= budget:
                return
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        if self._entries.pop(key, None) is not None:
            for other in [other for other, entry in self._entries.items() if key in entry.parts]:
                self._drop(other)
