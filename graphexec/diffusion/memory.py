"""The pool of loaded weights: each file's live once, the least recently used give way when the budget is spent."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
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


def tensor_bytes(tensors: Iterable[Tensor]) -> int:
    """Bytes that tensors hold."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class WeightsPool:
    """Loaded things by key, under a byte budget. What a caller still holds outlives its place in the pool.

    Safe to use from several threads; a thing is built once, the others wait.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = default_budget() if budget is None else budget
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = RLock()

    def get(self, key: Hashable, build: Callable[[], T], size: Callable[[T], int]) -> T:
        """Return the thing of this key, built now if it is not here; `size` tells its bytes."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return cast(T, self._entries[key][0])
            thing = build()
            self._entries[key] = (thing, size(thing))
            self._shrink(keep=key)
            return thing

    @property
    def held(self) -> int:
        """Bytes of everything in the pool."""
        return sum(size for _, size in self._entries.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def _shrink(self, keep: Hashable) -> None:
        """Drop the least recently used things, but never `keep`, until the rest fits the budget."""
        held = self.held
        for key in [key for key in self._entries if key != keep]:
            if held <= self.budget:
                return
            held -= self._entries.pop(key)[1]
